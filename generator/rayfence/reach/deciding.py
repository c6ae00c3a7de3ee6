"""Decides whether a flow is allowed, in each direction, and which policies and rules decide it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rayfence.reach.policies import DIRECTIONS, EGRESS, INGRESS, Policy, Rule, read
from rayfence.reach.topology import Endpoint, Flow, Topology


@dataclass(frozen=True, slots=True)
class Side:
    """One end of a flow: the policies that close it in this direction, and the rules that let the flow through."""

    closed_by: tuple[str, ...]
    opened_by: tuple[Rule, ...]

    @property
    def passes(self) -> bool:
        """Whether the flow passes this end."""
        return not self.closed_by or bool(self.opened_by)


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


_UNTOUCHED = Side((), ())


class Decider:
    """The union of a topology's policies, read once."""

    def __init__(self, topology: Topology) -> None:
        self._topology = topology
        policies = [read(manifest) for manifest in topology.policies]
        self._closing: Mapping[tuple[Endpoint, str], tuple[Policy, ...]] = {
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

    def closing(self, endpoint: Endpoint, direction: str) -> tuple[Policy, ...]:
        """The policies that isolate an endpoint in a direction."""
        return self._closing[endpoint, direction]

    def _side(self, flow: Flow, endpoint: Endpoint, direction: str) -> Side:
        closing = self._closing[endpoint, direction]
        opening = tuple(
            rule for policy in closing for rule in policy.rules[direction] if rule.lets(flow, self._topology)
        )
        return Side(tuple(policy.name for policy in closing), opening)
