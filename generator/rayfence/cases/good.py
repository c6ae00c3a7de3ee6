"""A RayCluster that a tenant may have: every site a rule looks at is there, and nothing is wrong with it."""

from __future__ import annotations

from typing import Any

from rayfence.config import Platform, Tenant


def ray_cluster(platform: Platform, tenant: Tenant) -> dict[str, Any]:
    """A head and three worker groups, each with a container and an init container at the tenant's minimum.

    The groups may have no replicas, so that the head alone counts towards the quota.
    """
    groups = [_worker_group(name, platform, tenant) for name in ("first", "middle", "last")]
    head = {"rayStartParams": {"dashboard-host": "0.0.0.0"}, "template": _template("head", platform, tenant)}
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {
            "name": "good",
            "namespace": tenant.namespaces[0],
            "labels": {platform.tenant_label: tenant.name},
        },
        "spec": {"rayVersion": "2.9.0", "headGroupSpec": head, "workerGroupSpecs": groups},
    }


def _worker_group(name: str, platform: Platform, tenant: Tenant) -> dict[str, Any]:
    return {
        "groupName": name,
        "replicas": 0,
        "minReplicas": 0,
        "maxReplicas": 0,
        "numOfHosts": 1,
        "rayStartParams": {},
        "template": _template("worker", platform, tenant),
    }


def _template(role: str, platform: Platform, tenant: Tenant) -> dict[str, Any]:
    own = {"key": platform.taint_key, "operator": "Equal", "value": tenant.name, "effect": "NoSchedule"}
    return {
        "metadata": {"labels": {platform.tenant_label: tenant.name}},
        "spec": {
            "nodeSelector": {platform.node_label: tenant.name},
            "tolerations": [own],
            "initContainers": [_container("prepare", tenant)],
            "containers": [_container(f"ray-{role}", tenant)],
        },
    }


def _container(name: str, tenant: Tenant) -> dict[str, Any]:
    def least() -> dict[str, Any]:
        return {"cpu": tenant.container.cpu.min, "memory": tenant.container.memory.min}

    return {"name": name, "image": "rayproject/ray:2.9.0", "resources": {"requests": least(), "limits": least()}}
