"""Finds the Redis in which a RayCluster keeps its state, and its place in the cluster that `reach` models.

A manifest has an address, not the labels of the pods behind it. `reach` assumes that Redis has the labels that a rule
for its namespace and port selects, because the author of that rule knew them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from rayfence.reach.policies import EGRESS, Json, Rule, read, selects
from rayfence.reach.spans import common, on
from rayfence.reach.topology import NAME_LABEL, Address, Pod
from rayfence.reach.ways import spans_of
from rayfence.reach.witnesses import AddressLike, satisfying, witnesses
from rayfence.workload import dig, items

ENV = "RAY_REDIS_ADDRESS"
ENABLED = "ray.io/ft-enabled"
REDIS = "redis"
DEFAULT_PORT = 6379
# Where a host outside of the cluster is, while no rule says it: in a range that is reserved for examples.
ELSEWHERE = "198.51.100.10"

_ADDRESS = re.compile(
    r"(?:rediss?://)?(?:[^@/]*@)?(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?))"
    r"(?::(?P<port>[0-9]{1,5}))?(?:/[0-9]*)?"
)


@dataclass(frozen=True, slots=True)
class Redis:
    """One address of a Redis. `namespace` is that of its Service, '' for a host outside of the cluster."""

    host: str
    namespace: str
    port: int

    def __str__(self) -> str:
        return f"{self.namespace}/{self.host}" if self.namespace else self.host


def written(cluster: Json) -> Iterator[Any]:
    """The address of its Redis as a RayCluster's manifest has it; None where it comes from a Secret or the like."""
    options = dig(cluster, "spec", "gcsFaultToleranceOptions")
    if dig(options, "backend") not in (None, REDIS):
        return
    if text := dig(options, "redisAddress"):
        yield text
        return
    containers = items(dig(cluster, "spec", "headGroupSpec", "template", "spec", "containers"))
    env = [entry for each in containers for entry in items(dig(each, "env")) if dig(entry, "name") == ENV]
    yield from (entry.get("value") for entry in env)
    if not env and dig(cluster, "metadata", "annotations", ENABLED) == "true":
        yield None


def addresses(cluster: Json) -> tuple[Redis, ...]:
    """Every Redis of a RayCluster whose address its manifest tells."""
    namespace = str(dig(cluster, "metadata", "namespace") or "default")
    texts = (text for text in written(cluster) if isinstance(text, str))
    found = (_read(each.strip(), namespace) for text in texts for each in text.split(","))
    return tuple(dict.fromkeys(each for each in found if each))


def is_untold(cluster: Json) -> bool:
    """Whether there is a Redis, and the manifest does not tell its address."""
    return any(True for _ in written(cluster)) and not addresses(cluster)


def settled(redis: Redis, policies: Iterable[Json], ip: str, *, owned: bool) -> Pod | Address:
    """The endpoint of a Redis, given the policies of the tenant that uses it.

    A Service is a pod with this `ip`. Where no rule names its namespace, it may stand for an address: the Service may
    have no pods, as one has none that points out of the cluster. What is in an `owned` namespace is a pod.
    """
    rules = list(_egress(policies, redis.port))
    if not redis.namespace:
        return _address(redis.host, rules)
    labels = _worn(rules, redis.namespace)
    if labels is None and not owned:
        listed = [rule for rule in rules if rule.value.get("ports")]
        if ip_of_rule := _named_address(listed):
            return Address(str(redis), ip_of_rule)
    return Pod(redis.namespace, redis.host, ip, labels or {}, {REDIS: redis.port})


def _address(host: str, rules: Iterable[Rule]) -> Address:
    try:
        return Address(host, str(ip_address(host)))
    except ValueError:
        return Address(host, _named_address(rules) or ELSEWHERE)


def _read(text: str, namespace: str) -> Redis | None:
    found = _ADDRESS.fullmatch(text)
    if not found:
        return None
    port = int(found["port"] or DEFAULT_PORT)
    if not 0 < port < 65536:
        return None
    host = found["v6"] or found["host"]
    return Redis(*_place(host.rstrip("."), namespace), port)


def _place(host: str, namespace: str) -> tuple[str, str]:
    """A Service's name and namespace; of a host outside of the cluster its name and ''."""
    parts = host.split(".")
    if ":" in host or parts[-1].isdigit():
        return host, ""
    if "svc" in parts[2:]:
        # A StatefulSet's pod stands before its Service: redis-0.redis.data.svc.
        return parts[0], parts[parts.index("svc", 2) - 1]
    if len(parts) > 2:
        return host, ""
    return parts[0], parts[1] if len(parts) == 2 else namespace


def _egress(policies: Iterable[Json], port: int) -> Iterator[Rule]:
    """The egress rules that open a port to anybody."""
    target = Pod("", REDIS, ELSEWHERE, ports={REDIS: port})
    for rule in (rule for policy in map(read, policies) for rule in policy.rules.get(EGRESS, ())):
        if common(spans_of(rule.value, target), on([port])):
            yield rule


def _worn(rules: Iterable[Rule], namespace: str) -> Mapping[str, str] | None:
    """What the rules select in a namespace, all at once; None where they select nothing there."""
    worn: dict[str, str] | None = None
    for own, peer in ((rule.namespace, peer) for rule in rules for peer in rule.peers):
        labels = satisfying(peer.get("podSelector") or {}) if _is_there(peer, own, namespace) else None
        if labels is not None:
            worn = worn or {}
            worn |= labels if all(worn.get(key, value) == value for key, value in labels.items()) else {}
    return worn


def _is_there(peer: Json, own: str, namespace: str) -> bool:
    if peer.get("ipBlock") is not None:
        return False
    spaces = peer.get("namespaceSelector")
    return own == namespace if spaces is None else selects(spaces, {NAME_LABEL: namespace})


def _named_address(rules: Iterable[Rule]) -> str | None:
    found = (each for rule in rules for peer in rule.peers for each in witnesses(peer, rule.namespace))
    return next((each.ip for each in found if isinstance(each, AddressLike)), None)
