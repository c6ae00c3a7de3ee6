"""Draws rails and the borders of the cluster as SVG elements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from xml.etree.ElementTree import Element

from rayfence.diagram.elements import classes, element, group, label, path, title, worded
from rayfence.diagram.rails import FENCE, WIDTH, Frame, Side
from rayfence.diagram.words import fit, width_of
from rayfence.reach.findings import GroupKind

TOP, LEAST = 36.0, 240.0
SIZE, REPEAT, INDENT, NAME = 12.0, 360.0, 14.0, 212.0
NAMES = {GroupKind.OUTSIDE: "outside", GroupKind.PLATFORM: "platform", GroupKind.TENANT: "tenants"}
IDLE, NONE = "reaches no tenant", "none reaches a tenant"
HEADING = 11.0 * 1.25  # capitals, and letters set apart


def headings(placed: Frame) -> Element:
    """What stands over the columns."""
    words = [label(placed.box, TOP / 2 - 4, NAMES[GroupKind.TENANT])]
    for (side, kind), there in groupby(placed.rails, key=lambda rail: (rail.side, rail.kind)):
        run = list(there)
        start, end = run[0].x, run[-1].x + WIDTH
        told = f"{NAMES[kind]}: {NONE}" if all(rail.idle for rail in run) else NAMES[kind]
        words.append(
            label(
                start if side is Side.LEFT else end,
                TOP / 2 - 4,
                told if width_of(told, HEADING) < end - start + FENCE else NAMES[kind],
                class_=side,
            )
        )
    return group(*words, class_="headings")


def fences(placed: Frame, height: float) -> Iterator[Element]:
    """One between the outside and the platform, on each side that has both."""
    for x in placed.fences:
        yield fence(x, height)


def fence(x: float, height: float) -> Element:
    """Pickets on two beams, upright with their middle at `x`."""
    beams = path("M", -4, 0, "V", height, "M", 4, 0, "V", height, class_="beams")
    return group(beams, path("M", 0, 2, "V", height, class_="pickets"), transform=f"translate({x:g} 0)", class_="fence")


def rails(placed: Frame, numbers: Mapping[str, int], height: float) -> Iterator[Element]:
    """A bar with the name of its member, as often as there is room for it."""
    for rail in placed.rails:
        name = fit(rail.label, NAME, SIZE)
        yield group(
            title(f"{rail.member.id}, {rail.member.role}{f': {IDLE}' if rail.idle else ''}"),
            element("rect", x=rail.x, y=0, width=WIDTH, height=height, rx=6, class_="bar"),
            *_names(name, rail.x + WIDTH / 2, height),
            class_=classes("rail", rail.kind, "idle" if rail.idle else ""),
            role="img",
            data_member=numbers[rail.member.id],
        )


def _names(name: str, x: float, height: float) -> Iterator[Element]:
    y = INDENT
    while y + NAME <= height:
        yield worded("text", name, transform=f"translate({x:g} {y:g}) rotate(-90)", dy="0.35em", class_="name")
        y += REPEAT
