"""What Kyverno's two ways to ask KubeRay for a cluster's isolation have in common: names, and a table of namespaces."""

from __future__ import annotations

from collections.abc import Iterable

from rayfence.model.config import Mode, Tenant
from rayfence.model.purposes import Purpose
from rayfence.network.mutation import PLACES

NAME = "fill-network-policy"

PURPOSE = Purpose(
    NAME,
    "Ray objects get their tenant's networkPolicy.mode",
    "If KubeRay isolates a tenant's clusters, sets networkPolicy.mode in Ray objects that have none.",
    tuple(PLACES),
    "medium",
)

# A row holds a name of 63 characters at most and a mode; some policies have the table twice.
MAX_ROWS = 500

Rows = dict[str, Mode]
"""Namespace -> the mode that Ray objects there have to ask for."""


def shards(tenants: Iterable[Tenant]) -> list[tuple[str, Rows]]:
    """Policy name and rows, a policy for every 500 namespaces; none where KubeRay isolates nobody's clusters."""
    rows = sorted(_rows(tenants).items())
    parts = [dict(rows[start : start + MAX_ROWS]) for start in range(0, len(rows), MAX_ROWS)]
    return [(_name(number), part) for number, part in enumerate(parts, start=1)]


def _rows(tenants: Iterable[Tenant]) -> Rows:
    return {
        namespace: mode
        for tenant in tenants
        if (mode := tenant.network.required_mode)
        for namespace in tenant.namespaces
    }


def _name(number: int) -> str:
    return NAME if number == 1 else f"{NAME}-{number}"
