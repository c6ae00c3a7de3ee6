"""Writes a tenant's file in the bundle: its static NetworkPolicies and ResourceQuotas, as YAML documents.

Thousands of tenants differ in little but their names. So only one object of each shape goes through the YAML dumper,
with placeholders for the names. The text for a tenant of that shape is that text with its names inserted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rayfence import yamlio
from rayfence.manifests.quota import quota_specs, resource_quotas
from rayfence.model.config import Enforcement, Network, Platform, Quota, RoleRules, Tenant
from rayfence.network.layer import own_specs, policy_specs, static_layer
from rayfence.network.policy import Manifest, written

# No name in Kubernetes has an @ in it, so a slot is never mistaken for one.
TENANT_SLOT, NAMESPACE_SLOT = "@tenant@", "@namespace@"


def tenant_objects(platform: Platform, tenant: Tenant) -> list[Manifest]:
    """Everything written for a tenant, by namespace, then name; empty where it has neither network layer nor quota."""
    objects = static_layer(platform, tenant) + resource_quotas(tenant)
    return sorted(objects, key=lambda each: (each["metadata"]["namespace"], each["metadata"]["name"]))


def tenant_file(platform: Platform, tenant: Tenant) -> str:
    """The same text as `yamlio.dump` of `tenant_objects`, byte for byte; empty if there are none."""
    texts = (_documents(platform, tenant, namespace) for namespace in sorted(tenant.namespaces))
    return "---\n".join(text for documents in texts for _, text in sorted(documents.items()))


def slotted(kind: str, name: str, spec: Manifest) -> str:
    """One object's YAML with slots for the names of a tenant and its namespace."""
    return _document(written(kind, TENANT_SLOT, NAMESPACE_SLOT, name, spec))


def filled(text: str, tenant: Tenant, namespace: str) -> str:
    """A slotted text with the names put in."""
    text = text.replace(_slot(TENANT_SLOT), _scalar(tenant.name)).replace(_slot(NAMESPACE_SLOT), _scalar(namespace))
    return _with_peers(text, sorted(tenant.namespaces)) if "@" in text else text


@dataclass(frozen=True, slots=True)
class _Shape:
    """All that a tenant's network layer depends on, but for names and its own rules."""

    network: Network
    namespaces: int
    platform: Platform

    def __hash__(self) -> int:
        # The platform holds mappings, and is the same for all.
        return hash((self.network.mode, self.network.scope, self.network.ports, self.namespaces))


def _documents(platform: Platform, tenant: Tenant, namespace: str) -> dict[str, str]:
    """Object name -> its YAML in this namespace."""
    shared: dict[str, str] = {}
    if tenant.network.enforce:
        network = replace(tenant.network, head=RoleRules(), worker=RoleRules())
        shared |= _layer_texts(_Shape(network, len(tenant.namespaces), platform))
    shared |= _quota_texts(tenant.enforcement, tenant.namespace_quota)
    found = {name: filled(text, tenant, namespace) for name, text in shared.items()}
    return found | _own_texts(tenant, namespace)


@lru_cache(maxsize=256)
def _layer_texts(shape: _Shape) -> dict[str, str]:
    specs = policy_specs(shape.platform, shape.network, [_peer_slot(each) for each in range(shape.namespaces)])
    return {name: slotted("NetworkPolicy", name, spec) for name, spec in specs.items()}


@lru_cache(maxsize=256)
def _quota_texts(enforcement: Enforcement, quota: Quota | None) -> dict[str, str]:
    return {name: slotted("ResourceQuota", name, spec) for name, spec in quota_specs(enforcement, quota).items()}


def _own_texts(tenant: Tenant, namespace: str) -> dict[str, str]:
    """The tenant's own rules: its text may hold anything, so it has no slots and is never shared."""
    specs = own_specs(tenant.network) if tenant.network.enforce else {}
    return {name: _document(written("NetworkPolicy", tenant.name, namespace, name, s)) for name, s in specs.items()}


def _document(value: Manifest) -> str:
    return yamlio.dump([value])


def _with_peers(text: str, names: Sequence[str]) -> str:
    for index, name in enumerate(names):
        text = text.replace(_slot(_peer_slot(index)), _scalar(name))
    return text


def _peer_slot(index: int) -> str:
    # As wide as it takes for text order to be the order of numbers.
    return f"@peer{index:06}@"


@lru_cache(maxsize=1024)
def _slot(name: str) -> str:
    return _scalar(name)


@lru_cache(maxsize=64)
def _scalar(text: str) -> str:
    """The text as the dumper writes it, in quotes where it needs them."""
    return yamlio.dump([[text]]).removeprefix("- ").removesuffix("\n")
