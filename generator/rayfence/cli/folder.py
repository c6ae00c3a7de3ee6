"""A bundle's folder on disk: what is in it, how that differs from what belongs there, its replacement in one stroke."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Contents = Mapping[str, bytes | None]
"""Path below the folder -> what is in the file; None for what is no plain file."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Paths below the folder, each kind in order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def contents(folder: Path) -> dict[str, bytes | None]:
    """Everything in the folder and below; nothing where there is no folder."""
    return dict(_below(folder, "")) if os.path.lexists(folder) else {}


def compare(found: Contents, wanted: Mapping[str, bytes]) -> Difference:
    """What it takes to turn `found` into `wanted`."""
    return Difference(
        added=tuple(sorted(wanted.keys() - found.keys())),
        changed=tuple(sorted(path for path in wanted.keys() & found.keys() if found[path] != wanted[path])),
        removed=tuple(sorted(found.keys() - wanted.keys())),
    )


def replace(folder: Path, wanted: Mapping[str, bytes]) -> None:
    """Make the folder hold exactly these files. Whatever happens on the way, it is the old one or the new one."""
    target = Path(os.path.realpath(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.building-", dir=target.parent) as aside:
        new = Path(aside, "new")
        _write(new, wanted)
        with _uninterrupted():
            _swap(target, new, Path(aside, "old"))


def _below(folder: str | Path, prefix: str) -> Iterator[tuple[str, bytes | None]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, f"{path}/")
            elif entry.is_file(follow_symlinks=False):
                with open(entry.path, "rb") as file:
                    yield path, file.read()
            else:
                yield path, None


def _write(folder: Path, wanted: Mapping[str, bytes]) -> None:
    for below in sorted({os.path.dirname(path) for path in wanted} | {""}):
        (folder / below).mkdir(parents=True, exist_ok=True)
    for path, content in wanted.items():
        with open(f"{folder}/{path}", "wb") as file:
            file.write(content)


def _swap(target: Path, new: Path, old: Path) -> None:
    """`new` takes the place of `target`, which becomes `old`; on an error all is as it was."""
    if target.exists():
        target.rename(old)
    try:
        new.rename(target)
    except OSError:
        if old.exists() and not target.exists():
            old.rename(target)
        raise


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C and a polite kill wait until the end of this."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
