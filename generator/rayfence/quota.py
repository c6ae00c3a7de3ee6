"""A tenant in, the ResourceQuota of each of its namespaces out: the ceiling on everything there together.

The rules see one Ray object at a time; only the API server can add them up. Totals are of limits. Requests are not
bounded again: a request is never above its limit, so the same number on both refuses nothing more.
"""

from __future__ import annotations

from rayfence.config import Quota, Tenant
from rayfence.network.policy import Manifest, written

NAME = "rayfence-quota"

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
    """One `rayfence-quota` for every namespace, by namespace; none where the tenant has no `namespaceQuota`."""
    if tenant.namespace_quota is None:
        return []
    spec = {"hard": hard_limits(tenant.namespace_quota)}
    return [written("ResourceQuota", tenant.name, namespace, NAME, spec) for namespace in sorted(tenant.namespaces)]


def hard_limits(quota: Quota) -> dict[str, str]:
    """`spec.hard`, every value text.

    `workers` bounds `pods`, which counts every pod that has not ended: heads, submitters and a tenant's other pods too.
    `accelerators` bounds each resource by itself, since a quota cannot add up different ones.
    """
    given = {"limits.cpu": quota.cpu, "limits.memory": quota.memory, "pods": quota.workers}
    accelerators = {f"requests.{name}": quota.accelerators for name in ACCELERATORS}
    return {key: str(value) for key, value in (given | accelerators).items() if value is not None}
