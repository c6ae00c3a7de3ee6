"""The text report of `rayfence reach`: who can connect to whom, counterexamples, and which proofs hold."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.table import Table
from rich.text import Text

from rayfence.diagram.summary import amounts, not_isolated
from rayfence.model.outcome import visible
from rayfence.reach.connectivity import Decision, explain
from rayfence.reach.findings import Findings, Proof
from rayfence.report.reach_rows import Row, tables
from rayfence.report.terminal import BAD, CAREFUL, GOOD, draw, paint

# More counterexamples of a proof than this are not read on a screen; JSON has them all.
MOST = 10
# Nor are more than these read in a summary.
FEW = 5

SAYS = {
    Proof.RUNS: ("Ray can start and run", "flows that it needs"),
    Proof.ISOLATED: ("nothing else is open", "pairs, on every port"),
    Proof.MINIMAL: ("every rule is needed", "rules"),
}


def render(findings: Findings, *, colour: bool, width: int) -> str:
    """Who is not isolated, a table for each namespace, then notes, counterexamples, and a line for each proof."""
    drawn = [
        draw(_table(f"{group.name}: {namespace}", rows, colour=colour), colour=colour, width=width)
        for group, namespace, rows in tables(findings)
    ]
    told = [*map(_note, findings.notes), *_counterexamples(findings, MOST, colour=colour)]
    blocks = [_warning(findings, colour=colour), *drawn, "".join(told), _verdicts(findings, colour=colour)]
    return "\n".join(block for block in blocks if block)


def summarize(findings: Findings, *, colour: bool) -> str:
    """The same without tables, and of everything the first few: less than a screen for any number of tenants."""
    notes = list(map(_note, findings.notes[:FEW]))
    if len(findings.notes) > FEW:
        notes.append(_note(f"and {len(findings.notes) - FEW} more; --full has them all"))
    return "".join(
        [
            _warning(findings, colour=colour),
            f"{amounts(findings)}; --full says who reaches whom\n",
            *notes,
            *_counterexamples(findings, FEW, colour=colour),
            _verdicts(findings, colour=colour),
        ]
    )


def decision(decided: Decision) -> str:
    """Yes or no, and then what happens at either end."""
    lines = [f"{decided.flow}: {'yes' if decided.allowed else 'no'}", *(f"  {each}" for each in explain(decided))]
    return "".join(f"{visible(line)}\n" for line in lines)


def summary_of(findings: Findings) -> str:
    """`all proofs hold`, or how many counterexamples there are; and how many tenants are not isolated."""
    count = len(findings.counterexamples)
    proofs = "all proofs hold" if not count else "1 counterexample" if count == 1 else f"{count} counterexamples"
    return "; ".join(filter(None, (proofs, not_isolated(findings, named=0))))


def _warning(findings: Findings, *, colour: bool) -> str:
    sentence = not_isolated(findings, named=FEW)
    return f"{paint(visible(sentence), CAREFUL, colour=colour)}\n" if sentence else ""


def _note(text: str) -> str:
    return f"note: {visible(text)}\n"


def _counterexamples(findings: Findings, most: int, *, colour: bool) -> Iterator[str]:
    for proof in Proof:
        against = [each for each in findings.counterexamples if each.proof is proof]
        mark = paint(f"[{proof}]", BAD, colour=colour)
        yield from (f"{mark} {visible(each.line)}\n" for each in against[:most])
        if len(against) > most:
            yield f"{mark} and {len(against) - most} more; --format json has them all\n"


def _verdicts(findings: Findings, *, colour: bool) -> str:
    return "".join(_verdict(findings, proof, colour=colour) for proof in Proof)


def _verdict(findings: Findings, proof: Proof, *, colour: bool) -> str:
    says, of = SAYS[proof]
    against = sum(each.proof is proof for each in findings.counterexamples)
    word, style = (f"refuted by {against}", BAD) if against else _holds(findings, proof)
    return f"{proof}: {says}: {paint(word, style, colour=colour)} ({findings.asked.get(proof, 0)} {of})\n"


def _holds(findings: Findings, proof: Proof) -> tuple[str, str]:
    """What a proof comes to that nothing refutes: of tenants that are not isolated it says nothing."""
    if proof is not Proof.ISOLATED or not findings.not_isolated:
        return "holds", GOOD
    everybody = len(findings.tenants)
    return f"holds for {everybody - len(findings.not_isolated)} of {everybody} tenants", CAREFUL


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
