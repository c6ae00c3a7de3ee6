"""Findings in, tables for people out: who reaches whom by which rule, what refutes the proofs, which of them hold."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from rayfence.reach.deciding import Decision
from rayfence.reach.explaining import sides
from rayfence.reach.findings import Findings, Proof
from rayfence.report.reach_rows import Row, tables
from rayfence.report.terminal import BAD, GOOD, draw, paint, visible

# More counterexamples of a proof than this are not read on a screen; JSON has them all.
MOST = 10

SAYS = {
    Proof.RUNS: ("Ray can start and run", "flows that it needs"),
    Proof.ISOLATED: ("nothing else is open", "pairs, on every port"),
    Proof.MINIMAL: ("every rule is needed", "rules"),
}


def render(findings: Findings, *, colour: bool, width: int) -> str:
    """A table for each namespace, then notes, counterexamples, and a line for each proof."""
    parts = [
        draw(_table(f"{group.name}: {namespace}", rows, colour=colour), colour=colour, width=width)
        for group, namespace, rows in tables(findings)
    ]
    told = [*(f"note: {visible(note)}\n" for note in findings.notes), *_counterexamples(findings, colour=colour)]
    verdicts = [_verdict(findings, proof, colour=colour) for proof in Proof]
    return "\n".join([*parts, *(["".join(told)] if told else []), "".join(verdicts)])


def decision(decided: Decision) -> str:
    """Yes or no, and then what happens at either end."""
    lines = [f"{decided.flow}: {'yes' if decided.allowed else 'no'}", *(f"  {each}" for each in sides(decided))]
    return "".join(f"{visible(line)}\n" for line in lines)


def summary_of(findings: Findings) -> str:
    """`all proofs hold`, or how many counterexamples there are."""
    count = len(findings.counterexamples)
    return "all proofs hold" if not count else "1 counterexample" if count == 1 else f"{count} counterexamples"


def _counterexamples(findings: Findings, *, colour: bool) -> Iterator[str]:
    for proof in Proof:
        against = [each for each in findings.counterexamples if each.proof is proof]
        mark = paint(f"[{proof}]", BAD, colour=colour)
        yield from (f"{mark} {visible(each.line)}\n" for each in against[:MOST])
        if len(against) > MOST:
            yield f"{mark} and {len(against) - MOST} more; --format json has them all\n"


def _verdict(findings: Findings, proof: Proof, *, colour: bool) -> str:
    says, of = SAYS[proof]
    against = sum(each.proof is proof for each in findings.counterexamples)
    found = paint(f"refuted by {against}" if against else "holds", BAD if against else GOOD, colour=colour)
    return f"{proof}: {says}: {found} ({findings.asked.get(proof, 0)} {of})\n"


def _table(title: str, rows: list[Row], *, colour: bool) -> Table:
    table = Table(title=visible(title), title_justify="left", title_style="bold", show_edge=False, pad_edge=False)
    table.box = box.SIMPLE_HEAD if colour else None
    table.padding = (0, 1) if colour else (0, 2, 0, 0)
    for heading in ("from", "to", "ports", "by"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        cells = (row.sources, row.targets, row.ports, row.rules)
        table.add_row(*map(_cell, cells), style="" if row.named else BAD)
    return table


def _cell(names: tuple[str, ...]) -> Text:
    # A Text, for a str would be read as rich's markup.
    return Text("\n".join(map(visible, names)))
