"""The text report of `rayfence test`: tables, and a last line that says whether all cases passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from rayfence.model.outcome import Outcome, SuiteReport, visible
from rayfence.report.tally import by_backend, by_group, case_name, last_line, listed, problems, verdict
from rayfence.report.terminal import BAD, GOOD, draw, paint

# Below this many columns the names of the two policies leave no room for the cases.
ROOMY = 100


def render(report: SuiteReport, *, colour: bool, width: int, verbose: bool) -> str:
    """Problems of the suite, tables and what was left out, unexpected outcomes in full, then the last line."""
    return "\n".join(_parts(report, colour=colour, width=width, verbose=verbose))


def _parts(report: SuiteReport, *, colour: bool, width: int, verbose: bool) -> Iterator[str]:
    if wrong := problems(report):
        yield "".join(paint(f"PROBLEM: {visible(problem)}", BAD, colour=colour) + "\n" for problem in wrong)
    if listed(report, verbose=verbose):
        for backend in by_backend(report):
            table = _cases(backend, report.outcomes, colour=colour, width=width)
            yield draw(table, colour=colour, width=width)
    else:
        yield draw(_groups(report, colour=colour), colour=colour, width=width)
    yield from (f"note: {visible(note)}\n" for note in report.notes)
    yield from (_in_full(outcome, colour=colour) for outcome in report.outcomes if not outcome.ok)
    yield paint(visible(last_line(report)), GOOD if report.ok else BAD, colour=colour) + "\n"


def _cases(backend: str, outcomes: Iterable[Outcome], *, colour: bool, width: int) -> Table:
    table = _table(f"{backend}: cases", colour=colour)
    narrow = width < ROOMY
    for heading in ("case", "enforce-tenant-isolation", "generate-network-policies", "as expected"):
        table.add_column(heading.replace("-", "-\n", 1).replace(" ", "\n") if narrow else heading, overflow="fold")
    for outcome in outcomes:
        if outcome.backend == backend:
            table.add_row(*_case(outcome, narrow=narrow), style=GOOD if outcome.ok else BAD)
    return table


def _case(outcome: Outcome, *, narrow: bool) -> tuple[Text, ...]:
    group, slash, rest = case_name(outcome).partition("/")
    name = _cell(group + slash, rest) if narrow and rest else _cell(group + slash + rest)
    found = _cell(outcome.validation, *sorted(outcome.found))
    return (name, found, _cell(outcome.generation), _cell("yes" if outcome.ok else "NO"))


def _groups(report: SuiteReport, *, colour: bool) -> Table:
    table = _table("cases by group", colour=colour)
    table.add_column("backend", overflow="fold")
    table.add_column("group", overflow="fold")
    for heading in ("cases", "as expected", "not"):
        table.add_column(heading, justify="right")
    for (backend, group), tally in by_group(report).items():
        counts = (str(tally.total), str(tally.good), str(tally.bad))
        table.add_row(_cell(backend), _cell(group), *counts, style=BAD if tally.bad else GOOD)
    return table


def _in_full(outcome: Outcome, *, colour: bool) -> str:
    place = f"{outcome.file}:{outcome.line}: " if outcome.file else ""
    title = visible(f"{place}{case_name(outcome)} ({outcome.backend}) NOT AS EXPECTED")
    expected = verdict("fail" if outcome.expected else "pass", outcome.expected)
    return "".join(
        f"{line}\n"
        for line in (
            paint(title, BAD, colour=colour),
            f"  expected: {visible(expected)}",
            f"  found:    {visible(verdict(outcome.validation, outcome.found))}",
            *(f"  problem:  {visible(problem)}" for problem in outcome.problems),
        )
    )


def _table(title: str, *, colour: bool) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    table.box = box.SIMPLE_HEAD if colour else None
    table.padding = (0, 1) if colour else (0, 2, 0, 0)
    return table


def _cell(*lines: str) -> Text:
    # A Text, for a str would be read as rich's markup: `[red]` in a name is a name.
    return Text("\n".join(map(visible, lines)))
