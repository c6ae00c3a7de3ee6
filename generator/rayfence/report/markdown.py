"""A suite report as GitHub-flavoured Markdown, for a job summary or a pull request comment."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator

from rayfence.model.outcome import Outcome, SuiteReport, visible
from rayfence.report.tally import by_group, case_name, last_line, listed, problems, verdict

_SPECIAL = re.compile(r"[\\`*_\[\]|~#]")


def render(report: SuiteReport, *, verbose: bool) -> str:
    """A heading, the suite's problems, counts by group, the cases (all, or those that went wrong), the last line."""
    return "\n\n".join(_parts(report, verbose=verbose)) + "\n"


def _parts(report: SuiteReport, *, verbose: bool) -> Iterator[str]:
    yield f"## rayfence test: {'as expected' if report.ok else 'FAILED'}"
    if wrong := problems(report):
        yield "\n".join(f"- **problem:** {escaped(problem)}" for problem in wrong)
    if report.outcomes:
        yield _groups(report)
    if shown := [outcome for outcome in report.outcomes if listed(report, verbose=verbose) or not outcome.ok]:
        yield _cases(shown)
    yield escaped(last_line(report))


def _groups(report: SuiteReport) -> str:
    rows = (
        (backend, group, str(tally.total), str(tally.good), str(tally.bad))
        for (backend, group), tally in by_group(report).items()
    )
    return table(("backend", "group", "cases", "as expected", "not"), rows)


def _cases(outcomes: Iterable[Outcome]) -> str:
    headings = ("backend", "case", "enforce-tenant-isolation", "generate-network-policies", "as expected")
    return table(headings, map(_row, outcomes))


def _row(outcome: Outcome) -> tuple[str, ...]:
    expected = "yes" if outcome.ok else "NO: " + "\n".join(outcome.problems)
    found = verdict(outcome.validation, outcome.found)
    return (outcome.backend, case_name(outcome), found, outcome.generation, expected)


def table(headings: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table whose cells show any text unchanged."""
    lines = [headings, ("---",) * len(headings), *(tuple(map(escaped, row)) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def escaped(text: str) -> str:
    """Text that Markdown shows as it is."""
    lines = (_SPECIAL.sub(r"\\\g<0>", visible(line)) for line in text.split("\n"))
    return "<br>".join(html.escape(line, quote=False) for line in lines)
