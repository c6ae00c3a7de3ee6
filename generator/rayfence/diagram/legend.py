"""Draws the legend: each sign that the picture uses, and its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from rayfence.diagram.connections import Standing
from rayfence.diagram.elements import classes, element, group, label, path
from rayfence.diagram.lines import arrow, mark
from rayfence.diagram.rails_drawn import fence
from rayfence.diagram.words import MEANINGS
from rayfence.reach.findings import GroupKind

WIDTH, HEIGHT = 46.0, 20.0
_MIDDLE = HEIGHT / 2

Entry = tuple[Element, str]


def entries(kinds: frozenset[GroupKind], standings: frozenset[Standing]) -> Iterator[Entry]:
    """A swatch of `WIDTH` x `HEIGHT` and its meaning, for what there is in the picture."""
    for standing in reversed(Standing):
        if standing in standings or standing is Standing.ASKED:
            yield _line(standing), MEANINGS[standing]
    yield group(label(WIDTH - 2, _MIDDLE, "8265"), class_="ports left"), "a TCP port; other protocols are named"
    yield (
        _rail("platform"),
        "a service or a foreign pod: one bar; a line that ends at it with a dot or an arrowhead connects to it",
    )
    if GroupKind.OUTSIDE in kinds:
        yield fence(WIDTH / 2, HEIGHT), "the border; members beyond it belong neither to a tenant nor to the platform"


def _line(standing: Standing) -> Element:
    return group(
        path("M", 2, _MIDDLE, "H", WIDTH - 2, class_="stroke"),
        arrow(WIDTH - 2, _MIDDLE, 1.0),
        *mark(standing, WIDTH / 2 - 4, _MIDDLE),
        class_=classes("line", standing),
    )


def _rail(kind: str) -> Element:
    bar = element("rect", x=4, y=0, width=12, height=HEIGHT, rx=3, class_="bar")
    tip = element("circle", cx=16, cy=_MIDDLE, r=3.5, class_="tip")
    stroke = path("M", 16, _MIDDLE, "H", WIDTH - 2, class_="stroke")
    return group(group(stroke, tip, arrow(WIDTH - 2, _MIDDLE, 1.0), class_="line asked"), bar, class_=f"rail {kind}")
