"""Draws a line between tenants as a bow at the right, with the data to redraw it when boxes move."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from rayfence.diagram.boxes import HEADER, Box
from rayfence.diagram.boxes_drawn import pod_edge
from rayfence.diagram.connections import worst
from rayfence.diagram.crossings import Anchor, Crossing
from rayfence.diagram.elements import Value, group
from rayfence.diagram.lines import arrow, line, mark, plate
from rayfence.diagram.rails import BOX, Frame, Side

NEAR, STEP, FAR, BACK = 24.0, 6.0, 48.0, 8.0

Point = tuple[float, float]


def crossing(
    each: Crossing, placed: Frame, boxes: Sequence[Box], tops: Sequence[float], opened: Sequence[bool]
) -> Element:
    """Drawn for boxes at `tops`; `data-source` and `data-target` say: box, x and y when open, x and y when folded."""
    points = [_points(end, placed, boxes[end.box]) for end in (each.source, each.target)]
    upwards = each.source.box > each.target.box
    bend = min(NEAR + STEP * abs(each.source.box - each.target.box), FAR) - (BACK if upwards else 0.0)
    peak = placed.box + BOX + bend
    (x1, y1), (x2, y2) = (
        (x, y + tops[end.box])
        for end, both in zip((each.source, each.target), points, strict=True)
        for x, y in (both[0] if opened[end.box] else both[1],)
    )
    far = (peak - (x1 + x2) / 8) / 0.75
    steps: list[Value] = ["M", x1, y1, "C", far, y1, far, y2, x2, y2]
    ends = [_attribute(end, both) for end, both in zip((each.source, each.target), points, strict=True)]
    middle = group(*_middle(each), transform=f"translate({peak:g} {(y1 + y2) / 2:g})", class_="middle")
    tip = group(arrow(0, 0, -1.0), transform=f"translate({x2:g} {y2:g})", class_="end")
    return line("crossing", each.found, steps, tip, middle, data_source=ends[0], data_target=ends[1], data_peak=peak)


def _points(end: Anchor, placed: Frame, box: Box) -> tuple[Point, Point]:
    side = placed.box + BOX
    folded = (side, box.folded.y)
    return ((pod_edge(placed.box), end.row.y) if end.row else (side, HEADER / 2)), folded


def _attribute(end: Anchor, both: tuple[Point, Point]) -> str:
    return " ".join(f"{value:g}" for value in (end.box, *both[0], *both[1]))


def _middle(each: Crossing) -> list[Element]:
    return [plate(each.found, 14, 0, Side.RIGHT), *mark(worst(each.found), 0, 0)]
