"""`rayfence test` runs cases against the policies on the real engine and compares each result with the expected one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from rayfence import cases, suite
from rayfence.cases import Case
from rayfence.cli import console
from rayfence.cli.exits import NO, Undecided, refusal
from rayfence.cli.options import (
    backend_option,
    configuration,
    engine,
    format_option,
    jobs_option,
    output_option,
    tenants_option,
)
from rayfence.kyverno import EngineError
from rayfence.model.config import Config
from rayfence.model.outcome import SuiteReport
from rayfence.report import SuiteFormat, suite_report
from rayfence.report.tally import last_line

TESTCASES = "testcases"

testcases_option = click.option(
    "--testcases",
    "places",
    multiple=True,
    default=(TESTCASES,),
    show_default=True,
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder with test cases. Repeatable.",
)
no_derived_option = click.option(
    "--no-derived", is_flag=True, help="Leave out the cases that rayfence derives from the rules and your tenants."
)


@click.command("test")
@tenants_option
@testcases_option
@no_derived_option
@backend_option
@format_option([each.value for each in SuiteFormat])
@output_option
@jobs_option
@click.option("--verbose", "-v", is_flag=True, help="List every case in the text report, even if there are many.")
def command(
    folders: tuple[Path, ...],
    places: tuple[Path, ...],
    no_derived: bool,
    backends: tuple[str, ...],
    format: str,
    output: Path | None,
    jobs: int,
    verbose: bool,
) -> None:
    """Run test cases against the policies on the real policy engine. A case passes only if exactly the expected rules
    fail.

    A case is a manifest. Each line at fault has a comment `# fails: <rule-id>`; no other rule may fail. rayfence adds
    cases that it derives from the rules and your tenants: they break each rule in every way it knows, and each bound by
    one unit.

    \b
    Examples:
      rayfence test
      rayfence test --testcases testcases/documented --no-derived
      rayfence test --format junit --output report.xml

    \b
    Exit codes:
      0  every case passed
      1  at least one case failed
      2  the tenant config or a case is wrong, or there are no cases
      3  the engine is missing or does not answer
    """
    config = configuration(folders, "nothing was tested")
    chosen = written(places) + (() if no_derived else cases.derived(config))
    report = _run(config, chosen, backends, jobs)
    colour = output is None and console.colourful()
    text = suite_report(report, SuiteFormat(format), colour=colour, width=console.width(), verbose=verbose)
    console.deliver(text, output, last_line(report), for_people=format == SuiteFormat.TEXT)
    raise click.exceptions.Exit(0 if report.ok else NO)


def written(places: Sequence[Path]) -> tuple[Case, ...]:
    """The cases that people wrote. Raises WrongInput where there are none, for such a suite is always green."""
    try:
        return cases.load(places)
    except cases.CaseError as error:
        raise refusal(error.problems, "nothing was tested") from None


def _run(config: Config, chosen: Sequence[Case], backends: Sequence[str], jobs: int) -> SuiteReport:
    programs = {tool: engine(tool) for tool in dict.fromkeys(map(suite.tool_of, backends))}
    engines = ", ".join(f"{tool.title} {found.version}" for tool, found in programs.items())
    console.say(f"running {len(chosen)} cases on {engines}")
    paths = {backend: programs[suite.tool_of(backend)].path for backend in backends}
    first = paths[backends[0]]
    try:
        with console.bar("testing") as progress:
            return suite.run(
                config, chosen, backends, first, jobs=jobs, engines=engines, progress=progress, others=paths
            )
    except EngineError as error:
        raise Undecided(f"error: {error}") from None
