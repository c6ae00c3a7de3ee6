"""The tables of namespaces in the policies that generate NetworkPolicies, and in those that mutate Ray objects.

Each kind of policy has tables of its own; what is in them, and how the policy objects are called, is here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from rayfence.model.config import Mode, Tenant
from rayfence.model.purposes import Purpose
from rayfence.network.layer import opens_dashboard
from rayfence.network.mutation import PLACES

GENERATION = "generate-network-policies"
"""The name of the first policy that generates, and of its file. It stands for all of them."""

FILLING = "fill-network-policy"
"""The name of the first policy that mutates, and of its file."""

GENERATION_PURPOSE = Purpose(
    GENERATION,
    "Each RayCluster has NetworkPolicies of its own",
    "Creates NetworkPolicies for each RayCluster, and for each RayJob that submits to one. Reverts changes to them.",
    ("RayCluster", "RayJob"),
)

FILLING_PURPOSE = Purpose(
    FILLING,
    "Ray objects get their tenant's networkPolicy.mode",
    "If KubeRay isolates a tenant's clusters, sets networkPolicy.mode in Ray objects that have none.",
    tuple(PLACES),
    "medium",
)

MAX_ROWS = 500
"""A row of the largest table holds two names of 63 characters at most, so a full one stays under 80,000 characters."""

Modes = dict[str, Mode]
"""Namespace -> the mode that Ray objects there have to ask for."""


Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Row:
    """Whose a namespace is, which directions are closed in it, and whether the tenant's pods reach the dashboard."""

    tenant: str
    mode: Mode
    opens_dashboard: bool


def generating(tenants: Iterable[Tenant]) -> list[tuple[str, dict[str, Row]]]:
    """Policy name and rows, by namespace: a policy for every 500 namespaces of tenants whose isolation is generated.

    There is always the first, so that an update to a config without such tenants has something to replace. Every kind
    of policy uses these names: Kyverno lets a policy take over only what one of its own name has generated.
    """
    rows = {
        namespace: Row(tenant.name, tenant.network.mode, opens_dashboard(tenant.network))
        for tenant in tenants
        if tenant.network.generates
        for namespace in tenant.namespaces
    }
    return _shards(GENERATION, rows) or [(GENERATION, {})]


def filling(tenants: Iterable[Tenant]) -> list[tuple[str, Modes]]:
    """Policy name and rows, a policy for every 500 namespaces; none where KubeRay isolates nobody's clusters."""
    rows = {
        namespace: mode
        for tenant in tenants
        if (mode := tenant.network.required_mode)
        for namespace in tenant.namespaces
    }
    return _shards(FILLING, rows)


def modes(rows: Mapping[str, Row]) -> list[Mode]:
    """The modes that a policy's tenants have, in order: it holds no text for any other. Of no tenants the first one."""
    used = {row.mode for row in rows.values()}
    return [mode for mode in Mode if mode in used] or [next(iter(Mode))]


def _shards(name: str, rows: Mapping[str, Value]) -> list[tuple[str, dict[str, Value]]]:
    ordered = sorted(rows.items(), key=lambda row: row[0])
    parts = [dict(ordered[start : start + MAX_ROWS]) for start in range(0, len(ordered), MAX_ROWS)]
    return [(name if number == 1 else f"{name}-{number}", part) for number, part in enumerate(parts, start=1)]
