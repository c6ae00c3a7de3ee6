"""Finds the Chromium or Chrome of this machine, for tests that look at a page as its readers do.

`python3 tools/browser.py` prints its path. If there is none, it installs one with apt-get, if that is possible.
Otherwise it says what to do and exits with code 3.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
ADVICE = (
    "no Chromium and no Chrome was found; the tests marked `browser` need one. On Debian: apt-get install chromium. "
    "Elsewhere install Google Chrome, or leave these tests out: python3 tools/dev.py test --no-browser"
)


def find() -> "Path | None":
    """The first browser on PATH, or where macOS has it, that can say its version."""
    places = [*filter(None, map(shutil.which, NAMES)), *([MAC] if Path(MAC).exists() else [])]
    return next((Path(place) for place in places if version(place)), None)


def version(place: "str | Path") -> str:
    """What a browser calls itself; nothing where it does not start, as Ubuntu's stand-in for a snap."""
    try:
        asked = subprocess.run([place, "--version"], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


def install() -> None:
    """Debian's Chromium by apt-get, if that is here and we are root; what goes wrong is for `find` to see."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    print("no browser yet: apt-get install chromium", flush=True)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (("update",), ("install", "--yes", "--no-install-recommends", "chromium")):
        subprocess.run(["apt-get", "--quiet=2", *words], env=quiet, stdout=subprocess.DEVNULL, timeout=900, check=False)


def main() -> None:
    """Find it, or install it and find it then."""
    found = find()
    if found is None:
        install()
        found = find()
    if found is None:
        print(ADVICE, file=sys.stderr)
        sys.exit(3)
    print(f"{version(found)}: {found}")


if __name__ == "__main__":
    main()
