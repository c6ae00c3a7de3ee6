"""Output: results on stdout, everything else on stderr; progress bars and colour on terminals only."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

WIDTH_OF_A_PIPE = 100


def answer(text: str) -> None:
    """Lines on stdout, with what could move a cursor made visible."""
    _show(_lines(text))


def deliver(text: str, output: Path | None, summary: str, *, for_people: bool) -> None:
    """Writes a report with its line break to stdout or into a file. Formats for programs are always UTF-8."""
    if output is not None:
        output.write_bytes(text.encode())
        say(f"wrote {output}: {summary}")
    elif for_people:
        _show(text)
    else:
        _write(sys.stdout, text.encode())


def say(text: str) -> None:
    """Lines on stderr, with what could move a cursor made visible."""
    _write(sys.stderr, _lines(text).encode(sys.stderr.encoding or "utf-8", "backslashreplace"))


def colourful() -> bool:
    """Whether answers may have colour."""
    return _moving(sys.stdout) and not os.environ.get("NO_COLOR")


def answerable() -> bool:
    """Whether stdin is a terminal, so that a user can answer."""
    return sys.stdin.isatty()


def is_read() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout.isatty()


def width() -> int:
    """Columns for an answer."""
    return shutil.get_terminal_size().columns if is_read() else WIDTH_OF_A_PIPE


@contextmanager
def activity(*, quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Shows sentences about progress: lines on stderr, and on a terminal a spinner with the elapsed time.

    `quiet` shows only the spinner, for sentences that no user needs afterwards.
    """
    if not _moving(sys.stderr):
        yield (lambda sentence: None) if quiet else say
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    said: list[str] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task("", total=None, visible=False)

        def now(sentence: str) -> None:
            if not quiet:
                said.append(sentence)
            shown.update(task, description=sentence, visible=True)

        yield now
    if said:
        say("\n".join(said))


@contextmanager
def bar(description: str) -> Iterator[Callable[[int, int], None]]:
    """Takes how much is done and how much there is in all, and shows it on a terminal."""
    if not _moving(sys.stderr):
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(description, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _lines(text: str) -> str:
    return "".join(f"{_visible(line)}\n" for line in text.split("\n"))


def _visible(line: str) -> str:
    if line.isprintable():
        return line
    from rayfence.model.outcome import visible

    return visible(line)


def _show(text: str) -> None:
    """Text on stdout in whatever encoding that has; what it cannot hold is spelled `\\xe9`."""
    _write(sys.stdout, text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def _moving(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _write(stream: TextIO, encoded: bytes) -> None:
    """All of it, at once. A reader who has gone, like `head`, is no error; a full disk is."""
    try:
        stream.flush()
        stream.buffer.write(encoded)
        stream.buffer.flush()
    except OSError as error:
        # What is left in the buffer would be tried again at exit, and fail there with another exit code.
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        if not isinstance(error, BrokenPipeError):
            raise
