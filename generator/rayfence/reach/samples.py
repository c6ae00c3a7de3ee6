"""What stands in every tenant namespace where nobody gives Ray objects of their own: a RayCluster and a RayJob."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cases.good import ray_object
from rayfence.config import Platform, Tenant
from rayfence.workload import KINDS

# Two groups in one cluster are enough to see groups apart, and two pods in one group to see pods apart.
SAMPLES = {"RayCluster": ("sample", (2, 1)), "RayJob": ("train", (1,))}


def samples(platform: Platform, tenant: Tenant) -> Iterator[dict[str, Any]]:
    """The objects of every namespace of the tenant. They autoscale, so that all that a head may need is needed."""
    for namespace in tenant.namespaces:
        for kind in KINDS:
            if kind.name in SAMPLES:
                name, sizes = SAMPLES[kind.name]
                found = ray_object(kind, platform, tenant)
                found["metadata"] |= {"name": name, "namespace": namespace}
                _resize(found["spec"] if kind.is_cluster else found["spec"]["rayClusterSpec"], sizes)
                yield found


def _resize(cluster: dict[str, Any], sizes: tuple[int, ...]) -> None:
    cluster["enableInTreeAutoscaling"] = True
    cluster["workerGroupSpecs"] = [
        group | {"maxReplicas": size} for group, size in zip(cluster["workerGroupSpecs"], sizes, strict=False)
    ]
