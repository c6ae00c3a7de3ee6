"""Combines config, Ray objects and NetworkPolicies: which pods and policies each tenant has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rayfence.model.config import Config, Platform, Tenant
from rayfence.network import asks, carries_label, filled, generated, made_by_kuberay, static_layer
from rayfence.reach.kuberay import Made, made
from rayfence.reach.policies import Json
from rayfence.reach.samples import samples


@dataclass(frozen=True)
class Scenario:
    """`made` and the two kinds of policies by tenant; `elsewhere` are policies of nobody's namespaces.

    `layered` is what rayfence writes (`by_rayfence`), or what was given in its place. `more` are policies that stand
    beside it. `sampled` are objects that nobody gave.
    """

    config: Config
    made: Mapping[str, tuple[Made, ...]]
    layered: Mapping[str, tuple[Json, ...]]
    more: Mapping[str, tuple[Json, ...]]
    elsewhere: tuple[Json, ...] = ()
    sampled: bool = True
    by_rayfence: bool = True

    @cached_property
    def shapes(self) -> Mapping[str, str]:
        """What each tenant's policies say when its own names are taken out of them."""
        return {each.name: shape(each, self.policies(each)) for each in self.config.tenants}

    def policies(self, tenant: Tenant) -> tuple[Json, ...]:
        """All policies in the tenant's namespaces."""
        return self.layered[tenant.name] + self.more[tenant.name]


def scenario(
    config: Config,
    objects: Sequence[Json] | None = None,
    *,
    more: Sequence[Json] = (),
    instead: Sequence[Json] | None = None,
) -> Scenario:
    """Ray objects, or samples where there are none; policies `more` beside the layer, or `instead` of it.

    What stands in nobody's namespace is left out. Raises Malformed for a Ray object that cannot be read.
    """
    things = {
        tenant.name: tuple(
            made(filled(tenant, each))
            for each in (samples(config.platform, tenant) if objects is None else _within(tenant, objects))
        )
        for tenant in config.tenants
    }
    if instead is None:
        things = {each.name: _with_what_is_lacking(config.platform, each, things[each.name]) for each in config.tenants}
    return Scenario(
        config,
        things,
        {
            tenant.name: tuple(
                _layer(config, tenant, things[tenant.name]) if instead is None else _within(tenant, instead)
            )
            for tenant in config.tenants
        },
        {tenant.name: (*_within(tenant, more), *_made_by_kuberay(things[tenant.name])) for tenant in config.tenants},
        tuple(_outside(config, [*more, *(instead or ())])),
        objects is None,
        instead is None,
    )


def namespace_of(manifest: Json) -> str:
    """Where an object stands; `default` where it names no namespace."""
    return str(manifest["metadata"].get("namespace") or "default")


def shape(tenant: Tenant, policies: Iterable[Json]) -> str:
    """What a tenant's policies say when its own names are taken out of them."""
    names = {tenant.name: "tenant"} | {space: f"namespace-{n}" for n, space in enumerate(tenant.namespaces)}
    return json.dumps(_renamed(list(policies), names), sort_keys=True)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _with_what_is_lacking(platform: Platform, tenant: Tenant, things: Iterable[Made]) -> tuple[Made, ...]:
    return tuple(replace(each, lacks=_lacks(platform, tenant, each)) for each in things)


def _lacks(platform: Platform, tenant: Tenant, each: Made) -> str:
    """Which label keeps an object from having the NetworkPolicies that are generated."""
    if all(carries_label(platform, tenant, one) for one in each.objects if asks(tenant, one)):
        return ""
    value, wanted = each.objects[0], f"{platform.tenant_label}: {tenant.name}"
    metadata = value["metadata"]
    found = (metadata.get("labels") or {}).get(platform.tenant_label)
    has = f"no label {platform.tenant_label}" if found is None else f"the label {platform.tenant_label}: {found}"
    name = f"{value['kind']} {namespace_of(value)}/{metadata['name']}"
    return f"{name} has {has}, so no NetworkPolicy is made for it; write {wanted}"


def _layer(config: Config, tenant: Tenant, things: Iterable[Made]) -> list[Json]:
    layer: list[Json] = list(static_layer(config.platform, tenant))
    for each in things:
        for manifest in each.objects:
            layer += generated(config.platform, tenant, manifest)
    return layer


def _made_by_kuberay(things: Iterable[Made]) -> list[Json]:
    return [policy for each in things if each.cluster for policy in made_by_kuberay(each.cluster.manifest)]


def _within(tenant: Tenant, manifests: Iterable[Json]) -> list[Json]:
    return [each for each in manifests if namespace_of(each) in tenant.namespaces]


def _outside(config: Config, manifests: Iterable[Json]) -> list[Json]:
    owned = config.by_namespace()
    return [each for each in manifests if namespace_of(each) not in owned]
