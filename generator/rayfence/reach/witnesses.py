"""Makes an endpoint that matches a rule's peer, so that everything a rule allows is seen.

A peer that names namespaces gets a pod in each of them. A peer that selects namespaces by other labels gets a pod in a
synthetic namespace, because any namespace may be given these labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import chain

from rayfence.model.metadata_services import SERVICES, lies_inside
from rayfence.reach.policies import Json, read, selects
from rayfence.reach.topology import NAME_LABEL

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PodLike:
    """A pod that a peer names. `namespace_labels` are there where the namespace was made up for it."""

    namespace: str
    labels: Labels
    namespace_labels: Labels | None = None


@dataclass(frozen=True, slots=True)
class AddressLike:
    """An address that a peer names."""

    cidr: str
    ip: str


Witness = PodLike | AddressLike


def peers_of(policies: Iterable[Json]) -> Iterator[tuple[str, Json]]:
    """Every peer of every rule, with the namespace of its policy."""
    for policy in map(read, policies):
        for rule in chain.from_iterable(policy.rules.values()):
            yield from ((policy.namespace, peer) for peer in rule.peers)


def witnesses(peer: Json, namespace: str) -> Iterator[Witness]:
    """Who a peer of a policy in `namespace` names: nobody where its selectors contradict themselves."""
    if (block := peer.get("ipBlock")) is not None:
        yield from _address(block)
        return
    pods, spaces = satisfying(peer.get("podSelector") or {}), peer.get("namespaceSelector")
    if pods is None:
        return
    if spaces is None:
        yield PodLike(namespace, pods)
    elif (named := named_namespaces(spaces)) is not None:
        yield from (PodLike(each, pods) for each in named)
    elif (labels := satisfying(spaces)) is not None:
        yield PodLike("-".join(["any", *labels.values()]), pods, labels)


def named_namespaces(selector: Json) -> list[str] | None:
    """The namespaces that a selector names, None where it chooses them by something else."""
    found = [[value] for key, value in (selector.get("matchLabels") or {}).items() if key == NAME_LABEL]
    found += [
        each.get("values") or []
        for each in selector.get("matchExpressions") or []
        if (each["key"], each["operator"]) == (NAME_LABEL, "In")
    ]
    return sorted(set(found[0]).intersection(*found[1:])) if found else None


def satisfying(selector: Json) -> dict[str, str] | None:
    """Labels that a selector matches, None where there are none to be found."""
    labels = {key: value or "" for key, value in (selector.get("matchLabels") or {}).items()}
    for each in selector.get("matchExpressions") or []:
        if each["operator"] in ("In", "Exists"):
            labels.setdefault(each["key"], (each.get("values") or ["any"])[0])
    return labels if selects(selector, labels) else None


def _address(block: Json) -> Iterator[AddressLike]:
    """An address of the range, and each metadata service in it."""
    network = ip_network(block["cidr"], strict=False)
    holes = [ip_network(hole, strict=False) for hole in block.get("except") or []]
    # Just behind a hole there is an address that is not in it.
    candidates = [network[0] + 1 if network.num_addresses > 1 else network[0], network[0]]
    candidates += [hole[-1] + 1 for hole in holes if int(hole[-1]) < int(network[-1])]
    for address in candidates:
        if address in network and not any(address in hole for hole in holes):
            yield AddressLike(block["cidr"], str(ip_address(address)))
            break
    for service in SERVICES:
        if lies_inside(service, network) and not any(lies_inside(service, hole) for hole in holes):
            yield AddressLike(str(service), str(service.network_address))
