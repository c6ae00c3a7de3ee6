"""Makes the endpoints that rules refer to, so that everything a rule allows is seen.

A peer that names namespaces gets a pod in each of them. A peer that selects namespaces by other labels gets a pod in a
synthetic namespace, because any namespace may be given these labels.

The manifest of a RayCluster has the address of its Redis, not the labels of the pods behind it. `reach` assumes that
Redis has the labels that a rule for its namespace and port selects, because the author of that rule knew them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import chain, islice

from rayfence.model.config import RoleRules, Tenant
from rayfence.model.metadata_services import SERVICES
from rayfence.reach.findings import Role
from rayfence.reach.policies import (
    DIRECTIONS,
    EGRESS,
    INGRESS,
    Json,
    Rule,
    intersection,
    read,
    selects,
    single_ports,
)
from rayfence.reach.redis import Redis
from rayfence.reach.topology import NAME_LABEL, Address, Pod

Labels = Mapping[str, str]

# Where a host outside of the cluster is, while no rule says it: in a range that is reserved for examples.
EXTERNAL_IP = "198.51.100.10"
REDIS_PORT_NAME = "redis"


@dataclass(frozen=True, slots=True)
class PeerPod:
    """A pod that a peer matches. `namespace_labels` are set if the namespace is synthetic."""

    namespace: str
    labels: Labels
    namespace_labels: Labels | None = None


@dataclass(frozen=True, slots=True)
class PeerAddress:
    """An address that a peer matches."""

    cidr: str
    ip: str


SamplePeer = PeerPod | PeerAddress


def peers_of(policies: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Every peer of every rule, with the namespace of its policy."""
    for policy in map(read, policies):
        for rule in chain.from_iterable(policy.rules.values()):
            yield from ((policy.namespace, peer) for peer in rule.peers)


def sample_peers(peer: Json, namespace: str) -> Iterator[SamplePeer]:
    """What a peer of a policy in `namespace` matches: nothing if its selectors contradict themselves."""
    if (block := peer.get("ipBlock")) is not None:
        yield from _addresses_in(block)
        return
    pods, spaces = labels_for(peer.get("podSelector") or {}), peer.get("namespaceSelector")
    if pods is None:
        return
    if spaces is None:
        yield PeerPod(namespace, pods)
    elif (named := named_namespaces(spaces)) is not None:
        yield from (PeerPod(each, pods) for each in named)
    elif (labels := labels_for(spaces)) is not None:
        yield PeerPod("-".join(["any", *labels.values()]), pods, labels)


def named_namespaces(selector: Json) -> list[str] | None:
    """The namespaces that a selector names, None if it selects by other labels."""
    found = [[value] for key, value in (selector.get("matchLabels") or {}).items() if key == NAME_LABEL]
    found += [
        each.get("values") or []
        for each in selector.get("matchExpressions") or []
        if (each["key"], each["operator"]) == (NAME_LABEL, "In")
    ]
    return sorted(set(found[0]).intersection(*found[1:])) if found else None


def labels_for(selector: Json) -> dict[str, str] | None:
    """Labels that a selector matches, None if it contradicts itself."""
    labels = {key: value or "" for key, value in (selector.get("matchLabels") or {}).items()}
    for each in selector.get("matchExpressions") or []:
        if each["operator"] in ("In", "Exists"):
            labels.setdefault(each["key"], (each.get("values") or ["any"])[0])
    return labels if selects(selector, labels) else None


def own_rules(tenant: Tenant, role: Role, namespace: str) -> Iterator[Rule]:
    """The rules that a tenant's config has for one role, as if they stood in a policy of a namespace."""
    network = tenant.network
    match role:
        case Role.HEAD:
            field, rules = "network.head", network.head
        case Role.WORKER:
            field, rules = "network.worker", network.worker
        case Role.CLEANUP:
            # The pod that clears a head's Redis must get to where the head did.
            field, rules = "network.head", RoleRules(egress=network.head.egress)
        case _:
            return
    written: Mapping[str, Iterable[Json]] = {INGRESS: rules.ingress, EGRESS: rules.egress}
    for direction in DIRECTIONS:
        for number, value in enumerate(written[direction]):
            yield Rule(field, direction, number, namespace, value)


def own_peers(tenant: Tenant) -> Iterator[tuple[str, Json]]:
    """The peers in the tenant's own rules, with each namespace of the tenant."""
    for namespace in tenant.namespaces:
        for role in (Role.HEAD, Role.WORKER):
            yield from ((namespace, peer) for rule in own_rules(tenant, role, namespace) for peer in rule.peers)


def redis_endpoint(redis: Redis, policies: Iterable[Json], ip: str, *, owned: bool) -> Pod | Address:
    """The endpoint of a Redis, given the policies of the tenant that uses it.

    A Service is a pod with this `ip`. Where no rule names its namespace, it may stand for an address: the Service may
    have no pods, as one has none that points out of the cluster. What is in an `owned` namespace is a pod.
    """
    rules = list(_egress_rules_for(policies, redis.port))
    if not redis.namespace:
        return _external_address(redis.host, rules)
    labels = _selected_labels(rules, redis.namespace)
    if labels is None and not owned:
        listed = [rule for rule in rules if rule.value.get("ports")]
        if ip_of_rule := _address_in(listed):
            return Address(str(redis), ip_of_rule)
    return Pod(redis.namespace, redis.host, ip, labels or {}, {REDIS_PORT_NAME: redis.port})


def _external_address(host: str, rules: Iterable[Rule]) -> Address:
    try:
        return Address(host, str(ip_address(host)))
    except ValueError:
        return Address(host, _address_in(rules) or EXTERNAL_IP)


def _addresses_in(block: Json) -> Iterator[PeerAddress]:
    """An address of the range, and each metadata service in it."""
    network = ip_network(block["cidr"], strict=False)
    holes = [ip_network(hole, strict=False) for hole in block.get("except") or []]

    def is_inside(address: IPv4Address | IPv6Address) -> bool:
        return address in network and not any(address in hole for hole in holes)

    # Just behind a hole there is an address that is not in it.
    candidates = [network[0] + 1 if network.num_addresses > 1 else network[0], network[0]]
    candidates += [hole[-1] + 1 for hole in holes if int(hole[-1]) < int(network[-1])]
    yield from (PeerAddress(block["cidr"], str(address)) for address in islice(filter(is_inside, candidates), 1))
    for service in SERVICES:
        if is_inside(service.network_address):
            yield PeerAddress(str(service), str(service.network_address))


def _egress_rules_for(policies: Iterable[Json], port: int) -> Iterator[Rule]:
    """The egress rules that allow a port."""
    target = Pod("", "redis", EXTERNAL_IP, ports={REDIS_PORT_NAME: port})
    for rule in (rule for policy in map(read, policies) for rule in policy.rules.get(EGRESS, ())):
        if intersection(rule.allowed_ports(target), single_ports([port])):
            yield rule


def _selected_labels(rules: Iterable[Rule], namespace: str) -> Mapping[str, str] | None:
    """What the rules select in a namespace, all at once; None where they select nothing there."""
    found: dict[str, str] | None = None
    for own, peer in ((rule.namespace, peer) for rule in rules for peer in rule.peers):
        labels = labels_for(peer.get("podSelector") or {}) if _is_in_namespace(peer, own, namespace) else None
        if labels is not None:
            found = found or {}
            found |= labels if all(found.get(key, value) == value for key, value in labels.items()) else {}
    return found


def _is_in_namespace(peer: Json, own: str, namespace: str) -> bool:
    if peer.get("ipBlock") is not None:
        return False
    spaces = peer.get("namespaceSelector")
    return own == namespace if spaces is None else selects(spaces, {NAME_LABEL: namespace})


def _address_in(rules: Iterable[Rule]) -> str | None:
    found = (each for rule in rules for peer in rule.peers for each in sample_peers(peer, rule.namespace))
    return next((each.ip for each in found if isinstance(each, PeerAddress)), None)
