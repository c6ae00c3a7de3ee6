"""Puts the drawing together: one SVG group with rails, borders, boxes of tenants and all lines, and its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from xml.etree.ElementTree import Element

from rayfence.diagram.boxes import Box, box
from rayfence.diagram.boxes_drawn import tenant
from rayfence.diagram.connections import Connection, Standing, by_ends, owners, tenants
from rayfence.diagram.crossings import crossings
from rayfence.diagram.crossings_drawn import crossing
from rayfence.diagram.elements import group
from rayfence.diagram.rails import Frame, frame
from rayfence.diagram.rails_drawn import LEAST, TOP, fences, headings, rails
from rayfence.reach.findings import Findings

GAP, BOTTOM = 14.0, 14.0
FITS, FIT_BESIDE = 1500.0, 1000.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """The group to put into an `svg` element, and how large it is."""

    body: Element
    width: float
    height: float


def draw(findings: Findings, found: Sequence[Connection], *, whole: bool) -> Drawing:
    """Draw it; `whole` also draws what only a program in the page can bring to light, the insides of folded boxes."""
    owner = owners(findings)
    drawn = touching(findings, found)
    ends = [{owner.get(each.source.id), owner.get(each.target.id)} for each in drawn]
    across = any(len(pair) == 2 and None not in pair for pair in ends)
    placed, index = frame(findings, drawn, crossings=across), by_ends(drawn)
    boxes = [box(each, placed.rails, index) for each in tenants(findings)]
    return _arranged(findings, placed, boxes, drawn, whole=whole)


def touching(findings: Findings, found: Sequence[Connection]) -> tuple[Connection, ...]:
    """The connections with a tenant at one end at least; the picture does not speak of the others."""
    owner = owners(findings)
    return tuple(each for each in found if each.source.id in owner or each.target.id in owner)


def numbered(findings: Findings) -> dict[str, int]:
    """Every member's number, by its id: what an element of the page calls it."""
    ids = (member.id for group in findings.groups for member in group.members)
    return {id: number for number, id in enumerate(ids)}


def opened_at_first(boxes: Sequence[Box]) -> list[bool]:
    """Which boxes begin open: all if they fit, else of those in which something is wrong as many as fit."""
    if sum(box.height for box in boxes) <= FITS:
        return [True] * len(boxes)
    wrong = [box.standing in (Standing.HOLE, Standing.MISSING) for box in boxes]
    heights = accumulate(box.height if bad else 0.0 for box, bad in zip(boxes, wrong, strict=True))
    return [bad and height <= FIT_BESIDE for bad, height in zip(wrong, heights, strict=True)]


def _arranged(
    findings: Findings, placed: Frame, boxes: Sequence[Box], drawn: Sequence[Connection], *, whole: bool
) -> Drawing:
    numbers, opened = numbered(findings), opened_at_first(boxes)
    heights = [box.height if is_open else box.folded.height for box, is_open in zip(boxes, opened, strict=True)]
    tops = list(accumulate((height + GAP for height in heights), initial=0.0))
    height = max(LEAST, tops[-1] - GAP)
    stack = [
        tenant(each, number, placed, numbers, top=tops[number], opened=opened[number], whole=whole)
        for number, each in enumerate(boxes)
    ]
    bows = [crossing(each, placed, boxes, tops, opened) for each in crossings(boxes, drawn)]
    parts = [
        group(*fences(placed, height), class_="fences"),
        group(*stack, class_="tenants"),
        group(*rails(placed, numbers, height), class_="rails"),
        group(*bows, class_="crossings"),
    ]
    body = group(headings(placed), group(*parts, transform=f"translate(0 {TOP:g})"), data_around=TOP + BOTTOM)
    return Drawing(body, placed.width, TOP + height + BOTTOM)
