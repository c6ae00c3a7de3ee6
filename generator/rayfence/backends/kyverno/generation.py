"""What Kyverno's two ways to generate the NetworkPolicies of `network` have in common: names, rows, marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rayfence.model.config import Mode, Tenant
from rayfence.model.purposes import Purpose
from rayfence.network.layer import opens_dashboard
from rayfence.network.policy import Manifest

NAME = "generate-network-policies"

PURPOSE = Purpose(
    NAME,
    "Each RayCluster has NetworkPolicies of its own",
    "Creates NetworkPolicies for each RayCluster, and for each RayJob that submits to one. Reverts changes to them.",
    ("RayCluster", "RayJob"),
)

MAKERS = ("rayclusters", "rayjobs")
"""What NetworkPolicies are generated for."""

STATUS = "status"
"""Kyverno looks at an object again whenever KubeRay writes its status, which is soon after it was made, and often.

Its first look comes while the request that makes the object is still being judged: where that takes long, there is no
object yet, and Kyverno gives up. Nor does it see what happened to a policy while its background controller was away.
"""


def with_statuses(names: Iterable[str]) -> list[str]:
    """Kinds or plurals, and the status of each."""
    given = list(names)
    return [*given, *(f"{name}/{STATUS}" for name in given)]


# A row of the largest table holds two names of 63 characters at most, so a full one stays under 80,000 characters.
MAX_ROWS = 500


@dataclass(frozen=True, slots=True)
class Row:
    """Whose a namespace is, which directions are closed in it, and whether the tenant's pods reach the dashboard."""

    tenant: str
    mode: Mode
    opens_dashboard: bool


def shards(tenants: Iterable[Tenant]) -> list[tuple[str, dict[str, Row]]]:
    """Policy name and rows, by namespace: a policy for every 500 namespaces of tenants whose isolation is generated.

    There is always the first, so that an update to a config without such tenants has something to replace. Both
    kinds of policy use these names: Kyverno lets a policy take over only what one of its own name has generated.
    """
    rows = sorted(_rows(tenants).items())
    parts = [dict(rows[start : start + MAX_ROWS]) for start in range(0, len(rows), MAX_ROWS)] or [{}]
    return [(_name(number), part) for number, part in enumerate(parts, start=1)]


def modes(rows: Mapping[str, Row]) -> list[Mode]:
    """The modes that a policy's tenants have, in order: it holds no text for any other. Of no tenants the first one."""
    used = {row.mode for row in rows.values()}
    return [mode for mode in Mode if mode in used] or [next(iter(Mode))]


def strip_kyverno(generated: Mapping[str, Any]) -> Manifest:
    """A generated object without the labels that Kyverno adds: who manages it, and where it comes from."""
    labels = {key: value for key, value in generated["metadata"]["labels"].items() if not _is_kyvernos(key, value)}
    return {**generated, "metadata": {**generated["metadata"], "labels": labels}}


def _rows(tenants: Iterable[Tenant]) -> dict[str, Row]:
    return {
        namespace: Row(tenant.name, tenant.network.mode, opens_dashboard(tenant.network))
        for tenant in tenants
        if tenant.network.generates
        for namespace in tenant.namespaces
    }


def _name(number: int) -> str:
    return NAME if number == 1 else f"{NAME}-{number}"


def _is_kyvernos(label: str, value: str) -> bool:
    return label.startswith("generate.kyverno.io/") or (label, value) == ("app.kubernetes.io/managed-by", "kyverno")
