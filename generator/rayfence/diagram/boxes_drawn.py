"""Draws the box of a tenant as an SVG group: header, namespaces, pods and lines, or one bar if it is folded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from xml.etree.ElementTree import Element

from rayfence.diagram.boxes import HEADER, LABEL, Box, Row, Space
from rayfence.diagram.elements import classes, element, group, label, path, title
from rayfence.diagram.lines import MARKS, arc, tap
from rayfence.diagram.rails import BOX, Frame, Side
from rayfence.diagram.words import count, fit, width_of
from rayfence.reach.findings import Member, Role

INSET, POD_INSET, POD_WIDTH, POD_HEIGHT = 12.0, 24.0, 290.0, 26.0
CROWD = 24
NAME_SIZE, POD_SIZE, SMALL = 14.0, 12.0, 11.0

# One shape for each role that Ray knows, so that nobody has to read colours.
SHAPES: Mapping[Role, str] = {
    Role.HEAD: "M 0 -6 L 6 0 L 0 6 L -6 0 z",
    Role.WORKER: "M -5 -5 h 10 v 10 h -10 z",
    Role.SUBMITTER: "M -5 -6 L 6 0 L -5 6 z",
}
OTHER = "M -5 0 a 5 5 0 1 0 10 0 a 5 5 0 1 0 -10 0 z"


def pod_edge(box: float) -> float:
    """The right edge of pods in boxes that begin at x `box`."""
    return box + POD_INSET + POD_WIDTH


def tenant(
    box: Box, number: int, placed: Frame, numbers: Mapping[str, int], *, top: float, opened: bool, whole: bool
) -> Element:
    """The box at y `top`. `numbers` are the members' by id; `whole` also draws the half that does not show."""
    height = box.height if opened else box.folded.height
    halves = []
    if whole or opened:
        halves.append(group(*_inside(box, placed, numbers), class_="inside"))
    if whole or not opened:
        halves.append(group(*_taps(box.folded, placed, pod=False), class_="folded"))
    return group(
        element("rect", x=placed.box, y=0, width=BOX, height=height, rx=10, class_="box"),
        _header(box, placed.box),
        *halves,
        class_=classes("tenant", "open" if opened else "", "crowded" if len(box.arcs) > CROWD else "", box.standing),
        transform=f"translate(0 {top:g})",
        data_tenant=number,
        data_open=box.height,
        data_folded=box.folded.height,
    )


def _header(box: Box, x: float) -> Element:
    middle = HEADER / 2 + 2
    spaces, pods = count(len(box.group.namespaces), "namespace"), count(len(box.group.members), "pod")
    inside = len([each for arc in box.arcs for each in arc.found])
    summary = f"{spaces} · {pods} · {inside} inside"
    room = BOX - 60 - width_of(summary, SMALL)
    wrong = MARKS.get(box.standing)
    words = [
        title(f"tenant {box.group.name}: {spaces}, {pods}, {count(inside, 'connection')} inside"),
        element("rect", x=x, y=0, width=BOX, height=HEADER, rx=10, class_="hit"),
        path("M", x + 15, middle - 4, "l", 5, 4, "l", -5, 4, class_="caret"),
        label(x + 28, middle, fit(box.group.name, room, NAME_SIZE), class_="name"),
        label(x + BOX - 14, middle, f"{wrong} · {summary}" if wrong else summary, class_="summary"),
    ]
    return group(*words, class_="header", role="img")


def _inside(box: Box, placed: Frame, numbers: Mapping[str, int]) -> Iterator[Element]:
    for space in box.spaces:
        yield _space(space, placed.box)
    yield group(*(arc(each, pod_edge(placed.box)) for each in box.arcs), class_="arcs")
    for row in box.rows:
        yield from _taps(row, placed, pod=True)
    for row in box.rows:
        yield _pod(row.members[0], numbers[row.members[0].id], placed.box + POD_INSET, row.y)


def _space(space: Space, x: float) -> Element:
    name = fit(space.name, BOX - 80, SMALL)
    return group(
        element("rect", x=x + INSET, y=space.y, width=BOX - 2 * INSET, height=space.height, rx=7, class_="space"),
        label(x + POD_INSET, space.y + LABEL / 2 + 1, name if space.rows else f"{name}: no pods"),
        class_="namespace",
    )


def _pod(member: Member, number: int, x: float, y: float) -> Element:
    room = POD_WIDTH - 48 - width_of(member.role, SMALL)
    return group(
        title(f"{member.id}, {member.role}"),
        element("rect", x=x, y=y - POD_HEIGHT / 2, width=POD_WIDTH, height=POD_HEIGHT, rx=6, class_="card"),
        element("path", d=SHAPES.get(member.role, OTHER), transform=f"translate({x + 16:g} {y:g})", class_="shape"),
        label(x + 30, y, fit(member.name, room, POD_SIZE), class_="name"),
        label(x + POD_WIDTH - 10, y, member.role, class_="role"),
        class_=classes("pod", member.role),
        role="img",
        data_member=number,
    )


def _taps(row: Row, placed: Frame, *, pod: bool) -> Iterator[Element]:
    sides = {Side.LEFT: placed.box, Side.RIGHT: placed.box + BOX}
    labels = {Side.LEFT: placed.box, Side.RIGHT: placed.box + BOX + placed.crossings}
    pods = {Side.LEFT: placed.box + POD_INSET, Side.RIGHT: pod_edge(placed.box)}
    for each in row.taps:
        yield tap(each, (pods if pod else sides)[each.rail.side], labels[each.rail.side])
