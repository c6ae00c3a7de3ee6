"""Cells and targets in, text out: tables aligned for a terminal or in Markdown, what was promised as one of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum

from benchmarks.targets import Target

MIB, KIB = 2**20, 2**10

_MET = {True: "met", False: "NOT MET", None: "not measured"}

Table = Sequence[Sequence[str]]
"""Rows of as many cells, the headings first."""


class Format(StrEnum):
    """How to print."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


def promises(targets: Sequence[Target]) -> Table:
    """What was promised, and whether it is so."""
    return [["target", "at most", "is", ""], *([t.promise, f"{t.most:g}", _number(t), _MET[t.met]] for t in targets)]


def data_of(target: Target) -> dict[str, object]:
    """The same as JSON has it."""
    # JSON has no word for endless.
    found = target.found if target.found is not None and math.isfinite(target.found) else None
    return {"target": target.promise, "most": target.most, "found": found, "met": target.met}


def _number(target: Target) -> str:
    return "-" if target.found is None else f"{target.found:.3g}"


def aligned(table: Table) -> str:
    """For a terminal."""
    numbers = _number_columns(table)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        [cell.rjust(w) if n else cell.ljust(w) for cell, w, n in zip(row, widths, numbers, strict=True)]
        for row in table
    )
    return "\n".join("  ".join(line).rstrip() for line in lines)


def markdown(table: Table) -> str:
    """For a page."""
    headings, *rows = table
    rule = ["---:" if numbers else "---" for numbers in _number_columns(table)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, rule, *rows))


def _number_columns(table: Table) -> list[bool]:
    """For each column, whether it holds numbers, which stand to the right."""
    _, *rows = table
    return [all(cell[:1].isdigit() or cell in ("", "-") for cell in column) for column in zip(*rows, strict=True)]
