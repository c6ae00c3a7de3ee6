"""Network rules that open what they must not, and rules that come near: for the edits of rules that read peers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.metadata_services import SHUT, lies_inside
from rayfence.rules.shared.peers import DNS_PORT, NAME_LABEL
from rayfence.rules.shared.ranges import fault, network, opened

Json = dict[str, Any]

_OTHER = "somebody-elses"
_EXAMPLE = "203.0.113.0/24"
"""A range for examples, which nobody has."""

_NEVER = {
    "the metadata service": "169.254.169.254/32",
    "link-local addresses": "169.254.0.0/16",
    "the metadata service of Azure": "168.63.129.16/32",
    "the metadata service over IPv6": "fd00:ec2::254/128",
    "the metadata service through NAT64": "64:ff9b::a9fe:a9fe/128",
}
"""What no platform opens."""

_OUTWARD = (
    "every namespace",
    "another namespace",
    "all namespaces but the tenant's own",
    "a namespace selector without values",
)
"""The selectors that egress is tried with as well; both directions read them alike."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One rule, to be added to an ingress or an egress list."""

    inward: bool
    rule: Json


def bad(platform: Platform, tenant: Tenant) -> Mapping[str, Opening]:
    """Rules that open something outside the tenant, by name."""
    own = tenant.namespaces[0]
    good: Json = {"podSelector": {}}
    selectors: dict[str, Json] = {
        "every namespace": {},
        "another namespace": _called(_OTHER),
        "one of the tenant's namespaces and another": _expressed("In", own, _OTHER),
        "all namespaces but the tenant's own": _expressed("NotIn", own),
        "a namespace selector without values": _expressed("In"),
        "all namespaces but one": _expressed("NotIn", _OTHER),
        "every namespace that has a name": _expressed("Exists"),
        "namespaces with a label that any namespace may have": {"matchLabels": {"team": tenant.name}},
        "a namespace by a pattern": _called("*"),
        "the tenant's namespace with a suffix": _called(f"{own}-2"),
    }
    return {
        "ingress from everyone": Opening(True, {}),
        "ingress from an empty list": Opening(True, {"from": []}),
        "ingress from an empty peer": Opening(True, {"from": [{}]}),
        "ingress from addresses": Opening(True, {"from": [_block("10.0.0.0/8")]}),
        "egress to everything": Opening(False, {"ports": [{"port": DNS_PORT, "protocol": "UDP"}]}),
        "egress to an empty list": Opening(False, {"to": []}),
        **{f"egress to {name}": Opening(False, {"to": [_block(cidr)]}) for name, cidr in _NEVER.items()},
        "egress to an address without a prefix length": Opening(False, {"to": [_block("10.0.0.1")]}),
        **_unlisted(platform),
        **_not_left_out(platform),
        **{
            f"egress to {name}": Opening(False, {"to": [good, {"namespaceSelector": selector}]})
            for name, selector in selectors.items()
            if name in _OUTWARD
        },
        **{
            f"ingress from {name}": Opening(True, {"from": [good, {"namespaceSelector": selector}]})
            for name, selector in selectors.items()
        },
    }


def _unlisted(platform: Platform) -> dict[str, Opening]:
    """Rules that are wrong only where the platform does not list what they reach."""
    dns = [_namespace(platform.dns.peer.namespace)]
    more = [{"port": DNS_PORT, "protocol": "UDP"}, {"port": 443, "protocol": "TCP"}]
    found = {
        f"egress to {cidr} on every port": Opening(False, {"to": [_block(cidr, *_secret(cidr))]})
        for cidr in platform.dns.cidrs
        if not _opened(cidr, platform)
    }
    if not _opened(_EXAMPLE, platform):
        found["egress to addresses that the platform does not list"] = Opening(False, {"to": [_block(_EXAMPLE)]})
    if platform.dns.peer.namespace not in platform.egress.namespaces:
        found["egress to the DNS on every port"] = Opening(False, {"to": dns})
        further = [{"port": DNS_PORT, "endPort": 443, "protocol": "UDP"}]
        found["egress to the DNS on a port range that begins at 53"] = Opening(False, {"to": dns, "ports": further})
        found["egress to the DNS on further ports"] = Opening(False, {"to": dns, "ports": more})
    return found


def _not_left_out(platform: Platform) -> dict[str, Opening]:
    """Ranges that the platform lists, of which a rule leaves out too little."""
    found = {}
    for cidr in platform.egress.cidrs:
        if secret := _secret(cidr):
            found[f"egress to all of {cidr}"] = Opening(False, {"to": [_block(cidr)]})
            found[f"egress to {cidr} with one metadata service"] = Opening(False, {"to": [_block(cidr, *secret[:-1])]})
    return found


def fine(platform: Platform, tenant: Tenant) -> Mapping[str, Opening]:
    """Rules that open nothing outside the tenant but what the platform allows, by name."""
    own = tenant.namespaces[0]
    narrower = {"matchLabels": {NAME_LABEL: own, "stage": "dev"}, "matchExpressions": [_requirement("Exists")]}
    dns = [{"port": DNS_PORT, "protocol": "UDP"}, {"port": DNS_PORT, "protocol": "TCP"}]
    listed = [_namespace(each) for each in platform.egress.namespaces]
    blocks = [_block(each, *_secret(each)) for each in platform.egress.cidrs if _opened(each, platform)]
    caches = [_block(each, *_secret(each)) for each in platform.dns.cidrs if _opened(each, platform, dns_only=True)]
    return {
        "ingress from pods of the same namespace": Opening(
            True, {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}]}
        ),
        "ingress from the tenant's namespace": Opening(True, {"from": [_namespace(own)]}),
        "ingress from all of the tenant's namespaces": Opening(True, {"from": [_chosen(*tenant.namespaces)]}),
        "ingress from the tenant's namespace if it has another label too": Opening(
            True, {"from": [{"namespaceSelector": narrower}]}
        ),
        "egress to all of the tenant's namespaces": Opening(
            False, {"to": [_chosen(*tenant.namespaces), {"podSelector": {}}]}
        ),
        "egress to the DNS": Opening(False, {"to": [_namespace(platform.dns.peer.namespace)], "ports": dns}),
        **({"egress to listed namespaces": Opening(False, {"to": listed})} if listed else {}),
        **({"egress to listed addresses": Opening(False, {"to": blocks})} if blocks else {}),
        **({"egress to addresses of the DNS": Opening(False, {"to": caches, "ports": dns})} if caches else {}),
    }


def _opened(cidr: str, platform: Platform, *, dns_only: bool = False) -> bool:
    return fault(_block(cidr, *_secret(cidr))["ipBlock"], FieldPath(), opened(platform, dns_only=dns_only)) is None


def _secret(cidr: str) -> tuple[str, ...]:
    """What a range has to leave out."""
    return tuple(str(each) for each in SHUT if lies_inside(each, network(cidr)))


def _requirement(operator: str, *values: str) -> Json:
    return {"key": NAME_LABEL, "operator": operator, **({"values": [*values]} if values else {})}


def _expressed(operator: str, *values: str) -> Json:
    return {"matchExpressions": [_requirement(operator, *values)]}


def _called(name: str) -> Json:
    return {"matchLabels": {NAME_LABEL: name}}


def _namespace(name: str) -> Json:
    return {"namespaceSelector": _called(name)}


def _chosen(*names: str) -> Json:
    return {"namespaceSelector": _expressed("In", *names)}


def _block(cidr: str, *left_out: str) -> Json:
    return {"ipBlock": {"cidr": cidr, **({"except": [*left_out]} if left_out else {})}}
