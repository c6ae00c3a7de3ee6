"""A tenant as one line of a table compiled into a policy: `team-a|1|4|2Gi|8Gi|64|256Gi|4|16|ray-a,ray-a-dev|`.

Tenants are rows and not policies: a thousand policies cost an API server minutes and gigabytes, a thousand rows nothing
that can be measured. A row is split once for each request.
"""

from __future__ import annotations

from rayfence.config import Tenant

FIELDS = (
    "name",
    "cpu_min",
    "cpu_max",
    "memory_min",
    "memory_max",
    "quota_cpu",
    "quota_memory",
    "quota_accelerators",
    "quota_workers",
    "namespaces",
    "network_mode",
)
SEPARATOR = "|"


def render(tenant: Tenant) -> str:
    """The row of one tenant; what is not set is empty, and namespaces are parted by commas."""
    container, quota = tenant.container, tenant.quota
    values = (
        tenant.name,
        container.cpu.min,
        container.cpu.max,
        container.memory.min,
        container.memory.max,
        quota.cpu or "",
        quota.memory or "",
        str(quota.accelerators),
        "" if quota.workers is None else str(quota.workers),
        ",".join(tenant.namespaces),
        tenant.network.required_mode or "",
    )
    return SEPARATOR.join(values)


def field(name: str) -> str:
    """The CEL text that reads one field of the row of the request's namespace."""
    return f"variables.tenant[{FIELDS.index(name)}]"
