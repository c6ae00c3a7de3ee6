"""The table rows of `rayfence reach` for each tenant namespace. Connections that the same rules allow share a row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rayfence.reach.findings import Edge, Findings, Group, GroupKind, Role

EACH_OTHER = "each other"
ALL_PORTS = ("all ports",)

_NUMBERED = re.compile(r"-\d+$")

Names = tuple[str, ...]
Pairs = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Row:
    """Each of `sources` reaches each of `targets`, on at least these ports, by these rules."""

    sources: Names
    targets: Names
    ports: Names
    rules: Names
    named: bool


@dataclass(frozen=True, slots=True)
class Kind:
    """What is opened, and by what."""

    ports: Names
    rules: Names
    named: bool
    inside: bool

    def is_part_of(self, edge: Edge) -> bool:
        """Whether an edge is opened in this way as well as by further rules."""
        wider = edge.ports == ALL_PORTS or set(self.ports) <= set(edge.ports)
        return wider and edge.named_by_config == self.named and set(self.rules) < set(edge.rules)


def tables(findings: Findings) -> Iterator[tuple[Group, str, list[Row]]]:
    """Tenant, namespace, rows. An edge between two namespaces of a tenant is in the table of its source."""
    for group in findings.groups:
        if group.kind is GroupKind.TENANT:
            for namespace in group.namespaces:
                yield group, namespace, list(_rows(_edges(findings.edges, group, namespace), group, namespace))


def _edges(edges: Iterable[Edge], group: Group, namespace: str) -> Iterator[Edge]:
    own = {member.id: member.namespace for member in group.members if _is_own(member.role)}
    for edge in edges:
        if own.get(edge.source_id, own.get(edge.target_id)) == namespace:
            yield edge


def _rows(edges: Iterable[Edge], group: Group, namespace: str) -> Iterator[Row]:
    for kind, pairs in _by_kind(list(edges), {member.id for member in group.members}).items():
        rules = tuple(rule.removeprefix(f"{namespace}/") for rule in kind.rules)
        for sources, targets in _products(pairs):
            to = (EACH_OTHER,) if sources == targets else _names(targets, group, namespace)
            yield Row(_names(sources, group, namespace), to, kind.ports, rules, kind.named)


def _by_kind(edges: Sequence[Edge], own: set[str]) -> dict[Kind, Pairs]:
    """Who reaches whom in which way; what is open by many rules may be open by fewer as well."""
    kinds = dict.fromkeys(_rest(edge, [], own) for edge in edges)
    found: dict[Kind, Pairs] = {}
    for edge in edges:
        narrower = [kind for kind in kinds if kind.inside == _is_inside(edge, own) and kind.is_part_of(edge)]
        rest = _rest(edge, [kind for kind in narrower if kind.ports != edge.ports], own)
        for kind in (rest, *narrower):
            found.setdefault(kind, {}).setdefault(edge.source_id, []).append(edge.target_id)
    return found


def _rest(edge: Edge, narrower: Sequence[Kind], own: set[str]) -> Kind:
    """What remains to show of an edge after its narrower kinds."""
    told_ports = {port for kind in narrower for port in kind.ports}
    told_rules = {rule for kind in narrower for rule in kind.rules}
    ports = tuple(port for port in edge.ports if port not in told_ports)
    rules = tuple(rule for rule in edge.rules if rule not in told_rules)
    if not ports or not rules:
        ports, rules = edge.ports, edge.rules
    return Kind(ports, rules, edge.named_by_config, _is_inside(edge, own))


def _is_inside(edge: Edge, own: set[str]) -> bool:
    return edge.source_id in own and edge.target_id in own


def _products(pairs: Mapping[str, list[str]]) -> Iterator[tuple[Names, Names]]:
    """Sources and targets of which each source reaches each target, but for itself."""
    circles = _grouped({source: sorted([source, *targets]) for source, targets in pairs.items()})
    closed = [circle for circle, sources in circles.items() if sorted(sources) == list(circle)]
    yield from ((circle, circle) for circle in closed)
    inside = {each for circle in closed for each in circle}
    for targets, sources in _grouped({each: pairs[each] for each in pairs if each not in inside}).items():
        yield tuple(sources), targets


def _grouped(reached: Mapping[str, Sequence[str]]) -> dict[Names, list[str]]:
    found: dict[Names, list[str]] = {}
    for source, targets in reached.items():
        found.setdefault(tuple(targets), []).append(source)
    return found


def _names(ids: Sequence[str], group: Group, namespace: str) -> Names:
    """Names as short as they can be in the table of a namespace."""
    short, rest = [], list(dict.fromkeys(ids))
    for each in group.namespaces:
        pods = [member.id for member in group.members if member.namespace == each and _is_own(member.role)]
        if len(pods) > 1 and set(pods) <= set(rest):
            short.append("every pod" if each == namespace else f"every pod of {each}")
            rest = [name for name in rest if name not in pods]
    return (*short, *_starred(name.removeprefix(f"{namespace}/") for name in rest))


def _starred(names: Iterable[str]) -> list[str]:
    """Pods that differ in their last number alone become one name with a star."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_NUMBERED.sub("-*", name), []).append(name)
    return [pattern if len(alike) > 1 else alike[0] for pattern, alike in found.items()]


def _is_own(role: Role) -> bool:
    return role not in (Role.FORGED, Role.PEER)
