"""How the tests of pages come by a browser: found, installed where that may be, or told what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import browser

APT = """#!/bin/sh
echo "$@" >> "{place}/asked"
[ "$2" = install ] && printf '#!/bin/sh\\necho Chromium 1.2\\n' > "{place}/chromium" && {chmod} +x "{place}/chromium"
true
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH, on a machine that has no browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "MAC", str(tmp_path / "none"))
    return tmp_path


def program(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


def test_a_browser_on_the_path_is_found(place, capsys):
    program(place / "google-chrome", "#!/bin/sh\necho Google Chrome 1.2\n")
    browser.main()

    assert f"Google Chrome 1.2: {place / 'google-chrome'}\n" == capsys.readouterr().out


def test_a_stand_in_that_does_not_start_is_passed_over(place):
    program(place / "chromium-browser", "#!/bin/sh\necho install the snap >&2\nexit 1\n")
    program(place / "google-chrome", "#!/bin/sh\necho Google Chrome 1.2\n")

    assert place / "google-chrome" == browser.find()


def test_no_browser_and_no_way_to_install_one_is_three(place, capsys):
    with pytest.raises(SystemExit) as ended:
        browser.main()

    assert (3, f"{browser.ADVICE}\n") == (ended.value.code, capsys.readouterr().err)


@pytest.mark.parametrize(
    ("user", "asked"),
    [(0, ["--quiet=2 update", "--quiet=2 install --yes --no-install-recommends chromium"]), (1000, [])],
)
def test_only_root_installs_one(place, monkeypatch, user, asked):
    program(place / "apt-get", APT.format(place=place, chmod="/bin/chmod"))
    monkeypatch.setattr("os.geteuid", lambda: user)
    browser.install()

    assert asked == ((place / "asked").read_text().splitlines() if asked else [])
    assert (place / "chromium" if asked else None) == browser.find()
