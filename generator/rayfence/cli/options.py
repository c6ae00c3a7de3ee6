"""Options that several commands share, and the values that they resolve to."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import click

from rayfence import tenants
from rayfence.backends import BACKENDS
from rayfence.cli import console
from rayfence.cli.exits import Undecided, refusal
from rayfence.gotool import KYVERNO, Found, GoTool, ToolMissing, find
from rayfence.model.config import Config

F = TypeVar("F", bound=Callable[..., Any])

TENANTS = "tenants"


class OneOf(click.ParamType):  # type: ignore[type-arg]  # click before 8.4 has no type argument
    """One of a few words. For any other, the error lists them, or suggests the one that was probably meant."""

    name = "word"

    def __init__(self, words: Collection[str], *before: str) -> None:
        self._words, self._before = words, before

    @property
    def words(self) -> tuple[str, ...]:
        """All of them, as they are now."""
        return (*self._before, *self._words)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word itself."""
        if value in self.words:
            return str(value)
        close = get_close_matches(str(value), self.words, n=1)
        guess = f"did you mean {close[0]}?" if close else f"write {' or '.join(self.words)}"
        return self.fail(f"there is no {value}; {guess}", param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context | None = None) -> str:
        """`text|json`."""
        return "|".join(self.words)


tenants_option = click.option(
    "--tenants",
    "folders",
    multiple=True,
    default=(TENANTS,),
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder with the tenant config. Repeatable.",
)
backend_option = click.option(
    "--backend",
    "backends",
    multiple=True,
    default=lambda: tuple(BACKENDS),
    show_default="all",
    type=OneOf(BACKENDS),
    help="Kind of policy. Repeatable.",
)
output_option = click.option(
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    callback=lambda ctx, param, value: _writable(value),
    help="Write the report to this file instead of stdout.",
)
jobs_option = click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    default=lambda: _cores(),
    show_default="number of CPU cores",
    help="Number of engine processes that run in parallel.",
)


def cluster_options(command: F) -> F:
    """`--kubeconfig` and `--context`, as kubectl has them."""
    kubeconfig = click.option(
        "--kubeconfig", metavar="FILE", help="Kubeconfig file. Default: the one that kubectl uses."
    )
    context = click.option("--context", metavar="NAME", help="Context of the kubeconfig. Default: the current one.")
    return kubeconfig(context(command))


def format_option(words: Sequence[str]) -> Callable[[F], F]:
    """`--format`, of which the first word is the default."""
    return click.option(
        "--format", "format", type=OneOf(words), default=words[0], show_default=True, help="Output format."
    )


def configuration(folders: Sequence[Path], consequence: str) -> Config:
    """The config in these folders. Raises WrongInput with all its problems and the consequence for the command."""
    try:
        return tenants.load(folders)
    except tenants.ConfigError as error:
        raise refusal(error.problems, consequence) from None


def engine(tool: GoTool = KYVERNO) -> Found:
    """A policy engine, built now if it is missing. Raises Undecided with what to do."""
    try:
        with console.activity() as progress:
            found = find(tool, progress)
    except ToolMissing as missing:
        raise Undecided(f"error: {missing}") from None
    if found.warning:
        console.say(f"warning: {found.warning}")
    return found


def _writable(output: Path | None) -> Path | None:
    """Checks the path at once, because the report may be ready only minutes later."""
    if output is not None and not output.parent.is_dir():
        raise click.BadParameter(f"there is no folder {output.parent}; make it first")
    if output is not None and output.is_dir():
        raise click.BadParameter(f"{output} is a folder; name a file")
    return output


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
