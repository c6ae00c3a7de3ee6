"""A tenant as one line of a table compiled into a policy: `team-a|1|4|2Gi|8Gi|64|256Gi|4|16|ray-a,ray-a-dev|…`.

Tenants are rows and not policies: a thousand policies cost an API server minutes and gigabytes, a thousand rows nothing
that can be measured. A row is split once for each request.
"""

from __future__ import annotations

from collections.abc import Mapping

from rayfence.config import Allow, Tenant

LISTS = (
    "volumes",
    "networks",
    "pod_annotations",
    "priority_classes",
    "queues",
    "exposure_annotations",
    "exposure_kinds",
)
"""The lists of `Allow`. A row says only what the tenant's own config says; '' is the platform's list."""

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
    "authentication",
    *LISTS,
)
SEPARATOR = "|"

ENTRY = ","
"""Between the entries of a list."""

NOTHING = "-"
"""A list that the tenant has, and that is empty."""


def render(tenant: Tenant) -> str:
    """The row of one tenant; what is not set is empty, or left out at the end. Namespaces are parted by commas."""
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
        tenant.require.authentication,
        *(_rendered(tenant.allow, name) for name in LISTS),
    )
    return SEPARATOR.join(values).rstrip(SEPARATOR)


def listed(allow: Allow, name: str) -> tuple[str, ...] | None:
    """One list of a document, None where it has none.

    Queues are written as `key=value`; a key for which no value is allowed is written as `key=`.
    """
    found = getattr(allow, name)
    if not isinstance(found, Mapping):
        return None if found is None else tuple(found)
    return tuple(f"{key}={value}" for key, values in found.items() for value in values or ("",))


def _rendered(allow: Allow, name: str) -> str:
    found = listed(allow, name)
    return "" if found is None else ENTRY.join(found) or NOTHING


def split(text: str) -> str:
    """CEL: a row as the list of all its fields; all of them are empty where `text` is."""
    return f"({text} + '{SEPARATOR * (len(FIELDS) - 1)}').split('{SEPARATOR}')"


def field(name: str) -> str:
    """The CEL text that reads one field of the row of the request's namespace."""
    return f"variables.tenant[{FIELDS.index(name)}]"
