"""Writes the file with the NetworkPolicies of `network.engineless`, for backends without an engine.

As in `tenant_file`, only one object of each shape goes through the YAML dumper. The text for a namespace is that text
with its names inserted.
"""

from __future__ import annotations

from rayfence.manifests.tenant_file import filled, slotted
from rayfence.model.config import Config, Mode, Network, Platform, Tenant
from rayfence.network.layer import opens_dashboard
from rayfence.network.policy import Manifest, written
from rayfence.network.static import engineless_specs

NAME = "network-policies.yaml"


def engineless_objects(config: Config) -> list[Manifest]:
    """The objects in the file, by tenant, then namespace, then name."""
    return [
        written("NetworkPolicy", tenant.name, namespace, name, spec)
        for tenant in _isolated(config)
        for namespace in sorted(tenant.namespaces)
        for name, spec in engineless_specs(config.platform, tenant.network).items()
    ]


def engineless_file(config: Config) -> str:
    """The same text as `yamlio.dump` of `engineless_objects`, byte for byte; empty if there are none."""
    # Of a network the policies depend on nothing else.
    shapes = {_shape(tenant.network): tenant.network for tenant in _isolated(config)}
    texts = {shape: _text(config.platform, network) for shape, network in shapes.items()}
    return "---\n".join(
        filled(texts[_shape(tenant.network)], tenant, namespace)
        for tenant in _isolated(config)
        for namespace in sorted(tenant.namespaces)
    )


def _text(platform: Platform, network: Network) -> str:
    specs = engineless_specs(platform, network)
    return "---\n".join(slotted("NetworkPolicy", name, spec) for name, spec in specs.items())


def _shape(network: Network) -> tuple[Mode, bool]:
    return network.mode, opens_dashboard(network)


def _isolated(config: Config) -> list[Tenant]:
    return [tenant for tenant in config.tenants if tenant.network.generates]
