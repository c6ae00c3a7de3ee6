"""Folders of their own for a namespace's processes: /tmp and /dev/shm empty and in memory, what must be seen kept."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

_EMPTY = ("/dev/shm", "/tmp")


def replace(keep: Sequence[str]) -> None:
    """Mount an empty tmpfs over each; what is named by `keep` and lies under one stays where it is.

    A clone of the repository, or a virtual environment, may well lie in /tmp.
    """
    for number, target in enumerate(_EMPTY):
        kept = [path for path in keep if Path(path).is_relative_to(target)]
        aside = Path(f"/mnt/{number}")
        if kept:
            _mount("-t", "tmpfs", "kept", "/mnt")
        for index, path in enumerate(kept):
            (aside / str(index)).mkdir(parents=True)
            _mount("--bind", path, str(aside / str(index)))
        _mount("-t", "tmpfs", "-o", "mode=1777", "pod", target)
        for index, path in enumerate(kept):
            Path(path).mkdir(parents=True, exist_ok=True)
            _mount("--bind", str(aside / str(index)), path)
        if kept:
            subprocess.run(["umount", "--recursive", "/mnt"], check=True)


def put(path: str, text: str) -> None:
    """Show a file of this text at `path`, where there must be one, to this mount namespace alone."""
    mine = Path("/dev/shm") / path.strip("/").replace("/", "-")
    mine.write_text(text)
    _mount("--bind", str(mine), path)


def _mount(*words: str) -> None:
    subprocess.run(["mount", *words], check=True)
