"""Draws lines as SVG groups: the line, a wide one to click, arrowheads, ports, and a mark if it is bad."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.etree.ElementTree import Element

from rayfence.diagram.boxes import Arc, Tap
from rayfence.diagram.connections import Connection, Standing, worst
from rayfence.diagram.elements import Value, classes, element, group, label, numbers, path, title
from rayfence.diagram.rails import LABELS, Side
from rayfence.diagram.words import MONOSPACED, count, fit_ports, ports_of, sentences, width_of

MARKS = {Standing.HOLE: "!", Standing.MISSING: "✕"}
PORT_SIZE, MOST_TOLD = 10.5, 4
BEND, BEND_STEP, MOST_BEND = 22.0, 13.0, 142.0


def tap(tap: Tap, row_edge: float, box_edge: float) -> Element:
    """A level line between its rail and the edge of its row; the ports stand outside the box."""
    left = tap.rail.side is Side.LEFT
    inwards = 1.0 if left else -1.0
    start, end = (tap.rail.edge, row_edge) if tap.coming else (row_edge, tap.rail.edge)
    words = plate(tap.found, box_edge - inwards * 12, tap.y, tap.rail.side)
    marks = mark(worst(tap.found), box_edge - inwards * (LABELS - 14), tap.y)
    ends = [arrow(end, tap.y, inwards if tap.coming else -inwards)]
    if tap.coming:
        ends.append(element("circle", cx=start, cy=tap.y, r=3.5, class_="tip"))
    return line("tap", tap.found, ["M", start, tap.y, "H", end], *ends, words, *marks)


def arc(arc: Arc, x: float) -> Element:
    """A bow at the right of two rows, the wider the further they are apart."""
    bend = min(BEND + BEND_STEP * arc.span, MOST_BEND)
    top, bottom = arc.upper.y + 9, arc.lower.y - 9
    steps: list[Value] = ["M", x, top, "C", x + bend, top, x + bend, bottom, x, bottom]
    ends = [arrow(x, y, -1.0) for y, found in ((bottom, arc.down), (top, arc.up)) if found]
    peak, middle = x + bend * 0.75, (top + bottom) / 2
    words = plate(arc.found, peak + 6, middle, Side.RIGHT)
    return line("arc", arc.found, steps, *ends, words, *mark(worst(arc.found), peak, middle))


def line(
    kind: str, found: Sequence[Connection], steps: Sequence[Value], *more: Element, **attributes: Value
) -> Element:
    """The group of one line, which stands for some connections."""
    return group(
        title(told(found)),
        path(*steps, class_="hit"),
        path(*steps, class_="stroke"),
        *more,
        class_=classes("line", kind, worst(found)),
        role="img",
        data_numbers=numbers(each.number for each in found),
        **attributes,
    )


def told(found: Sequence[Connection]) -> str:
    """What a line stands for: everything of one connection, the first few of many."""
    if len(found) == 1:
        return "\n".join(sentences(found[0]))
    more = [f"and {len(found) - MOST_TOLD} more"] if len(found) > MOST_TOLD else []
    return "\n".join([_heading(found), *(", ".join(sentences(each)) for each in found[:MOST_TOLD]), *more])


def _heading(found: Sequence[Connection]) -> str:
    sources, targets = ({each.source.id for each in found}, {each.target.id for each in found})
    if sources == targets:
        return " ⇄ ".join(sorted(sources))
    return " → ".join(ids.pop() if len(ids) == 1 else count(len(ids), "pod") for ids in (sources, targets))


def plate(found: Sequence[Connection], x: float, y: float, side: Side) -> Element:
    """The ports of a line, on a ground that hides the line; `x` is where they end, or on the right begin."""
    text = fit_ports(ports_of(found), LABELS - 40, PORT_SIZE)
    width = width_of(text, PORT_SIZE, MONOSPACED) + 6
    ground = element("rect", x=x - width + 3 if side is Side.LEFT else x - 3, y=y - 6, width=width, height=12)
    return group(ground, label(x, y, text), class_=f"ports {side}")


def arrow(x: float, y: float, towards: float) -> Element:
    """An arrowhead that ends at a point; `towards` is 1 for one that points to the right, -1 to the left."""
    return path("M", x, y, "l", -8 * towards, -4, "v", 8, "z", class_="tip")


def mark(standing: Standing, x: float, y: float) -> Iterator[Element]:
    """A sign for what is bad, which needs no colour; nothing for the rest."""
    if standing in MARKS:
        sign = label(x, y, MARKS[standing], class_="sign")
        yield group(element("circle", cx=x, cy=y, r=8), sign, class_="mark", aria_hidden="true")
