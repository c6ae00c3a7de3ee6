"""If a tenant must use token authentication, each of its RayClusters does.

KubeRay's client follows a redirect and sends the body of its request again. So an image of one tenant can redirect the
operator to another tenant's head. A head with token authentication refuses such a request.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import filled, row
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY
from rayfence.rules.rule import At, Edit, Edits, Violation, instead
from rayfence.workload import API_GROUP, SERVED, STORED, Workload

ID = "require-authentication"
FAMILY = "network"
WHY = "The operator connects to every head. A head without a token runs any job that the operator is led to send."
SUBJECTS = (RAY,)

FIELD = FieldPath.of("authOptions", "mode")

_MODE = row.field("authentication")


def asked(tenant: Tenant) -> str:
    """The value that the rule requires of a tenant, '' if it requires none."""
    return tenant.require.authentication


def fields(tenant: Tenant) -> dict[str, Any]:
    """The field of a cluster's spec that a tenant's clusters need, or nothing."""
    required = asked(tenant)
    return {"authOptions": {"mode": str(required)}} if required else {}


def cel(platform: Platform) -> Iterator[str]:
    mode = f"dyn(cluster.value.?{'.?'.join(map(str, FIELD))}.orValue(null))"
    told = filled(f"%s.{FIELD}: must be %s", "cluster.path", _MODE)
    parts = (
        f"(object.apiVersion != '{STORED}' ? variables.ray_clusters.map(cluster, 'apiVersion: must be {STORED}') : [])",
        f"variables.ray_clusters.filter(cluster, {mode} != {_MODE}).map(cluster, {told})",
    )
    yield f"{_MODE} == '' ? [] :\n" + "\n+ ".join(parts)


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    required = asked(tenant)
    if not required or not work.has_cluster:
        return
    version = work.value.get("apiVersion")
    if version != STORED:
        why = f"older versions have no {FIELD[0]}, and a write through one takes it away"
        yield Violation(ID, FieldPath.of("apiVersion"), f"{instead(version, STORED)}: {why}")
    found = work.get(*map(str, FIELD))
    if found != required:
        yield Violation(ID, work.kind.cluster + FIELD, instead(found, f"{required}; it needs Ray 2.52 or newer"))


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    if not asked(tenant):
        return {}
    ways = {
        "no authOptions": Edit(At.CLUSTER, lambda cluster, tenant: cluster.pop("authOptions")),
        "authOptions of null": _options(None),
        "no mode": _options({"secretName": "own"}),
        "the mode disabled": _options({"mode": "disabled"}),
        "the mode in another letter case": _options({"mode": "Token"}),
    }
    # Where KubeRay isolates clusters, an older version takes away what it is asked for, too.
    if tenant.network.required_mode is None:
        ways["an older version"] = Edit(At.OBJECT, lambda value, tenant: _older(value))
    return ways


def passes(platform: Platform, tenant: Tenant) -> Edits:
    required = asked(tenant)
    if not required:
        return {"any mode": _options({"mode": "disabled"})}
    return {
        "a Secret of the tenant's own": _options(
            {"mode": str(required), "secretName": "own", "enableK8sTokenAuth": True}
        )
    }


def _options(options: dict[str, Any] | None) -> Edit:
    return Edit(At.CLUSTER, lambda cluster, tenant: cluster.update(authOptions=options))


def _older(value: dict[str, Any]) -> None:
    """Write it as v1alpha1, in which a RayCronJob is not served: that one goes without a token."""
    if (f"{API_GROUP}/v1alpha1", value["kind"]) in SERVED:
        value["apiVersion"] = f"{API_GROUP}/v1alpha1"
    else:
        value["spec"]["jobTemplate"]["rayClusterSpec"].pop("authOptions")
