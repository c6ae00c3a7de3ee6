"""If KubeRay isolates a tenant's RayClusters, each of them has spec.networkPolicy with the tenant's mode.

A RayCluster without it is not exposed: its namespace denies traffic by default, and the NetworkPolicies that KubeRay
creates from `spec.networkPolicy` only allow. But without it, or with another mode, its pods cannot reach each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from rayfence.cel import filled, let, literal, row
from rayfence.model.config import Mode, Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY, RESERVED
from rayfence.rules.rule import At, Edit, Edits, Violation, instead, shown
from rayfence.workload import API_GROUP, SERVED, STORED, Role, Workload, dig

ID = "require-network-policy"
FAMILY = "network"
WHY = "KubeRay creates the allow rules of a RayCluster only if it has this field; without them its pods cannot connect."
SUBJECTS = (RAY,)

VERSION = STORED
"""The only version that knows the field: a write through another one takes it away."""

LABEL = "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
"""A DNS label. KubeRay puts a group's name into that of a NetworkPolicy, and takes no cluster with any other one."""

FIELD = "networkPolicy"

_MODE = row.field("network.mode")


def asked(tenant: Tenant) -> str:
    """The value that the rule requires of a tenant, '' if it requires none."""
    return tenant.network.required_mode or ""


def fields(tenant: Tenant) -> dict[str, Any]:
    """The field of a cluster's spec that a tenant's clusters need, or nothing."""
    required = asked(tenant)
    return {FIELD: {"mode": str(required)}} if required else {}


def cel(platform: Platform) -> Iterator[str]:
    asked = f"cluster.value.?{FIELD}"
    mode = f"({asked}.orValue(null) == null ? dyn('') : {let('mode', f'{asked}.?mode.orValue(null)', _OR_DEFAULT)})"
    wrong_mode = f"variables.ray_clusters.filter(cluster, {mode} != {_MODE})"
    is_label = let(
        "name", "group.value.?groupName.orValue(null)", f"type(name) == string && name.matches({literal(LABEL)})"
    )
    names = " || ".join(f"string(dyn({name})).startsWith({literal(RESERVED)})" for name in _NAMES)
    parts = (
        f"(object.apiVersion != {literal(VERSION)} ?"
        f" variables.ray_clusters.map(cluster, 'apiVersion: must be {VERSION}') : [])",
        f"{wrong_mode}.map(cluster, {filled(f'%s.{FIELD}.mode: must be %s', 'cluster.path', _MODE)})",
        f"variables.ray_groups.filter(group, group.role == 'worker' && !{is_label})"
        ".map(group, group.path + '.groupName: must be a DNS label')",
        f"({names} ? variables.ray_clusters.map(cluster, 'metadata.name: must not begin with {RESERVED}') : [])",
    )
    yield f"variables.tenant_name == '' || {_MODE} == '' ? [] :\n" + "\n+ ".join(parts)


_OR_DEFAULT = f"mode == null ? dyn({literal(Mode.DENY_ALL)}) : mode"
_NAMES = ("object.metadata.?name.orValue('')", "object.metadata.?generateName.orValue('')")


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    required = tenant.network.required_mode
    if required is None or not work.has_cluster:
        return
    version = work.value.get("apiVersion")
    if version != VERSION:
        why = f"older versions have no {FIELD}, and a write through one takes it away"
        yield Violation(ID, FieldPath.of("apiVersion"), f"{instead(version, VERSION)}: {why}")
    yield from _mode(work, required)
    for site in work.sites:
        name = dig(site.group, "groupName", at=site.group_path)
        if site.role is Role.WORKER and not (isinstance(name, str) and re.fullmatch(LABEL, name)):
            yield Violation(ID, site.group_path / "groupName", instead(name, "a DNS label, as KubeRay asks for"))
    yield from _name(work)


def _mode(work: Workload, required: Mode) -> Iterator[Violation]:
    path = work.kind.cluster / FIELD / "mode"
    if work.get(FIELD) is None:
        yield Violation(ID, path, f"is missing; write {FIELD}: {{mode: {required}}}")
        return
    found = work.get(FIELD, "mode")
    if (Mode.DENY_ALL if found is None else found) != required:
        what = f"is left out, which is {Mode.DENY_ALL}" if found is None else f"is {shown(found)}"
        yield Violation(ID, path, f"{what}, must be {required}")


def _name(work: Workload) -> Iterator[Violation]:
    # KubeRay names its policies after the cluster, and these names only Kyverno may give.
    given = (dig(work.value, "metadata", key) for key in ("name", "generateName"))
    if any(isinstance(name, str) and name.startswith(RESERVED) for name in given):
        yield Violation(
            ID, FieldPath.of("metadata", "name"), f"must not begin with {RESERVED}, which KubeRay cannot protect"
        )


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    required = tenant.network.required_mode
    if required is None:
        return {}
    other = next(mode for mode in Mode if mode is not required)
    ways = {
        "no networkPolicy": Edit(At.CLUSTER, lambda cluster, tenant: cluster.pop(FIELD)),
        "a networkPolicy of null": _asks(None),
        "another mode": _asks({"mode": str(other)}),
        "the mode in another letter case": _asks({"mode": required.lower()}),
        "a group's name in capitals": _last_group("Last"),
        "a group's name with dots": _last_group("last.one"),
        "a group's name that is too long": _last_group("g" * 64),
        "a name with a reserved prefix": Edit(
            At.OBJECT, lambda value, tenant: value["metadata"].update(name=f"{RESERVED}good")
        ),
    }
    # Where a token is asked for as well, an older version takes that away, too.
    if not tenant.require.authentication:
        ways["an older version"] = Edit(At.OBJECT, lambda value, tenant: _older(value))
    return ways if required is Mode.DENY_ALL else {**ways, "no mode, which means DenyAll": _asks({})}


def passes(platform: Platform, tenant: Tenant) -> Edits:
    required = tenant.network.required_mode
    if required is None:
        return {"a mode of its own choice": _asks({"mode": str(Mode.DENY_ALL_EGRESS)})}
    ways = {
        "a networkPolicy without rules": _asks({"mode": str(required), "head": {}, "worker": None, "workerGroups": []}),
        "a group's name of the maximum length": _last_group("g" * 63),
        "a RayCluster that another controller manages": Edit(
            At.CLUSTER, lambda cluster, tenant: cluster.update(managedBy="kueue.x-k8s.io/multikueue")
        ),
    }
    return {**ways, "no mode, which means DenyAll": _asks({})} if required is Mode.DENY_ALL else ways


def _asks(policy: dict[str, Any] | None) -> Edit:
    return Edit(At.CLUSTER, lambda cluster, tenant: cluster.update({FIELD: policy}))


def _last_group(name: str) -> Edit:
    return Edit(At.CLUSTER, lambda cluster, tenant: cluster["workerGroupSpecs"][-1].update(groupName=name))


def _older(value: dict[str, Any]) -> None:
    """Write it as v1alpha1, in which a RayCronJob is not served: that one goes without a policy."""
    if (f"{API_GROUP}/v1alpha1", value["kind"]) in SERVED:
        value["apiVersion"] = f"{API_GROUP}/v1alpha1"
    else:
        value["spec"]["jobTemplate"]["rayClusterSpec"].pop(FIELD)
