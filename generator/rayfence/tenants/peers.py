"""Checks a tenant's own NetworkPolicy rules: never open to everyone, to another tenant, or to a metadata service.

A range of the cluster's own pod addresses matches every pod there, on network plugins that apply ranges to pods. The
config does not say which addresses these are. So a wide range for ingress gives a warning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.tenants import addresses
from rayfence.tenants.conflicts import Claim
from rayfence.tenants.messages import quoted
from rayfence.tenants.problems import Diagnostics

_NAMESPACE_LABEL = "kubernetes.io/metadata.name"
_WAY = {True: "open to", False: "reach"}
_BY_NAME = f"write matchLabels {_NAMESPACE_LABEL}, or matchExpressions with that key and the operator In"

Raw = Mapping[str, Any]


def check(tenant: str, spec: Raw, owners: Mapping[str, Claim], platform: Platform, diagnostics: Diagnostics) -> None:
    """`spec` is a Tenant's, of the right shape; `owners` has every tenant's namespaces."""
    network = spec.get("network", {})
    for role in ("head", "worker"):
        for direction, peers_key in (("ingress", "from"), ("egress", "to")):
            rules = FieldPath.of("spec", "network", role, direction)
            for index, rule in enumerate(network.get(role, {}).get(direction, ())):
                _check_ports(rule.get("ports", ()), rules / index / "ports", diagnostics)
                for number, peer in enumerate(rule.get(peers_key, ())):
                    path = rules / index / peers_key / number
                    _check_peer(peer, path, diagnostics, ingress=direction == "ingress")
                    _check_tenants(tenant, peer, path, owners, diagnostics)
                    _check_retired(peer, path, platform, diagnostics)


def _check_peer(peer: Raw, path: FieldPath, diagnostics: Diagnostics, *, ingress: bool) -> None:
    if "ipBlock" in peer and len(peer) > 1:
        diagnostics.add(path, "an ipBlock is in the same peer as a selector; write it as a separate peer")
    if "ipBlock" in peer:
        _check_block(peer["ipBlock"], path / "ipBlock", diagnostics, ingress=ingress)
    for name in ("podSelector", "namespaceSelector"):
        _check_selector(peer.get(name, {}), path / name, diagnostics)
    if "namespaceSelector" in peer and _names(peer["namespaceSelector"]) is None:
        wrong = f"does not name namespaces, so it could {_WAY[ingress]} another tenant's"
        diagnostics.add(path / "namespaceSelector", f"{wrong}; {_BY_NAME}")


def _check_block(block: Raw, path: FieldPath, diagnostics: Diagnostics, *, ingress: bool) -> None:
    fault = addresses.fault(block["cidr"])
    if fault:
        diagnostics.add(path / "cidr", fault)
    elif ingress and addresses.is_everywhere(block["cidr"]):
        wrong = f"{quoted(block['cidr'])} is wider than any private network and opens ingress to everywhere"
        diagnostics.add(path / "cidr", f"{wrong}; write 10.0.0.0/8, fc00::/7 or smaller ranges")
    elif ingress and addresses.is_many(block["cidr"]):
        odd = f"other tenants' pods may have addresses in {quoted(block['cidr'])}"
        diagnostics.warn(path / "cidr", f"{odd}; write ranges of /28 (IPv6: /120) or smaller, or select pods instead")
    elif not ingress:
        _check_way_out(block, path, diagnostics)
    for index, excepted in enumerate(block.get("except", ())):
        wrong_exception = addresses.fault(excepted)
        if not (fault or wrong_exception or addresses.is_inside(excepted, block["cidr"])):
            wrong_exception = f"{quoted(excepted)} is not inside {block['cidr']}; write a part of that range"
        if wrong_exception:
            diagnostics.add(path / "except" / index, wrong_exception)


def _check_way_out(block: Raw, path: FieldPath, diagnostics: Diagnostics) -> None:
    cidr = block["cidr"]
    left_out = [each for each in block.get("except", ()) if not addresses.fault(each)]
    if wrong := addresses.shut(cidr) or addresses.holds(cidr, left_out):
        diagnostics.add(path / "cidr", wrong)
    if addresses.is_everywhere(cidr):
        diagnostics.warn(path / "cidr", f"{quoted(cidr)} is open, {addresses.WIDE}")


def _check_selector(selector: Raw, path: FieldPath, diagnostics: Diagnostics) -> None:
    for index, requirement in enumerate(selector.get("matchExpressions", ())):
        needs_values = requirement["operator"] in ("In", "NotIn")
        if needs_values != bool(requirement.get("values")):
            write = "write at least one value" if needs_values else "leave the values out"
            wrong = f"the operator {requirement['operator']} {'needs' if needs_values else 'takes no'} values"
            diagnostics.add(path / "matchExpressions" / index, f"{wrong}; {write}")


def _check_tenants(
    tenant: str, peer: Raw, path: FieldPath, owners: Mapping[str, Claim], diagnostics: Diagnostics
) -> None:
    for namespace in sorted(_names(peer.get("namespaceSelector", {})) or ()):
        owner = owners.get(namespace)
        if owner is not None and owner.tenant != tenant:
            belongs = f"{quoted(namespace)} belongs to {owner.tenant} ({owner.place})"
            diagnostics.add(path / "namespaceSelector", f"{belongs}; name namespaces that no other tenant has")


def _check_retired(peer: Raw, path: FieldPath, platform: Platform, diagnostics: Diagnostics) -> None:
    for namespace in sorted(_names(peer.get("namespaceSelector", {})) or ()):
        if namespace in platform.retired:
            wrong = f"{quoted(namespace)} is retired and stays closed"
            diagnostics.add(path / "namespaceSelector", f"{wrong}; name namespaces that are open")


def _names(selector: Raw) -> set[str] | None:
    """The only namespaces that a selector can match; None where it does not name them."""
    named = list(_requirements(selector))
    return set.intersection(*named) if named else None


def _requirements(selector: Raw) -> Iterator[set[str]]:
    if _NAMESPACE_LABEL in selector.get("matchLabels", {}):
        yield {selector["matchLabels"][_NAMESPACE_LABEL]}
    for requirement in selector.get("matchExpressions", ()):
        if requirement["key"] == _NAMESPACE_LABEL and requirement["operator"] == "In":
            yield set(requirement.get("values", ()))


def _check_ports(ports: Any, path: FieldPath, diagnostics: Diagnostics) -> None:
    for index, port in enumerate(ports):
        if "endPort" not in port:
            continue
        first, last = port.get("port"), port["endPort"]
        if isinstance(first, str) or first is None:
            diagnostics.add(path / index / "endPort", "a range has to begin at a number; write that as `port`")
        elif last < first:
            diagnostics.add(path / index / "endPort", f"{last} is below port, which is {first}; write the higher last")
