"""Combines config, Ray objects and NetworkPolicies: which pods and policies each tenant has.

If no Ray objects are given, there are samples in every tenant namespace.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rayfence.cases.good import ray_object
from rayfence.model.config import Config, Platform, Tenant
from rayfence.network import asks, carries_label, filled, generated, made_by_kuberay, static_layer
from rayfence.network.policy import CLUSTER_LABEL, DASHBOARD_NAME
from rayfence.network.start_params import DASHBOARD, METRICS
from rayfence.reach.kuberay import RANDOM, KubeRayObjects, created_from
from rayfence.reach.policies import Json
from rayfence.workload import KINDS

RayObject = dict[str, Any]

CLUSTER, JOB = (next(kind for kind in KINDS if kind.name == name) for name in ("RayCluster", "RayJob"))
MOVED_DASHBOARD, MOVED_METRICS = 9265, 9080


@dataclass(frozen=True)
class Scenario:
    """What KubeRay creates and the two kinds of policies, by tenant.

    `network_layer` is what rayfence writes (`by_rayfence`), or what was given in its place. `more` are policies in
    addition to it, and `outside` those in namespaces of no tenant. If `sampled`, the Ray objects are samples.
    """

    config: Config
    created: Mapping[str, tuple[KubeRayObjects, ...]]
    network_layer: Mapping[str, tuple[Json, ...]]
    more: Mapping[str, tuple[Json, ...]]
    outside: tuple[Json, ...] = ()
    sampled: bool = True
    by_rayfence: bool = True

    @cached_property
    def shapes(self) -> Mapping[str, str]:
        """Each tenant's policies without its own names: the same for tenants with the same settings."""
        return {each.name: _shape(each, self.policies(each)) for each in self.config.tenants}

    @cached_property
    def owners(self) -> Mapping[str, Tenant]:
        """The tenant of each namespace that has one."""
        return self.config.by_namespace()

    def policies(self, tenant: Tenant) -> tuple[Json, ...]:
        """All policies in the tenant's namespaces."""
        return self.network_layer[tenant.name] + self.more[tenant.name]


def scenario(
    config: Config,
    objects: Sequence[Json] | None = None,
    *,
    more: Sequence[Json] = (),
    instead: Sequence[Json] | None = None,
) -> Scenario:
    """Ray objects, or samples if there are none; `more` policies in addition to the layer, others `instead` of it.

    Ray objects in namespaces of no tenant are left out. Raises Malformed for a Ray object that cannot be read.
    """
    created, network_layer, added = (dict[str, tuple[Any, ...]]() for _ in range(3))
    for tenant in config.tenants:
        given = samples(config.platform, tenant) if objects is None else _within(tenant, objects)
        found = [created_from(filled(tenant, each)) for each in given]
        if instead is None:
            found = [replace(each, missing_label=_missing_label(config.platform, tenant, each)) for each in found]
        by_kuberay = (policy for each in found if each.cluster for policy in made_by_kuberay(each.cluster.manifest))
        created[tenant.name] = tuple(found)
        network_layer[tenant.name] = tuple(
            _layer(config.platform, tenant, found) if instead is None else _within(tenant, instead)
        )
        added[tenant.name] = (*_within(tenant, more), *by_kuberay)
    owners = config.by_namespace()
    outside = tuple(each for each in (*more, *(instead or ())) if namespace_of(each) not in owners)
    return Scenario(config, created, network_layer, added, outside, objects is None, instead is None)


def namespace_of(manifest: Json) -> str:
    """Where an object stands; `default` where it names no namespace."""
    return str(manifest["metadata"].get("namespace") or "default")


def _shape(tenant: Tenant, policies: Iterable[Json]) -> str:
    """The text of a tenant's policies without its own names: the same for tenants with the same settings."""
    names = {tenant.name: "tenant"} | {space: f"namespace-{n}" for n, space in enumerate(tenant.namespaces)}
    return json.dumps(_renamed(list(policies), names), sort_keys=True)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def _missing_label(platform: Platform, tenant: Tenant, each: KubeRayObjects) -> str:
    """Which label keeps an object from having the NetworkPolicies that are generated."""
    if all(carries_label(platform, tenant, one) for one in each.objects if asks(tenant, one)):
        return ""
    value, wanted = each.objects[0], f"{platform.tenant_label}: {tenant.name}"
    metadata = value["metadata"]
    found = (metadata.get("labels") or {}).get(platform.tenant_label)
    has = f"no label {platform.tenant_label}" if found is None else f"the label {platform.tenant_label}: {found}"
    name = f"{value['kind']} {namespace_of(value)}/{metadata['name']}"
    return f"{name} has {has}, so no NetworkPolicy is made for it; write {wanted}"


def _layer(platform: Platform, tenant: Tenant, created: Iterable[KubeRayObjects]) -> list[Json]:
    layer: list[Json] = list(static_layer(platform, tenant))
    for each in created:
        for manifest in each.objects:
            layer += generated(platform, tenant, manifest)
    return layer


def _within(tenant: Tenant, manifests: Iterable[Json]) -> list[Json]:
    return [each for each in manifests if namespace_of(each) in tenant.namespaces]


def samples(platform: Platform, tenant: Tenant) -> Iterator[RayObject]:
    """Sample Ray objects for every namespace of the tenant: a RayCluster and three RayJobs.

    They cover the usual needs: autoscaling if the config has the API server's address, jobs with their own or a
    selected cluster, and moved ports.
    """
    for namespace in tenant.namespaces:
        for found in (_sample_cluster(platform, tenant), *_sample_jobs(platform, tenant)):
            found["metadata"]["namespace"] = namespace
            yield found


def samples_autoscale(platform: Platform) -> bool:
    """Whether the samples scale by themselves: only where the config says where the API server is."""
    return bool(platform.api_server.cidrs)


def _sample_cluster(platform: Platform, tenant: Tenant) -> RayObject:
    """Two groups are enough to see groups apart, and two pods in one of them to see pods apart."""
    found = ray_object(CLUSTER, platform, tenant)
    found["metadata"]["name"] = "sample"
    found["spec"] = _resized(platform, found["spec"], 2, 1)
    return found


def _sample_jobs(platform: Platform, tenant: Tenant) -> Iterator[RayObject]:
    train, moved, again = (ray_object(JOB, platform, tenant) for _ in range(3))
    for found, name in ((train, "train"), (moved, "moved"), (again, "again")):
        found["metadata"]["name"] = name
        found["spec"]["rayClusterSpec"] = _resized(platform, found["spec"]["rayClusterSpec"], 1)
    _move_ports(moved["spec"]["rayClusterSpec"])
    del again["spec"]["rayClusterSpec"]
    again["spec"]["clusterSelector"] = {CLUSTER_LABEL: f"moved-{RANDOM}"}
    # KubeRay lets in the submitters of jobs that bring their cluster, and of no others.
    yield from (train, moved) if tenant.network.required_mode else (train, moved, again)


def _resized(platform: Platform, cluster: RayObject, *sizes: int) -> RayObject:
    groups = zip(cluster["workerGroupSpecs"], sizes, strict=False)
    resized = [group | {"maxReplicas": size} for group, size in groups]
    return cluster | {"enableInTreeAutoscaling": samples_autoscale(platform), "workerGroupSpecs": resized}


def _move_ports(cluster: RayObject) -> None:
    head = cluster["headGroupSpec"]
    head["rayStartParams"][DASHBOARD] = str(MOVED_DASHBOARD)
    for group in (head, *cluster["workerGroupSpecs"]):
        group["rayStartParams"][METRICS] = str(MOVED_METRICS)
    # Submitters are sent to the port that has this name.
    named = {"name": DASHBOARD_NAME, "containerPort": MOVED_DASHBOARD}
    head["template"]["spec"]["containers"][0]["ports"] = [named]
