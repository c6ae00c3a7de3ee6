"""Lays out the rails: upright bars for the platform and the outside, left and right of the tenants.

Members that tenants connect to, and that never connect to tenants, are on the right; all others are on the left. A
border separates the outside of the cluster.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from rayfence.diagram.connections import Connection
from rayfence.reach.findings import Findings, GroupKind, Member

WIDTH, GAP = 28.0, 14.0
FENCE = 44.0
MARGIN, LABELS = 18.0, 136.0
BOX, CROSSINGS = 452.0, 96.0


class Side(StrEnum):
    """Where a rail stands."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Rail:
    """One member that is no tenant's. `x` is its left edge; `idle` says that nothing joins it to a tenant."""

    member: Member
    label: str
    kind: GroupKind
    side: Side
    x: float
    idle: bool

    @property
    def edge(self) -> float:
        """The x of the edge that looks to the tenants."""
        return self.x + WIDTH if self.side is Side.LEFT else self.x


@dataclass(frozen=True, slots=True)
class Frame:
    """Everything's x: rails, the middles of fences, and the column of tenants' boxes with `crossings` right of it."""

    rails: tuple[Rail, ...]
    fences: tuple[float, ...]
    box: float
    crossings: float
    width: float


_Placed = tuple[Side, GroupKind, Member, float]


def frame(findings: Findings, drawn: Sequence[Connection], *, crossings: bool) -> Frame:
    """Place the rails for what is drawn; `crossings` is whether there is a line between two tenants."""
    sides = _sides(findings, drawn)
    left, fence, box = _places(Side.LEFT, sides[Side.LEFT], MARGIN)
    beyond = CROSSINGS if crossings else 0.0
    start = box + LABELS + BOX + beyond + LABELS
    right, far_fence, end = _places(Side.RIGHT, sides[Side.RIGHT], start)
    return Frame(_labelled([*left, *right], drawn), (*fence, *far_fence), box + LABELS, beyond, end + MARGIN)


def _sides(findings: Findings, drawn: Sequence[Connection]) -> dict[Side, list[tuple[GroupKind, Member]]]:
    coming = {each.source.id for each in drawn}
    going = {each.target.id for each in drawn}
    sides: dict[Side, list[tuple[GroupKind, Member]]] = {Side.LEFT: [], Side.RIGHT: []}
    for kind in (GroupKind.OUTSIDE, GroupKind.PLATFORM):
        for member in (each for group in findings.groups if group.kind is kind for each in group.members):
            side = Side.RIGHT if member.id in going - coming else Side.LEFT
            sides[side].append((kind, member))
    sides[Side.RIGHT].reverse()
    return sides


def _places(
    side: Side, there: Sequence[tuple[GroupKind, Member]], x: float
) -> tuple[list[_Placed], list[float], float]:
    """One side's rails from `x` on, the fence where the platform and the outside meet, and the x behind the last."""
    placed: list[_Placed] = []
    fences = []
    for kind, member in there:
        if placed and kind is not placed[-1][1]:
            fences.append(x + (FENCE - GAP) / 2)
            x += FENCE
        placed.append((side, kind, member, x))
        x += WIDTH + GAP
    return placed, fences, x - GAP if placed else x


def _labelled(placed: Sequence[_Placed], drawn: Sequence[Connection]) -> tuple[Rail, ...]:
    names = Counter(member.name for _, _, member, _ in placed)
    busy = {end for each in drawn for end in (each.source.id, each.target.id)}
    return tuple(
        Rail(member, member.id if names[member.name] > 1 else member.name, kind, side, x, member.id not in busy)
        for side, kind, member, x in placed
    )
