"""`rayfence mutation-test` breaks the policies on purpose and lists the changes that no test case catches."""

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
from rayfence.cli.test import no_derived_option, testcases_option, written
from rayfence.kyverno import EngineError
from rayfence.mutation import Fate


@click.command("mutation-test")
@tenants_option
@testcases_option
@no_derived_option
@click.option("--backend", type=OneOf(BACKENDS), default=DEFAULT, show_default=True, help="Kind of policy to break.")
@click.option("--most", type=click.IntRange(1), metavar="N", help="Run only N mutants, spread evenly over all of them.")
@click.option("--format", type=OneOf(["text", "json"]), default="text", show_default=True, help="Output format.")
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
    """Break the policies on purpose, one change at a time, and list the changes that no test case catches.

    Each broken policy is a mutant. A change drops a rule, a kind or an operation, flips a comparison, moves a bound by
    one unit, turns Enforce into Audit, or opens a NetworkPolicy. A mutant that survives is a fault that your test cases
    would miss. Equivalent mutants are listed separately, each with the reason why no object could reveal the change.

    Run this command after changing testcases/, to see whether the cases still protect the policies.

    \b
    Examples:
      rayfence mutation-test --most 100
      rayfence mutation-test --backend gatekeeper
      rayfence mutation-test --testcases testcases/limit-resources --no-derived --most 50
      rayfence mutation-test --format json --output mutants.json

    \b
    Exit codes:
      0  a test case caught every mutant, except those listed as equivalent or noticed elsewhere
      1  at least one mutant survived
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
    """A line for each mutant that survived or needs an explanation, and the summary."""
    return "\n".join([*filter(None, map(_remark, fates)), summary(fates)]) + "\n"


def _remark(fate: Fate) -> str:
    """The line for a mutant, '' where a test case caught it as it should."""
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
"""The outcome of a mutant, and the word for it in the summary."""


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
