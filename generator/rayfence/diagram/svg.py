"""The picture of `rayfence reach` as one SVG file without scripts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files
from xml.etree.ElementTree import Element, tostring

from rayfence.diagram import legend
from rayfence.diagram.connections import Connection, connections
from rayfence.diagram.drawing import draw
from rayfence.diagram.elements import element, group, label, title, worded
from rayfence.diagram.rails import MARGIN
from rayfence.diagram.summary import amounts, standing, verdict
from rayfence.diagram.words import count, fit
from rayfence.reach.findings import Findings

TITLE = "Who can connect to whom"
LINE, SIZE = 24.0, 13.0
MOST_LISTED = 6


def render(findings: Findings) -> str:
    """The text of an SVG file, the same for the same findings."""
    found = connections(findings)
    drawing = draw(findings, found, whole=False)
    head, top = _head(findings, drawing.width)
    foot, height = _foot(findings, found, top + drawing.height)
    words = f"{TITLE}: {amounts(findings)}; {verdict(findings)}"
    parts = [
        title(words),
        worded("style", css()),
        element("rect", width=drawing.width, height=height, class_="canvas"),
        *head,
        group(drawing.body, transform=f"translate(0 {top:g})"),
        foot,
    ]
    return tostring(svg(drawing.width, height, *parts, label=words), encoding="unicode") + "\n"


def svg(width: float, height: float, *parts: Element, label: str) -> Element:
    """An `svg` element of that size."""
    return element(
        "svg",
        *parts,
        class_="picture",
        role="graphics-document document",
        aria_label=label,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=width,
        height=height,
    )


def css() -> str:
    """How the picture looks, alone and in a page."""
    return (files("rayfence.diagram") / "page" / "picture.css").read_text(encoding="utf-8")


def _head(findings: Findings, width: float) -> tuple[list[Element], float]:
    """The title, the answer, the first counterexamples, and the y below them."""
    room = width - 2 * MARGIN
    lines = [each.line for each in findings.counterexamples[:MOST_LISTED]]
    if (hidden := len(findings.counterexamples) - MOST_LISTED) > 0:
        lines.append(f"and {count(hidden, 'more counterexample')}")
    rows = [
        label(MARGIN, 30, TITLE, class_="title"),
        label(MARGIN, 56, f"{amounts(findings)}; {verdict(findings)}", class_=f"verdict {standing(findings)}"),
        *(
            label(MARGIN, 56 + LINE * n, f"! {fit(each, room, SIZE)}", class_="against")
            for n, each in enumerate(lines, 1)
        ),
    ]
    return rows, 56 + LINE * len(lines) + 22


def _foot(findings: Findings, found: Sequence[Connection], top: float) -> tuple[Element, float]:
    """The legend, and the y below it."""
    kinds, standings = frozenset(each.kind for each in findings.groups), frozenset(each.standing for each in found)
    rows = list(_rows(legend.entries(kinds, standings)))
    return group(*rows, transform=f"translate({MARGIN:g} {top:g})", class_="legend"), top + LINE * len(rows) + 10


def _rows(entries: Iterator[legend.Entry]) -> Iterator[Element]:
    for number, (swatch, meaning) in enumerate(entries):
        words = label(legend.WIDTH + 12, legend.HEIGHT / 2, meaning)
        yield group(swatch, words, transform=f"translate(0 {LINE * number:g})")
