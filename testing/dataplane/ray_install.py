"""The folder of a pinned Ray: the one in the cache, or one installed there now."""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dataplane.machine import CannotRun

_PINS = Path(__file__).resolve().parent / "requirements.txt"
_SECONDS = 1200


def installed(say: Callable[[str], None]) -> Path:
    """A virtual environment with Ray and nothing of rayfence. Raises CannotRun."""
    folder = _cache() / f"ray-{sys.implementation.cache_tag}-{hashlib.sha256(_PINS.read_bytes()).hexdigest()[:12]}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # A virtual environment cannot be moved, so it is made in place, and counts when this file is in it.
        whole, python = folder / "whole", folder / "bin" / "python"
        # The interpreter is a link, which an update of Python may have left pointing nowhere.
        if not (whole.exists() and python.exists()):
            say(f"installing Ray into {folder} (once; 400 MB, about a minute)")
            _run(sys.executable, "-m", "venv", "--clear", str(folder))
            _run(str(python), "-m", "pip", "install", "--quiet", "--requirement", str(_PINS))
            whole.touch()
    return folder


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        raise CannotRun(f"Ray could not be installed: it took more than {_SECONDS} s") from None
    if done.returncode:
        version = "{}.{}".format(*sys.version_info)
        said = "; ".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-3:])
        raise CannotRun(f"Ray could not be installed for Python {version}: {said}")


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "rayfence"
