"""The documentation site is built strictly: a link that leads nowhere, wherever it should lead, ends the build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import site_links

TOP = Path(__file__).parents[2]


def build(top: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", *more],
        cwd=top,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The repository with a `docs/` that may be changed."""
    for entry in TOP.iterdir():
        if entry.name == "docs":
            shutil.copytree(entry, tmp_path / entry.name)
        elif entry.name not in (".git", "build"):
            (tmp_path / entry.name).symlink_to(entry)
    return tmp_path


@pytest.mark.slow
def test_the_site_is_built_and_needs_no_network(tmp_path: Path) -> None:
    built = build(TOP, "--site-dir", str(tmp_path))
    pages = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.html")]
    loaded = {each for page in pages for each in re.findall(r"<(?:script|link|img)[^>]*https?://[^>]*>", page)}

    assert (0, False) == (built.returncode, "WARNING" in built.stderr), built.stderr
    assert len(pages) > 30
    assert set() == loaded


@pytest.mark.slow
def test_what_leads_nowhere_ends_the_build(copy: Path) -> None:
    faults = ["[a](nowhere.md)", "[b](../nowhere.py)", "[c](cluster.md#nowhere)"]
    with (copy / "docs" / "limits.md").open("a", encoding="utf-8") as page:
        page.write("\n".join(faults))
    (copy / "docs" / "forgotten.md").write_text("# Not in the navigation\n", encoding="utf-8")
    built = build(copy)

    assert 1 == built.returncode
    assert [] == [each for each in ("nowhere.md", "nowhere.py", "#nowhere", "forgotten.md") if each not in built.stderr]


@pytest.mark.parametrize(
    ("page", "text", "expected"),
    [
        ("docs/a.md", "[x](b.md#c)", "[x](b.md#c)"),
        ("docs/a.md", "[x](../CONTRIBUTING.md)", "[x](repository/CONTRIBUTING.md)"),
        ("docs/decisions/a.md", "[x](../../tools/b.py)", "[x](../repository/tools/b.py)"),
        ("README.md", "![x](docs/a.svg)", "![x](../a.svg)"),
        ("benchmarks/README.md", "[x](../docs/a.md)", "[x](../../a.md)"),
        ("docs/a.md", "[x](https://b.example/c.md) [y](#z)", "[x](https://b.example/c.md) [y](#z)"),
    ],
)
def test_a_link_leads_where_its_target_is_in_the_site(page: str, text: str, expected: str) -> None:
    assert expected == site_links.rewritten(text, page)
