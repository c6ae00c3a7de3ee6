"""Sets of ports as spans, so that a proof covers all 65,535 ports of a protocol and not a sample.

A set is a tuple of spans that neither touch nor overlap, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

PROTOCOLS = ("SCTP", "TCP", "UDP")
LAST = 65535


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """The ports from `first` to `last` of one protocol."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        if (self.first, self.last) == (1, LAST):
            return f"all {self.protocol} ports"
        return f"{self.protocol} {self.first}" + (f"-{self.last}" if self.last > self.first else "")


Spans = tuple[Span, ...]

EVERY_PORT: Spans = tuple(Span(protocol, 1, LAST) for protocol in PROTOCOLS)


def on(ports: Iterable[int], *protocols: str) -> Spans:
    """These single ports, of TCP if no protocol is given."""
    return union(Span(protocol, port, port) for protocol in protocols or ("TCP",) for port in ports)


def union(spans: Iterable[Span]) -> Spans:
    """Any spans, as a set."""
    return tuple(
        Span(protocol, first, last)
        for protocol, those in groupby(sorted(spans), key=lambda span: span.protocol)
        for first, last in _joined(those)
    )


def common(one: Spans, other: Spans) -> Spans:
    """What is in both sets."""
    if one == other or other == EVERY_PORT:
        return one
    if one == EVERY_PORT:
        return other
    return union(
        Span(a.protocol, max(a.first, b.first), min(a.last, b.last))
        for a in one
        for b in other
        if a.protocol == b.protocol and a.first <= b.last and b.first <= a.last
    )


def without(spans: Spans, gone: Spans) -> Spans:
    """What is in the first set and not in the second."""
    for hole in gone:
        spans = tuple(piece for span in spans for piece in _cut(span, hole))
    return spans


def words(spans: Spans) -> tuple[str, ...]:
    """`TCP 8265`, `TCP 9000-9010`, `all TCP ports`, or `all ports` alone."""
    return ("all ports",) if spans == EVERY_PORT else tuple(map(str, spans))


def _joined(spans: Iterable[Span]) -> Iterator[tuple[int, int]]:
    first, last = 0, -1
    for span in spans:
        if span.first > last + 1:
            if first:
                yield first, last
            first, last = span.first, span.last
        last = max(last, span.last)
    if first:
        yield first, last


def _cut(span: Span, hole: Span) -> Iterator[Span]:
    if span.protocol != hole.protocol or span.last < hole.first or hole.last < span.first:
        yield span
        return
    if span.first < hole.first:
        yield Span(span.protocol, span.first, hole.first - 1)
    if hole.last < span.last:
        yield Span(span.protocol, hole.last + 1, span.last)
