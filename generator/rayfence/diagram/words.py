"""Prepares names and ports for the picture: printable, and shortened to fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from unicodedata import east_asian_width

from rayfence.diagram.connections import Connection, Standing
from rayfence.model.outcome import visible

# The widest of the fonts a browser may take, in em a character; there is nobody here to measure.
PROPORTIONAL, MONOSPACED = 0.6, 0.61

MEANINGS = {
    Standing.ASKED: "allowed, as configured",
    Standing.UNASKED: "allowed, though nothing configured asks for it",
    Standing.HOLE: "open, and must not be",
    Standing.MISSING: "closed, and Ray needs it",
}


def fit(text: str, width: float, size: float, em: float = PROPORTIONAL) -> str:
    """The text, without its middle where it is wider than `width` pixels in a font of `size`."""
    text, room = visible(text), int(width / (size * em))
    if _columns(text) <= room:
        return text
    head, tail = (room - 1) - (room - 1) // 2, (room - 1) // 2
    return f"{_start(text, head)}…{_start(text[::-1], tail)[::-1]}"


def width_of(text: str, size: float, em: float = PROPORTIONAL) -> float:
    """How wide a text is at most, in pixels."""
    return _columns(text) * size * em


def short_ports(ports: Iterable[str]) -> str:
    """`8265, 8000` or `53 UDP+TCP`: TCP goes without saying where it is alone."""
    protocols: dict[str, list[str]] = {}
    others = []
    for port in ports:
        match port.split(" "):
            case [("TCP" | "UDP" | "SCTP") as protocol, number]:
                protocols.setdefault(number, []).append(protocol)
            case _:
                others.append(port.replace(" ports", "") if port != "all ports" else port)
    numbered = (n if names == ["TCP"] else f"{n} {'+'.join(names)}" for n, names in protocols.items())
    return visible(", ".join([*others, *numbered]))


def fit_ports(ports: Sequence[str], width: float, size: float) -> str:
    """The ports in short, or how many they are where there is no room for them."""
    short = short_ports(ports)
    return short if width_of(short, size, MONOSPACED) <= width else count(len(ports), "port")


def ports_of(found: Iterable[Connection]) -> tuple[str, ...]:
    """The ports of several connections, each once."""
    return tuple(dict.fromkeys(port for each in found for port in each.ports))


def sentences(connection: Connection) -> list[str]:
    """All there is to say of a connection: who to whom, on which ports, how good that is, and by which rules."""
    ends = f"{connection.source.id} → {connection.target.id}"
    rules = [f"by {rule}" for rule in connection.rules]
    return [ends, ", ".join(connection.ports), MEANINGS[connection.standing], *rules, *connection.against]


def count(number: int, noun: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _start(text: str, room: int) -> str:
    taken = 0
    for index, char in enumerate(text):
        taken += _columns(char)
        if taken > room:
            return text[:index]
    return text
