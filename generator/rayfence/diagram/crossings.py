"""Lays out the lines from one tenant to another, of which there should be none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rayfence.diagram.boxes import Box, Row, apart
from rayfence.diagram.connections import Connection
from rayfence.reach.findings import Member


@dataclass(frozen=True, slots=True)
class Anchor:
    """Where a crossing meets a box: at a pod's row while the box is open, if it is about that pod alone."""

    box: int
    row: Row | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """What goes from pods of one tenant to pods of another, as one line."""

    source: Anchor
    target: Anchor
    found: tuple[Connection, ...]


def crossings(boxes: Sequence[Box], drawn: Sequence[Connection]) -> tuple[Crossing, ...]:
    """One for each pair and direction, in the order of the boxes; what is missing apart from what is there."""
    owner = {member.id: number for number, box in enumerate(boxes) for member in box.group.members}
    found: dict[tuple[int, int], list[Connection]] = {}
    for each in drawn:
        match owner.get(each.source.id), owner.get(each.target.id):
            case int(source), int(target) if source != target:
                found.setdefault((source, target), []).append(each)
    return tuple(_crossing(boxes, pair, part) for pair in sorted(found) for part in apart(tuple(found[pair])))


def _crossing(boxes: Sequence[Box], pair: tuple[int, int], found: tuple[Connection, ...]) -> Crossing:
    source, target = pair
    return Crossing(
        _anchor(boxes, source, [each.source for each in found]),
        _anchor(boxes, target, [each.target for each in found]),
        found,
    )


def _anchor(boxes: Sequence[Box], box: int, members: Sequence[Member]) -> Anchor:
    ids = {member.id for member in members}
    rows = [row for row in boxes[box].rows if row.members[0].id in ids]
    return Anchor(box, rows[0] if len(rows) == 1 else None)
