"""Computes what is open between two endpoints: every port, and which rules allow it at either end.

The result is that of `deciding`, for all ports at once instead of a single flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rayfence.reach.deciding import Decider
from rayfence.reach.policies import EGRESS, INGRESS, Json, Rule
from rayfence.reach.spans import EVERY_PORT, LAST, Span, Spans, common, union
from rayfence.reach.topology import Endpoint, Pod, Topology


@dataclass(frozen=True, slots=True)
class End:
    """One end of a way: the policies that close it, and the rules that open ports there."""

    closed_by: tuple[str, ...]
    opened: tuple[tuple[Rule, Spans], ...]

    @property
    def spans(self) -> Spans:
        """The ports that pass this end."""
        return union(span for _, spans in self.opened for span in spans) if self.closed_by else EVERY_PORT


@dataclass(frozen=True, slots=True)
class Way:
    """From one endpoint to another: the source's egress, the target's ingress, and what passes both."""

    source: Endpoint
    target: Endpoint
    egress: End
    ingress: End
    spans: Spans

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that open any of it."""
        opened = (*self.egress.opened, *self.ingress.opened)
        return tuple(str(rule) for rule, spans in opened if common(spans, self.spans))


class Ways:
    """The ways of one topology, each peer looked at once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._decider = Decider(topology)
        self._named: dict[tuple[int, Endpoint], bool] = {}

    def between(self, source: Endpoint, target: Endpoint) -> Way:
        """The way between two different endpoints."""
        egress = self._end(source, EGRESS, other=target, target=target)
        ingress = self._end(target, INGRESS, other=source, target=target)
        return Way(source, target, egress, ingress, common(egress.spans, ingress.spans))

    def _end(self, endpoint: Endpoint, direction: str, other: Endpoint, target: Endpoint) -> End:
        closing = self._decider.closing(endpoint, direction)
        opening = (rule for policy in closing for rule in policy.rules[direction] if self._names(rule, other))
        return End(
            tuple(policy.name for policy in closing),
            tuple((rule, spans) for rule in opening if (spans := spans_of(rule.value, target))),
        )

    def _names(self, rule: Rule, other: Endpoint) -> bool:
        key = (id(rule), other)
        if key not in self._named:
            self._named[key] = rule.names(other, self._topology)
        return self._named[key]


def spans_of(rule: Json, target: Endpoint) -> Spans:
    """The ports of a rule; what a name stands for is the target's to say."""
    listed = rule.get("ports") or []
    return union(span for port in listed for span in _spans(port, target)) if listed else EVERY_PORT


def _spans(port: Json, target: Endpoint) -> Iterator[Span]:
    protocol, first = port.get("protocol") or "TCP", port.get("port")
    if isinstance(first, str):
        if isinstance(target, Pod) and first in target.ports and target.protocol_of(first) == protocol:
            yield Span(protocol, target.ports[first], target.ports[first])
    elif first is None:
        yield Span(protocol, 1, LAST)
    else:
        yield Span(protocol, first, port.get("endPort") or first)
