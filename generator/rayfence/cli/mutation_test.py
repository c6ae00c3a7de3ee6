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
from rayfence.mutation import MutantResult


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
      0  a test case caught every mutant, except those listed as equivalent or noticed elsewhere (by another test)
      1  at least one mutant survived
      2  the tenant config or a case is wrong, or there are no cases
      3  the engine is missing or does not answer
    """
    config = configuration(folders, "nothing was tried")
    chosen = written(places) + (() if no_derived else cases.derived(config))
    found = engine(suite.tool_of(backend))
    try:
        with console.bar("breaking policies") as progress:
            results = mutation.run(config, chosen, backend, found.path, jobs=jobs, most=most, progress=progress)
    except EngineError as error:
        raise Undecided(f"error: {error}") from None
    answer = _json(results) if format == "json" else text(results)
    console.deliver(answer, output, summary(results), for_people=format == "text")
    raise click.exceptions.Exit(NO if any(result.word == "survived" for result in results) else 0)


def text(results: Sequence[MutantResult]) -> str:
    """A line for each mutant that survived or needs an explanation, and the summary."""
    return "\n".join([*filter(None, map(_remark, results)), summary(results)]) + "\n"


def _remark(result: MutantResult) -> str:
    """The line for a mutant, '' where a test case caught it as it should."""
    where, name, known = f"{result.mutant.file}:{result.line}", result.mutant.name, result.known
    match result.word:
        case "survived":
            return f"{where}: survived: {name}"
        case "equivalent" if known:
            return f"{where}: equivalent: {name}: {known.why}"
        case "elsewhere" if known:
            return f"{where}: noticed elsewhere, by {known.test}: {name}: {known.why}"
        case "killed" if known and not known.test:
            return f"{where}: noticed, though said to be equivalent: {name}: {result.by}"
        case _:
            return ""


def _counts(results: Sequence[MutantResult]) -> dict[str, int]:
    words = [result.word for result in results]
    return {"mutants": len(results), **{word: words.count(word) for word in _WORDS}}


_WORDS = {"killed": "noticed", "elsewhere": "noticed elsewhere", "equivalent": "equivalent", "survived": "survived"}
"""The outcome of a mutant, and the word for it in the summary."""


def summary(results: Sequence[MutantResult]) -> str:
    """How many mutants have each result."""
    counts = _counts(results)
    told = [
        f"{counts[word]} {shown}" for word, shown in _WORDS.items() if counts[word] or word in ("killed", "survived")
    ]
    return f"{len(results)} mutants: {', '.join(told)}"


def _json(results: Sequence[MutantResult]) -> str:
    mutants = [
        {
            "file": result.mutant.file,
            "line": result.line,
            "mutant": result.mutant.name,
            "rule": result.mutant.rule,
            "killed": result.word == "killed",
            "fate": result.word,
            "by": result.by or (result.known.test if result.known else ""),
            "why": result.known.why if result.known else "",
        }
        for result in results
    ]
    return json.dumps({"mutants": mutants, "summary": _counts(results)}, indent=2, ensure_ascii=False) + "\n"
