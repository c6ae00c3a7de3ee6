"""Writes the ResourceQuotas of a tenant's namespaces, which bound all objects of a namespace together.

Rules evaluate one Ray object at a time; only the API server can add objects up. The totals are of limits. Requests have
no quota of their own: a request is never above its limit, so the same quota for requests would refuse nothing more.
"""

from __future__ import annotations

from rayfence.model.config import Enforcement, Quota, Tenant
from rayfence.network.policy import Manifest, written

NAME = "rayfence-quota"

POD_AFFINITY = "rayfence-pod-affinity"
"""The ResourceQuota that takes no pod whose affinity names namespaces, even the pod's own."""

# A ResourceQuota cannot say "any extended resource", so the common ones are named. MIG slices (nvidia.com/mig-1g.5gb,
# ...) and shared GPUs have too many names to list, and claims on devices (DRA) are counted by device class: those are
# left to the admission rules, object by object.
ACCELERATORS = (
    "amd.com/gpu",
    "aws.amazon.com/neuron",
    "aws.amazon.com/neuroncore",
    "aws.amazon.com/neurondevice",
    "google.com/tpu",
    "gpu.intel.com/i915",
    "gpu.intel.com/xe",
    "habana.ai/gaudi",
    "huawei.com/Ascend910",
    "nvidia.com/gpu",
)


def resource_quotas(tenant: Tenant) -> list[Manifest]:
    """The quotas of every namespace, by namespace, then name."""
    return [
        written("ResourceQuota", tenant.name, namespace, name, spec)
        for namespace in sorted(tenant.namespaces)
        for name, spec in quota_specs(tenant.enforcement, tenant.namespace_quota).items()
    ]


def quota_specs(enforcement: Enforcement, quota: Quota | None) -> dict[str, Manifest]:
    """Quota name -> spec, the same in each namespace: for pod affinity under Enforce, and for a `namespaceQuota`."""
    # A quota cannot warn: under Audit and Warn there is none for what is only reported.
    specs = {POD_AFFINITY: _without_cross_namespace_affinity()} if enforcement is Enforcement.ENFORCE else {}
    return specs if quota is None else {**specs, NAME: {"hard": hard_limits(quota)}}


def _without_cross_namespace_affinity() -> Manifest:
    across = {"operator": "Exists", "scopeName": "CrossNamespacePodAffinity"}
    return {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [across]}}


def hard_limits(quota: Quota) -> dict[str, str]:
    """`spec.hard`, every value text.

    `workers` bounds `pods`, which counts every pod that has not ended: heads, submitters and a tenant's other pods too.
    `accelerators` bounds each resource by itself, since a quota cannot add up different ones.
    """
    given = {"limits.cpu": quota.cpu, "limits.memory": quota.memory, "pods": quota.workers}
    accelerators = {f"requests.{name}": quota.accelerators for name in ACCELERATORS}
    return {key: str(value) for key, value in (given | accelerators).items() if value is not None}
