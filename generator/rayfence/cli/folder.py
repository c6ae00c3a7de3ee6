"""The folder of a bundle on disk: what is in it, how it differs from the wanted files, and its atomic replacement."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Files = Iterable[tuple[str, bytes]]
"""Path below the folder, and what belongs into that file: one at a time, since all of them may be much."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How many files belong there, and paths below the folder, each kind in order."""

    files: int
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed)


def paths(folder: Path) -> dict[str, bool]:
    """Whatever is in the folder and below, and whether it is a plain file; nothing where there is no folder."""
    return dict(_below(folder, "")) if os.path.lexists(folder) else {}


def compare(folder: Path, wanted: Files) -> Difference:
    """The changes that turn the folder into `wanted`."""
    found = paths(folder)
    same, added, changed = 0, [], []
    for path, content in wanted:
        if path not in found:
            added.append(path)
        elif found.pop(path) and _holds(f"{folder}/{path}", content):
            same += 1
        else:
            changed.append(path)
    files = same + len(added) + len(changed)
    return Difference(files, *(tuple(sorted(kind)) for kind in (added, changed, found)))


def replace(folder: Path, wanted: Files) -> Difference:
    """Make the folder hold exactly these files. Whatever happens on the way, it is the old one or the new one.

    They are all written aside first; where nothing differs, that is all that happens.
    """
    target = Path(os.path.realpath(folder))
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.building-", dir=target.parent) as aside:
        new = Path(aside, "new")
        difference = compare(target, _written(new, wanted))
        if difference:
            with _uninterrupted():
                _swap(target, new, Path(aside, "old"))
    return difference


def _below(folder: str | Path, prefix: str) -> Iterator[tuple[str, bool]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            path = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, f"{path}/")
            else:
                yield path, entry.is_file(follow_symlinks=False)


def _holds(path: str, content: bytes) -> bool:
    with open(path, "rb") as file:
        return file.read() == content


def _written(folder: Path, wanted: Files) -> Iterator[tuple[str, bytes]]:
    """The same files, each once it is written."""
    for path, content in wanted:
        os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
        with open(f"{folder}/{path}", "wb") as file:
            file.write(content)
        yield path, content


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
