"""Verifies the three proofs for one tenant. Each counterexample is one line.

runs: all flows that Ray and the config need are open. isolated: nothing else is open, on any port of any protocol.
minimal: each rule is the only one that allows some needed flow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, permutations

from rayfence.reach.cluster_model import ClusterMember, ClusterModel
from rayfence.reach.connectivity import Connectivity, Decision, Reachability, why_denied
from rayfence.reach.findings import Counterexample, Edge, Proof
from rayfence.reach.policies import PortSet, Rule, difference, intersection, port_texts, read
from rayfence.reach.requirements import Requirement, intended_ports, requirements
from rayfence.reach.topology import Address

Decided = Sequence[tuple[Requirement, Decision]]

# Policies of rules that a tenant wrote itself: whether they are needed is for the tenant to say.
CLEANUP = "rayfence-redis-cleanup"
OWN_RULES = ("rayfence-head", "rayfence-worker", CLEANUP)
NOT_ISOLATED = "nothing closes it"

# Ranges of ports that one line can hold.
MAX_RANGES = 3


@dataclass(frozen=True, slots=True)
class TenantProofs:
    """The result for one tenant. `notes` are assumptions, and unneeded rules that refute nothing."""

    counterexamples: tuple[Counterexample, ...]
    edges: tuple[Edge, ...]
    asked: dict[Proof, int]
    notes: tuple[str, ...]


def prove(model: ClusterModel) -> TenantProofs:
    """All three proofs about the tenant of a model."""
    connectivity = Connectivity(model.topology)
    decided = [(each, connectivity.decide(each.flow)) for each in requirements(model)]
    connections = list(open_connections(model, connectivity))
    useless, idle = _unneeded_by_kind(model, decided)
    return TenantProofs(
        (*not_running(decided), *not_isolated(model, connections), *useless),
        tuple(chain.from_iterable(_edges(connection, unintended) for connection, unintended in connections)),
        {
            Proof.RUNS: len(decided),
            Proof.ISOLATED: sum(1 for _ in _pairs(model)),
            Proof.MINIMAL: sum(1 for _ in _rules(model)) - len(idle),
        },
        (*_assumed(model), *(f"{rule}: nothing here needs it" for rule in idle if not _is_repeated(rule))),
    )


def _assumed(model: ClusterModel) -> Iterator[str]:
    for redis, found in model.redis.items():
        if redis.namespace and isinstance(found.endpoint, Address):
            yield f"{redis} is taken to be at {found.endpoint.ip}, which a rule of {model.tenant.name} names"


def _is_repeated(rule: Rule) -> bool:
    """Whether it repeats a rule of `network.head.egress`."""
    return rule.policy.endswith(f"/{CLEANUP}")


def not_running(decided: Decided) -> Iterator[Counterexample]:
    """Required flows that are denied: one for each pair and reason, at the first of its ports.

    Each reason comes once before any comes again, because a reader sees the first few.
    """
    denied = [(required, decision) for required, decision in decided if not decision.allowed]
    pairs = groupby(denied, key=lambda each: (each[0].flow.source, each[0].flow.target, each[0].reason))
    seen, found = Counter[str](), list[tuple[int, Counterexample]]()
    for (_, _, reason), group in pairs:
        (required, decision), *others = group
        found.append((seen[reason], _missing(required, decision, len(others))))
        seen[reason] += 1
    yield from (each for _, each in sorted(found, key=lambda pair: pair[0]))


def _missing(required: Requirement, decision: Decision, others: int) -> Counterexample:
    flow, also = required.flow, f" (and {others} more of its ports)" if others else ""
    remedy = f"; {required.remedy}" if required.remedy else ""
    line = f"{flow}{also} must be open, for {required.reason}: {why_denied(decision)}{remedy}"
    return Counterexample(Proof.RUNS, line, str(flow.source), str(flow.target), f"{flow.protocol} {flow.port}")


def open_connections(model: ClusterModel, connectivity: Connectivity) -> Iterator[tuple[Reachability, PortSet]]:
    """Every connection to, from and among the tenant's pods that is open on some port, and its unintended ports."""
    for source, target in _pairs(model):
        found = connectivity.between(source.endpoint, target.endpoint)
        if found.ports:
            yield found, difference(found.ports, intended_ports(model, source, target))


def not_isolated(model: ClusterModel, connections: Sequence[tuple[Reachability, PortSet]]) -> Iterator[Counterexample]:
    """Open ports that no configuration intends, the worst first: one for each pair, at the first of its ports."""
    for connection, unintended in sorted(connections, key=lambda each: _severity(model, each[0])):
        if unintended:
            ends = f"{connection.source} -> {connection.target}"
            line = f"{ends} is open on {_listed(port_texts(unintended))}, and no configuration asks for that"
            first = next((each for each in unintended if each.protocol == "TCP"), unintended[0])
            yield Counterexample(
                Proof.ISOLATED,
                f"{line}: {', '.join(_allowing_rules(connection, unintended))}",
                str(connection.source),
                str(connection.target),
                f"{first.protocol} {first.first}",
            )


def unneeded(model: ClusterModel, decided: Decided) -> list[Rule]:
    """The rules of the network layer without any of which all required flows stay allowed."""
    rules = {str(rule): rule for rule in _rules(model)}
    sides = (side for _, decision in decided if decision.allowed for side in (decision.egress, decision.ingress))
    # Other policies may allow the same, but may be removed again.
    allowing = ([str(rule) for rule in side.allowed_by if str(rule) in rules] for side in sides)
    needed = {those[0] for those in allowing if len(those) == 1}
    return [rule for name, rule in rules.items() if name not in needed]


def _unneeded_by_kind(model: ClusterModel, decided: Decided) -> tuple[list[Counterexample], list[Rule]]:
    """Unneeded rules: those that refute the proof, and those that other objects or the tenant itself may need."""
    rules = unneeded(model, decided)
    useless = [rule for rule in rules if model.scenario.sampled and rule.policy.rpartition("/")[2] not in OWN_RULES]
    line = "without it everything that Ray and the config need stays open"
    return [Counterexample(Proof.MINIMAL, f"{rule}: {line}") for rule in useless], [
        rule for rule in rules if rule not in useless
    ]


def _rules(model: ClusterModel) -> Iterator[Rule]:
    for policy in map(read, model.scenario.network_layer[model.tenant.name]):
        yield from chain.from_iterable(policy.rules.values())


def _pairs(model: ClusterModel) -> Iterator[tuple[ClusterMember, ClusterMember]]:
    pairs = permutations(model.members.values(), 2)
    return ((source, target) for source, target in pairs if model.tenant in (source.tenant, target.tenant))


def _severity(model: ClusterModel, connection: Reachability) -> int:
    """How little an open connection can do: between tenants, from outside, to the outside, within the tenant."""
    source, target = (model.members[each].tenant for each in (connection.source, connection.target))
    if source is target:
        return 3
    return 0 if source and target else 1 if target else 2


def _listed(ports: tuple[str, ...]) -> str:
    return ", ".join(ports) if len(ports) <= MAX_RANGES else f"{ports[0]} and {len(ports) - 1} more ranges"


def _edges(connection: Reachability, unintended: PortSet) -> Iterator[Edge]:
    for ports, is_named in ((difference(connection.ports, unintended), True), (unintended, False)):
        if ports:
            yield Edge(
                str(connection.source),
                str(connection.target),
                port_texts(ports),
                tuple(_allowing_rules(connection, ports)),
                is_named,
            )


def _allowing_rules(connection: Reachability, ports: PortSet) -> list[str]:
    """The rules that allow these ports at either end, or that no policy isolates an end."""
    ends = (connection.egress, connection.ingress)
    allowed = [str(rule) for end in ends for rule, those in end.allowed if intersection(those, ports)]
    return allowed or [NOT_ISOLATED]
