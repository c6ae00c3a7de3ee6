"""Sample Ray objects for every tenant namespace, used if no Ray objects are given: a RayCluster and three RayJobs.

They cover the usual needs: autoscaling if the config has the API server's address, jobs with their own or a selected
cluster, and moved ports.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cases.good import ray_object
from rayfence.model.config import Platform, Tenant
from rayfence.network.policy import CLUSTER_LABEL, DASHBOARD_NAME
from rayfence.network.start_params import DASHBOARD, METRICS
from rayfence.reach.kuberay import RANDOM
from rayfence.workload import KINDS

Json = dict[str, Any]

CLUSTER, JOB = (next(kind for kind in KINDS if kind.name == name) for name in ("RayCluster", "RayJob"))
MOVED_DASHBOARD, MOVED_METRICS = 9265, 9080


def samples(platform: Platform, tenant: Tenant) -> Iterator[Json]:
    """The objects of every namespace of the tenant."""
    for namespace in tenant.namespaces:
        for found in (_cluster(platform, tenant), *_jobs(platform, tenant)):
            found["metadata"]["namespace"] = namespace
            yield found


def autoscale(platform: Platform) -> bool:
    """Whether the samples scale by themselves: only where the config says where the API server is."""
    return bool(platform.api_server.cidrs)


def _cluster(platform: Platform, tenant: Tenant) -> Json:
    """Two groups are enough to see groups apart, and two pods in one of them to see pods apart."""
    found = ray_object(CLUSTER, platform, tenant)
    found["metadata"]["name"] = "sample"
    found["spec"] = _resized(platform, found["spec"], 2, 1)
    return found


def _jobs(platform: Platform, tenant: Tenant) -> Iterator[Json]:
    train, moved, again = (ray_object(JOB, platform, tenant) for _ in range(3))
    for found, name in ((train, "train"), (moved, "moved"), (again, "again")):
        found["metadata"]["name"] = name
        found["spec"]["rayClusterSpec"] = _resized(platform, found["spec"]["rayClusterSpec"], 1)
    _move_ports(moved["spec"]["rayClusterSpec"])
    del again["spec"]["rayClusterSpec"]
    again["spec"]["clusterSelector"] = {CLUSTER_LABEL: f"moved-{RANDOM}"}
    # KubeRay lets in the submitters of jobs that bring their cluster, and of no others.
    yield from (train, moved) if tenant.network.required_mode else (train, moved, again)


def _resized(platform: Platform, cluster: Json, *sizes: int) -> Json:
    groups = zip(cluster["workerGroupSpecs"], sizes, strict=False)
    resized = [group | {"maxReplicas": size} for group, size in groups]
    return cluster | {"enableInTreeAutoscaling": autoscale(platform), "workerGroupSpecs": resized}


def _move_ports(cluster: Json) -> None:
    head = cluster["headGroupSpec"]
    head["rayStartParams"][DASHBOARD] = str(MOVED_DASHBOARD)
    for group in (head, *cluster["workerGroupSpecs"]):
        group["rayStartParams"][METRICS] = str(MOVED_METRICS)
    # Submitters are sent to the port that has this name.
    named = {"name": DASHBOARD_NAME, "containerPort": MOVED_DASHBOARD}
    head["template"]["spec"]["containers"][0]["ports"] = [named]
