"""Reads a NetworkPolicy manifest: which pods it selects, and which peers and ports it allows in which directions.

It follows the API with its defaults. An empty `from`, `to` or `ports` matches everything. A policy without
`policyTypes` denies ingress by default, and egress too if it has egress rules. `NotIn` matches if the key is missing.

A set of ports is a tuple of ranges that neither touch nor overlap, in order. So a proof covers all 65,535 ports of a
protocol and not a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import groupby
from typing import Any

from rayfence.reach.topology import Address, Endpoint, Flow, Pod, Topology

INGRESS, EGRESS = "Ingress", "Egress"
DIRECTIONS = (INGRESS, EGRESS)

Json = Mapping[str, Any]
Labels = Mapping[str, str]

PROTOCOLS = ("SCTP", "TCP", "UDP")
LAST_PORT = 65535

# Direction -> the key of its rules in a policy's spec, and of the peers in a rule.
_KEYS = {INGRESS: ("ingress", "from"), EGRESS: ("egress", "to")}


@dataclass(frozen=True, slots=True, order=True)
class PortRange:
    """The ports from `first` to `last` of one protocol."""

    protocol: str
    first: int
    last: int

    def __str__(self) -> str:
        if (self.first, self.last) == (1, LAST_PORT):
            return f"all {self.protocol} ports"
        return f"{self.protocol} {self.first}" + (f"-{self.last}" if self.last > self.first else "")


PortSet = tuple[PortRange, ...]

ALL_PORTS: PortSet = tuple(PortRange(protocol, 1, LAST_PORT) for protocol in PROTOCOLS)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy, `number` counting from 0."""

    policy: str
    direction: str
    number: int
    namespace: str
    value: Json

    def __str__(self) -> str:
        return f"{self.policy} {_KEYS[self.direction][0]}[{self.number}]"

    def allows(self, flow: Flow, topology: Topology) -> bool:
        """Whether it allows a flow of a pod that its policy selects."""
        other = flow.source if self.direction == INGRESS else flow.target
        ports = self.value.get("ports") or []
        return self.matches_peer(other, topology) and (not ports or any(_is_port(port, flow) for port in ports))

    def matches_peer(self, other: Endpoint, topology: Topology) -> bool:
        """Whether the other end of a flow is one of its peers."""
        return not self.peers or any(_is_peer(peer, other, self.namespace, topology) for peer in self.peers)

    def allowed_ports(self, target: Endpoint) -> PortSet:
        """The ports that it allows to a target, which alone knows what a named port is."""
        listed = self.value.get("ports") or []
        return union(each for port in listed for each in _ranges(port, target)) if listed else ALL_PORTS

    @property
    def peers(self) -> list[Json]:
        """The peers that it lists. An empty list matches every endpoint."""
        return self.value.get(_KEYS[self.direction][1]) or []


@dataclass(frozen=True, slots=True)
class Policy:
    """One NetworkPolicy; `name` is `namespace/name`."""

    name: str
    namespace: str
    selector: Json
    rules: Mapping[str, tuple[Rule, ...]]

    def selects(self, endpoint: Endpoint) -> bool:
        """Whether it isolates an endpoint, in the directions that `rules` has."""
        if not isinstance(endpoint, Pod):
            return False
        return endpoint.namespace == self.namespace and selects(self.selector, endpoint.labels)


def read(manifest: Json) -> Policy:
    """A manifest of kind NetworkPolicy, taken as the API server would have taken it."""
    metadata, spec = manifest["metadata"], manifest.get("spec") or {}
    namespace = metadata.get("namespace") or "default"
    name = f"{namespace}/{metadata['name']}"
    closed = spec.get("policyTypes") or [INGRESS, *([EGRESS] if spec.get("egress") else [])]
    rules = {
        direction: tuple(
            Rule(name, direction, number, namespace, value)
            for number, value in enumerate(spec.get(_KEYS[direction][0]) or [])
        )
        for direction in DIRECTIONS
        if direction in closed
    }
    return Policy(name, namespace, spec.get("podSelector") or {}, rules)


def selects(selector: Json, labels: Labels) -> bool:
    """Whether a label selector holds; the empty one always does."""
    wanted = (selector.get("matchLabels") or {}).items()
    # A null in YAML is an empty value to the API server, which only a label that is there can have.
    return all(labels.get(key) == (value or "") for key, value in wanted) and all(
        _OPERATORS[each["operator"]](labels.get(each["key"]), each.get("values") or [])
        for each in selector.get("matchExpressions") or []
    )


_OPERATORS: Mapping[str, Callable[[str | None, list[str]], bool]] = {
    "In": lambda value, values: value in values,
    "NotIn": lambda value, values: value not in values,
    "Exists": lambda value, values: value is not None,
    "DoesNotExist": lambda value, values: value is None,
}


def _is_peer(peer: Json, other: Endpoint, namespace: str, topology: Topology) -> bool:
    block = peer.get("ipBlock")
    if block is not None:
        return _in_block(block, other.ip)
    if isinstance(other, Address):
        return False
    spaces, pods = peer.get("namespaceSelector"), peer.get("podSelector")
    there = other.namespace == namespace if spaces is None else selects(spaces, topology.labels_of(other.namespace))
    return there and (pods is None or selects(pods, other.labels))


def _in_block(block: Json, ip: str) -> bool:
    # Which addresses a network plugin compares is its own affair; of a pod it is taken to be the pod's.
    address = ip_address(ip)
    return address in ip_network(block["cidr"], strict=False) and not any(
        address in ip_network(hole, strict=False) for hole in block.get("except") or []
    )


def _is_port(port: Json, flow: Flow) -> bool:
    if (port.get("protocol") or "TCP") != flow.protocol:
        return False
    first = port.get("port")
    if isinstance(first, str):
        return _is_named(first, flow)
    return first is None or first <= flow.port <= (port.get("endPort") or first)


def _is_named(name: str, flow: Flow) -> bool:
    # A name is the target's, also in an egress rule.
    if not isinstance(flow.target, Pod) or flow.target.protocol_of(name) != flow.protocol:
        return False
    return flow.target.ports.get(name) == flow.port


def _ranges(port: Json, target: Endpoint) -> Iterator[PortRange]:
    protocol, first = port.get("protocol") or "TCP", port.get("port")
    if isinstance(first, str):
        if isinstance(target, Pod) and first in target.ports and target.protocol_of(first) == protocol:
            yield PortRange(protocol, target.ports[first], target.ports[first])
    elif first is None:
        yield PortRange(protocol, 1, LAST_PORT)
    else:
        yield PortRange(protocol, first, port.get("endPort") or first)


def single_ports(ports: Iterable[int], *protocols: str) -> PortSet:
    """These single ports, of TCP if no protocol is given."""
    return union(PortRange(protocol, port, port) for protocol in protocols or ("TCP",) for port in ports)


def union(ports: Iterable[PortRange]) -> PortSet:
    """Any ranges, as a set."""
    return tuple(
        PortRange(protocol, first, last)
        for protocol, those in groupby(sorted(ports), key=lambda each: each.protocol)
        for first, last in _joined(those)
    )


def intersection(one: PortSet, other: PortSet) -> PortSet:
    """What is in both sets."""
    if one == other or other == ALL_PORTS:
        return one
    if one == ALL_PORTS:
        return other
    return union(
        PortRange(a.protocol, max(a.first, b.first), min(a.last, b.last))
        for a in one
        for b in other
        if a.protocol == b.protocol and a.first <= b.last and b.first <= a.last
    )


def difference(ports: PortSet, gone: PortSet) -> PortSet:
    """What is in the first set and not in the second."""
    for hole in gone:
        ports = tuple(piece for each in ports for piece in _cut(each, hole))
    return ports


def port_texts(ports: PortSet) -> tuple[str, ...]:
    """`TCP 8265`, `TCP 9000-9010`, `all TCP ports`, or `all ports` alone."""
    return ("all ports",) if ports == ALL_PORTS else tuple(map(str, ports))


def _joined(ports: Iterable[PortRange]) -> Iterator[tuple[int, int]]:
    first, last = 0, -1
    for each in ports:
        if each.first > last + 1:
            if first:
                yield first, last
            first, last = each.first, each.last
        last = max(last, each.last)
    if first:
        yield first, last


def _cut(each: PortRange, hole: PortRange) -> Iterator[PortRange]:
    if each.protocol != hole.protocol or each.last < hole.first or hole.last < each.first:
        yield each
        return
    if each.first < hole.first:
        yield PortRange(each.protocol, each.first, hole.first - 1)
    if hole.last < each.last:
        yield PortRange(each.protocol, hole.last + 1, each.last)
