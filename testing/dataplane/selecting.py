"""Finds the pods and address blocks that label selectors and peers of a NetworkPolicy match.

It is an independent implementation: it shares nothing with `rayfence.reach.policies`, so that the two can be compared.
It resolves a peer to the addresses of pods now, as a network plugin does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import Any

from rayfence.reach.topology import Pod, Topology

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """An address block without its holes, all IPv4."""

    network: IPv4Network
    holes: tuple[IPv4Network, ...]


@dataclass(frozen=True, slots=True)
class Peers:
    """Whom one rule speaks of: everybody, or these pods and blocks, which may be nobody."""

    everybody: bool
    pods: tuple[Pod, ...] = ()
    blocks: tuple[Block, ...] = ()


def subjects(policy: Json, topology: Topology) -> list[Pod]:
    """The pods a policy isolates."""
    selector = spec_of(policy).get("podSelector") or {}
    return [pod for pod in topology.pods if pod.namespace == namespace_of(policy) and holds(selector, pod.labels)]


def namespace_of(policy: Json) -> str:
    """Where a policy is; a manifest that does not say is in `default`."""
    return str(policy["metadata"].get("namespace") or "default")


def spec_of(policy: Json) -> Json:
    """What a policy asks for."""
    return policy.get("spec") or {}


def peers(given: Sequence[Json] | None, namespace: str, topology: Topology) -> Peers:
    """What a rule's `from` or `to` means in a policy of this namespace; none given is everybody."""
    if not given:
        return Peers(everybody=True)
    chosen = [pod for pod in topology.pods if any(_means(each, pod, namespace, topology) for each in given)]
    return Peers(False, tuple(chosen), tuple(_blocks(given)))


def holds(selector: Json, labels: Mapping[str, str]) -> bool:
    """Whether labels satisfy every requirement of a selector."""
    exact = [labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items()]
    return all(exact) and all(_required(each, labels) for each in selector.get("matchExpressions") or ())


def _required(requirement: Json, labels: Mapping[str, str]) -> bool:
    key, values = requirement["key"], requirement.get("values") or ()
    match requirement["operator"]:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            # A missing key satisfies it: apimachinery, against what the word suggests.
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case other:
            raise ValueError(f"no operator of a label selector: {other}")


def _means(peer: Json, pod: Pod, namespace: str, topology: Topology) -> bool:
    if peer.get("ipBlock") is not None:
        return False
    in_namespace = pod.namespace == namespace
    if peer.get("namespaceSelector") is not None:
        in_namespace = holds(peer["namespaceSelector"], topology.labels_of(pod.namespace))
    return in_namespace and holds(peer.get("podSelector") or {}, pod.labels)


def _blocks(given: Sequence[Json]) -> Iterator[Block]:
    for peer in given:
        block = peer.get("ipBlock")
        # Pods have IPv4 addresses here, so that a block of IPv6 names nobody.
        if block is not None and isinstance(network := ip_network(block["cidr"], strict=False), IPv4Network):
            holes = [ip_network(hole, strict=False) for hole in block.get("except") or ()]
            yield Block(network, tuple(collapse_addresses(hole for hole in holes if isinstance(hole, IPv4Network))))
