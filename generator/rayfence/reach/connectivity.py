"""Computes what one endpoint can open to another: whether a flow is allowed, on which ports, and by which rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rayfence.reach.policies import (
    ALL_PORTS,
    DIRECTIONS,
    EGRESS,
    INGRESS,
    Policy,
    PortSet,
    Rule,
    intersection,
    read,
    union,
)
from rayfence.reach.topology import Address, Endpoint, Flow, Topology

# More policies than this close a pod only when many say the same.
MANY = 3
_VERBS = {EGRESS: "out", INGRESS: "in"}


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a flow: the policies that isolate it in this direction, and the rules that allow the flow."""

    isolated_by: tuple[str, ...]
    allowed_by: tuple[Rule, ...]

    @property
    def passes(self) -> bool:
        """Whether the flow passes this end."""
        return not self.isolated_by or bool(self.allowed_by)


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a flow: it must pass the source's egress and the target's ingress."""

    flow: Flow
    egress: Side
    ingress: Side

    @property
    def allowed(self) -> bool:
        """Whether the connection comes about."""
        return self.egress.passes and self.ingress.passes


@dataclass(frozen=True, slots=True)
class EndPorts:
    """One end of a connection: the policies that isolate it, and the rules that allow ports there."""

    isolated_by: tuple[str, ...]
    allowed: tuple[tuple[Rule, PortSet], ...]

    @property
    def ports(self) -> PortSet:
        """The ports that pass this end."""
        return union(each for _, ports in self.allowed for each in ports) if self.isolated_by else ALL_PORTS


@dataclass(frozen=True, slots=True)
class Reachability:
    """From one endpoint to another: the source's egress, the target's ingress, and the ports that pass both."""

    source: Endpoint
    target: Endpoint
    egress: EndPorts
    ingress: EndPorts
    ports: PortSet


_UNTOUCHED = Side((), ())


class Connectivity:
    """Who can connect to whom under the policies of a topology, which are read once.

    The port of a single flow and the set of all open ports are computed separately; tests compare the two.
    """

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        self._matches: dict[tuple[int, Endpoint], bool] = {}
        policies = [read(manifest) for manifest in topology.policies]
        self._isolating: Mapping[tuple[Endpoint, str], tuple[Policy, ...]] = {
            (endpoint, direction): tuple(
                policy for policy in policies if direction in policy.rules and policy.selects(endpoint)
            )
            for endpoint in topology.endpoints
            for direction in DIRECTIONS
        }

    def decide(self, flow: Flow) -> Decision:
        """What becomes of a flow between two endpoints of the topology. A pod always reaches itself."""
        if flow.source == flow.target:
            return Decision(flow, _UNTOUCHED, _UNTOUCHED)
        return Decision(flow, self._side(flow, flow.source, EGRESS), self._side(flow, flow.target, INGRESS))

    def between(self, source: Endpoint, target: Endpoint) -> Reachability:
        """All ports that are open between two different endpoints of the topology."""
        egress = self._end(source, EGRESS, other=target, target=target)
        ingress = self._end(target, INGRESS, other=source, target=target)
        return Reachability(source, target, egress, ingress, intersection(egress.ports, ingress.ports))

    def _side(self, flow: Flow, endpoint: Endpoint, direction: str) -> Side:
        isolating = self._isolating[endpoint, direction]
        allowing = tuple(
            rule for policy in isolating for rule in policy.rules[direction] if rule.allows(flow, self._topology)
        )
        return Side(tuple(policy.name for policy in isolating), allowing)

    def _end(self, endpoint: Endpoint, direction: str, other: Endpoint, target: Endpoint) -> EndPorts:
        isolating, allowed = self._isolating[endpoint, direction], list[tuple[Rule, PortSet]]()
        for rule in (rule for policy in isolating for rule in policy.rules[direction]):
            # Each rule meets each endpoint many times, so its answer is kept.
            key = (id(rule), other)
            if key not in self._matches:
                self._matches[key] = rule.matches_peer(other, self._topology)
            if self._matches[key] and (ports := rule.allowed_ports(target)):
                allowed.append((rule, ports))
        return EndPorts(tuple(policy.name for policy in isolating), tuple(allowed))


def why_denied(decision: Decision) -> str:
    """Of a flow that is not allowed: the policies that isolate its ends."""
    sides = ((EGRESS, decision.flow.source, decision.egress), (INGRESS, decision.flow.target, decision.ingress))
    return "; ".join(_denied(direction, endpoint, side) for direction, endpoint, side in sides if not side.passes)


def explain(decision: Decision) -> Iterator[str]:
    """What happens to a flow at its source, and what at its target."""
    yield _explain(EGRESS, decision.flow.source, decision.egress)
    yield _explain(INGRESS, decision.flow.target, decision.ingress)


def _explain(direction: str, endpoint: Endpoint, side: Side) -> str:
    if not side.isolated_by:
        what = "is no pod, so no policy selects it" if isinstance(endpoint, Address) else "is closed by nothing"
        return f"{direction.lower()} of {endpoint} {what}"
    if not side.passes:
        return _denied(direction, endpoint, side)
    return f"{direction.lower()} of {endpoint} is opened by {_list(list(map(str, side.allowed_by)))}"


def _denied(direction: str, endpoint: Endpoint, side: Side) -> str:
    by = _list(side.isolated_by)
    return f"{direction.lower()} of {endpoint} is closed by {by}, and no rule lets this {_VERBS[direction]}"


def _list(names: Sequence[str]) -> str:
    shown = names if len(names) <= MANY else names[: MANY - 1]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
