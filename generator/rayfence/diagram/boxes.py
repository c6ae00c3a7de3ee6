"""Lays out the box of a tenant: open with a row for each pod, or folded to one bar.

Every y is relative to the top of the box, so a box can be moved, opened and folded without a change to its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from rayfence.diagram.connections import Connection, Ends, Standing, worst
from rayfence.diagram.rails import Rail, Side
from rayfence.reach.findings import Group, Member

HEADER, LABEL, PAD = 42.0, 26.0, 12.0
ROW, FOLDED, PITCH = 34.0, 46.0, 13.0

_Found = tuple[Connection, ...]
_Index = Mapping[Ends, _Found]


@dataclass(frozen=True, slots=True)
class Tap:
    """A level line between a rail and a row; `coming` is from the rail."""

    rail: Rail
    coming: bool
    y: float
    found: _Found


@dataclass(frozen=True, slots=True)
class Row:
    """A pod, or a folded tenant: `y` is its middle."""

    members: tuple[Member, ...]
    y: float
    height: float
    taps: tuple[Tap, ...]


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace with its pods."""

    name: str
    y: float
    height: float
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Arc:
    """A line between two rows of one box, `span` rows apart; `down` is from the upper to the lower."""

    upper: Row
    lower: Row
    span: int
    down: _Found
    up: _Found

    @property
    def found(self) -> _Found:
        """What it stands for, either way."""
        return (*self.down, *self.up)


@dataclass(frozen=True, slots=True)
class Box:
    """A tenant, `height` when open; `folded` is the bar that it is otherwise. `standing` is the worst of its lines."""

    group: Group
    spaces: tuple[Space, ...]
    arcs: tuple[Arc, ...]
    height: float
    folded: Row
    standing: Standing

    @property
    def rows(self) -> tuple[Row, ...]:
        """Its pods, downwards."""
        return tuple(row for space in self.spaces for row in space.rows)


def box(group: Group, rails: Sequence[Rail], index: _Index) -> Box:
    """The box of one tenant."""
    spaces = tuple(_spaces(group, rails, index))
    rows = [row for space in spaces for row in space.rows]
    height = spaces[-1].y + spaces[-1].height + PAD if spaces else FOLDED
    ids = {member.id for member in group.members}
    theirs = [each for ends, found in index.items() if not ids.isdisjoint(ends) for each in found]
    folded = _row(group.members, 0, FOLDED, rails, index)
    return Box(group, spaces, tuple(_arcs(rows, index)), height, folded, worst(theirs) if theirs else Standing.ASKED)


def _spaces(group: Group, rails: Sequence[Rail], index: _Index) -> Iterator[Space]:
    y = HEADER
    names = dict.fromkeys((*group.namespaces, *(member.namespace for member in group.members)))
    for name in names:
        rows: list[Row] = []
        top = y + LABEL
        for member in (each for each in group.members if each.namespace == name):
            rows.append(_row((member,), top, ROW, rails, index))
            top += rows[-1].height
        height = max(top, y + LABEL + ROW / 2) - y + PAD / 2
        yield Space(name, y, height, tuple(rows))
        y += height + PAD


def _row(members: tuple[Member, ...], top: float, least: float, rails: Sequence[Rail], index: _Index) -> Row:
    ends = [(rail, coming, found) for rail in rails for coming, found in _between(rail, members, index)]
    most = max(sum(rail.side is side for rail, _, _ in ends) for side in Side)
    height = max(least, most * PITCH + ROW - 2 * PITCH)
    middle = top + height / 2
    taps = tuple(tap for side in Side for tap in _taps([end for end in ends if end[0].side is side], middle))
    return Row(members, middle, height, taps)


def _taps(ends: Sequence[tuple[Rail, bool, _Found]], middle: float) -> Iterator[Tap]:
    first = middle - PITCH * (len(ends) - 1) / 2
    for number, (rail, coming, found) in enumerate(ends):
        yield Tap(rail, coming, first + number * PITCH, found)


def _between(rail: Rail, members: Sequence[Member], index: _Index) -> Iterator[tuple[bool, _Found]]:
    coming = tuple(each for member in members for each in index.get((rail.member.id, member.id), ()))
    going = tuple(each for member in members for each in index.get((member.id, rail.member.id), ()))
    for direction, found in ((True, coming), (False, going)):
        yield from ((direction, part) for part in apart(found))


def apart(found: _Found) -> Iterator[_Found]:
    """What is there and what is missing, those of the two that are not empty: they are never one line."""
    there = tuple(each for each in found if not each.missing)
    missing = tuple(each for each in found if each.missing)
    yield from (part for part in (there, missing) if part)


def _arcs(rows: Sequence[Row], index: _Index) -> Iterator[Arc]:
    for (above, upper), (below, lower) in combinations(enumerate(rows), 2):
        one, other = upper.members[0].id, lower.members[0].id
        down, up = index.get((one, other), ()), index.get((other, one), ())
        for missing in (False, True):
            parts = [tuple(each for each in found if each.missing is missing) for found in (down, up)]
            if any(parts):
                yield Arc(upper, lower, below - above, parts[0], parts[1])
