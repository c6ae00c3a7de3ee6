"""How a command ends: the exit codes, and the errors that carry one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any, ClassVar

import click

from rayfence.cli import console

NO = 1
WRONG_INPUT = 2
UNDECIDED = 3
INTERRUPTED = 130


class _Ending(click.ClickException):
    """An error whose lines are printed on stderr unchanged."""

    def show(self, file: IO[Any] | None = None) -> None:
        console.say(self.message)


class WrongInput(_Ending):
    """The input of the command is wrong. The message says where, what is wrong, and what to do."""

    exit_code: ClassVar[int] = WRONG_INPUT


class Undecided(_Ending):
    """There is no result, because a program or a cluster is missing."""

    exit_code: ClassVar[int] = UNDECIDED


def refusal(problems: Iterable[object], consequence: str) -> WrongInput:
    """All problems, each on a line of its own, and what did not happen because of them."""
    lines = [str(problem) for problem in problems]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return WrongInput("\n".join([*lines, f"{count}; {consequence}"]))


def spoken(error: OSError) -> str:
    """`error: policies/x.yaml: permission denied`."""
    places = " -> ".join(str(place) for place in (error.filename, error.filename2) if place is not None)
    reason = (error.strerror or str(error) or type(error).__name__).lower()
    return f"error: {places}: {reason}" if places else f"error: {reason}"
