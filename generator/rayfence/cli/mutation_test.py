"""`rayfence mutation-test`: policies broken on purpose; which of it do the test cases notice?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from rayfence import cases, mutation, suite
from rayfence.backends import BACKENDS, DEFAULT
from rayfence.cli import console
from rayfence.cli.exits import NO, Undecided
from rayfence.cli.options import OneOf, configuration, engine, jobs_option, output_option, tenants_option
from rayfence.cli.test import TESTCASES, written
from rayfence.kyverno import EngineError
from rayfence.mutation import Fate


@click.command("mutation-test")
@tenants_option
@click.option(
    "--testcases",
    "places",
    multiple=True,
    default=(TESTCASES,),
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where the cases are; may be given several times.",
)
@click.option("--no-derived", is_flag=True, help="Leave out the cases that rayfence derives from rules and tenants.")
@click.option("--backend", type=OneOf(BACKENDS), default=DEFAULT, show_default=True, help="Whose policies.")
@click.option("--most", type=click.IntRange(1), metavar="N", help="Try N mutants, taken evenly from all there are.")
@click.option("--format", type=OneOf(["text", "json"]), default="text", show_default=True, help="How to answer.")
@output_option
@jobs_option
def command(
    folders: tuple[Path, ...],
    places: tuple[Path, ...],
    no_derived: bool,
    backend: str,
    most: int | None,
    format: str,
    output: Path | None,
    jobs: int,
) -> None:
    """Break the policies on purpose, one thing at a time, and list what no test case notices.

    A rule is dropped, a kind, an operation; a comparison is flipped, a bound moved by one unit; Enforce becomes Audit;
    a NetworkPolicy is opened. A mutant that survives is a hole that your test cases would not see; those that no object
    can tell from the policy are listed apart, each with the reason. Run it after you changed testcases/, to see whether
    they still guard anything.

    \b
    Examples:
      rayfence mutation-test --most 100
      rayfence mutation-test --backend gatekeeper
      rayfence mutation-test --testcases testcases/limit-resources --no-derived --most 50
      rayfence mutation-test --format json --output mutants.json

    \b
    Exit codes:
      0  every mutant was noticed, but for those that are equivalent
      1  at least one was not
      2  the tenant config or a case is wrong, or there are no cases
      3  the engine is missing or does not answer
    """
    config = configuration(folders, "nothing was tried")
    chosen = written(places) + (() if no_derived else cases.derived(config))
    found = engine(suite.tool_of(backend))
    try:
        with console.bar("breaking policies") as progress:
            fates = mutation.run(config, chosen, backend, found.path, jobs=jobs, most=most, progress=progress)
    except EngineError as error:
        raise Undecided(f"error: {error}") from None
    answer = _json(fates) if format == "json" else text(fates)
    console.deliver(answer, output, summary(fates), for_people=format == "text")
    raise click.exceptions.Exit(NO if any(fate.word == "survived" for fate in fates) else 0)


def text(fates: Sequence[Fate]) -> str:
    """A line for each mutant of which there is something to say, and the summary."""
    return "\n".join([*filter(None, map(_remark, fates)), summary(fates)]) + "\n"


def _remark(fate: Fate) -> str:
    """What there is to say of a mutant, '' where it was noticed as it should be."""
    where, name, known = f"{fate.mutant.file}:{fate.line}", fate.mutant.name, fate.known
    match fate.word:
        case "survived":
            return f"{where}: survived: {name}"
        case "equivalent" if known:
            return f"{where}: equivalent: {name}: {known.why}"
        case "elsewhere" if known:
            return f"{where}: noticed elsewhere, by {known.test}: {name}: {known.why}"
        case "killed" if known and not known.test:
            return f"{where}: noticed, though said to be equivalent: {name}: {fate.by}"
        case _:
            return ""


def _counts(fates: Sequence[Fate]) -> dict[str, int]:
    words = [fate.word for fate in fates]
    return {"mutants": len(fates), **{word: words.count(word) for word in _WORDS}}


_WORDS = {"killed": "noticed", "elsewhere": "noticed elsewhere", "equivalent": "equivalent", "survived": "survived"}
"""What becomes of a mutant, and what people read."""


def summary(fates: Sequence[Fate]) -> str:
    """How many of each fate there are."""
    counts = _counts(fates)
    told = [
        f"{counts[word]} {shown}" for word, shown in _WORDS.items() if counts[word] or word in ("killed", "survived")
    ]
    return f"{len(fates)} mutants: {', '.join(told)}"


def _json(fates: Sequence[Fate]) -> str:
    mutants = [
        {
            "file": fate.mutant.file,
            "line": fate.line,
            "mutant": fate.mutant.name,
            "rule": fate.mutant.rule,
            "killed": fate.word == "killed",
            "fate": fate.word,
            "by": fate.by or (fate.known.test if fate.known else ""),
            "why": fate.known.why if fate.known else "",
        }
        for fate in fates
    ]
    return json.dumps({"mutants": mutants, "summary": _counts(fates)}, indent=2, ensure_ascii=False) + "\n"
