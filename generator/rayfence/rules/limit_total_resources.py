"""The worst case of one Ray object stays within its tenant's quota, also during an update.

KubeRay deletes no pod of a worker group that left the spec of a RayCluster, so that group must have been scaled to zero
before. Under `upgradeStrategy.type: Recreate` KubeRay deletes every pod at such an update.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from rayfence.cel import amount, filled, items, let, long_literal, number, row, scalar, when
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.quantity import parse, text
from rayfence.model.subjects import RAY, UPDATE, Subject
from rayfence.rules.cases import quotas as quota_edges
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.rules.shared import worst_case
from rayfence.rules.shared.worst_case import (
    FACTORS,
    factor,
    is_unbounded,
    number_in,
    takes,
    totals,
    whole,
    whole_amount,
)
from rayfence.workload import UNLIMITED, Role, Site, Workload, dig
from rayfence.workload import items as listed

ID = "limit-total-resources"
FAMILY = "resource bounds"
WHY = "Bounds for one container do not limit a cluster, because replicas, hosts and groups multiply them."
SUBJECTS = (RAY,)

LEAST = {"maxReplicas": 0, "minReplicas": 0, "numOfHosts": 1}
"""The least that each of the factors may be. KubeRay counts no hosts as 0 in one place and as 1 in another."""

COUNT = "must be a number from %d to %d"
OVERFLOW = f"maxReplicas times numOfHosts is more than {UNLIMITED}"
SCALE = "must be scaled to zero (replicas and minReplicas 0) before it leaves the spec, or KubeRay keeps its pods"
RECREATE = "Recreate"

_SPEC = FieldPath.of("spec")
_CLUSTER, _GROUPS = "RayCluster", _SPEC / "workerGroupSpecs"
_STATED = {"minReplicas": 0, "replicas": 0, "maxReplicas": UNLIMITED}
"""What decides how many pods a group has, with what stands where it is left out."""

_QUOTA = {"cpu": "quota.cpu", "memory": "quota.memory", "accelerators": "accelerators", "workers": "workers"}
"""What a quota bounds -> the field of a tenant's row that says how much of it."""

NOT_COUNTED = "an accelerator must be a whole number of 0 or more"


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    return worst_case.variables(platform)


def cel(platform: Platform) -> Iterator[str]:
    yield _factors()
    yield _accelerators()
    yield " + ".join(map(_beyond, _QUOTA))
    yield _left()


def _factors() -> str:
    path = "variables.ray_pods[index].path.replace('.template', '')"
    bad = [
        when(f"factors[{number}] < {least}.0 || factors[{number}] > {UNLIMITED}.0", f"{path} + '.{key}: {_count(key)}'")
        for number, (key, least) in enumerate(LEAST.items())
    ]
    # The default itself says nothing about how many there will be; a quota does.
    stated = f"factors[0] < {UNLIMITED}.0 && factors[2] <= {UNLIMITED}.0"
    product = f"factors[0] * factors[2] > {UNLIMITED}.0"
    overflow = when(f"{stated} && {product}", f"{path} + '.numOfHosts: {OVERFLOW}'")
    return f"variables.replica_factors.transformList(index, factors, {' + '.join((*bad, overflow))}).flatten()"


def _count(key: str) -> str:
    return COUNT % (LEAST[key], UNLIMITED)


def _accelerators() -> str:
    is_whole = let("amount", amount("container.limits[key]"), whole())
    odd = f"container.limits.exists(key, key.contains('/') && !({is_whole}))"
    message = f"container.path + '.resources.limits: {NOT_COUNTED}'"
    return f"variables.containers.map(container, {when(odd, message)}).flatten()"


def _beyond(resource: str) -> str:
    quota, total = row.field(_QUOTA[resource]), f"variables.object_totals.{resource}"
    # A thousand times a decimal fraction is seldom the whole number it ought to be.
    scale = " * 1000.0 + 0.0000005" if resource == "cpu" else ""
    above = f"{total} > quantity({quota}).asApproximateFloat(){scale}"
    message = filled(f"spec: the worst case is above the quota of %s, {resource} %s", row.NAME, quota)
    return when(f"variables.tenant_name != '' && {quota} != '' && {above}", message)


def _left() -> str:
    """CEL: the groups of a RayCluster that left its spec with pods, by their places in the spec as it was."""
    old = "variables.old_object.?spec.?workerGroupSpecs"
    groups = f"{items('object.?spec.?workerGroupSpecs')}.map(group, {scalar('group.?groupName')})"
    least, replicas, most = (number(f"group.?{key}", f"{missing}.0") for key, missing in _STATED.items())
    empty = f"{least} == 0.0 && ({replicas} == 0.0 || {most} == 0.0)"
    gone = let(
        "names",
        groups,
        f"{items(old)}.transformList(index, group, !({scalar('group.?groupName')} in names) && !({empty}), index)",
    )
    told = f"{long_literal(f'{_GROUPS}: the group that was workerGroupSpecs[%d] {SCALE}')}.format([index])"
    asked = (
        f"variables.tenant_name != '' && object.kind == '{_CLUSTER}' && variables.operation == '{UPDATE}'"
        " && variables.old_object != null && variables.old_object.?metadata.?deletionTimestamp.orValue(null) == null"
        f" && object.?spec.?upgradeStrategy.?type.orValue(null) != '{RECREATE}'"
    )
    return f"!({asked}) ? [] :\n{gone}.map(index, {told})"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for site in work.sites:
        if site.role is Role.WORKER:
            yield from _bad_factors(site)
    for container in work.containers():
        limits = container.path / "resources" / "limits"
        for key, value in container.entries("limits").items():
            if "/" in key and whole_amount(value) is None:
                yield Violation(ID, limits, f"is {shown(value)}; {NOT_COUNTED}", limits / key)
    yield from _above(work, tenant)
    if _leaves_pods(work):
        yield from _gone(work)


def _above(work: Workload, tenant: Tenant) -> Iterator[Violation]:
    """The worst case is above quotas: because of groups that nothing bounds, or else as a whole."""
    unbounded: dict[FieldPath, list[str]] = {}
    for resource, total in totals(work):
        quota = getattr(tenant.quota, resource)
        if quota is None or total <= parse(str(quota)):
            continue
        groups = [site.group_path for site in work.sites if is_unbounded(site) and takes(work, site, resource)]
        for path in groups:
            unbounded.setdefault(path / "maxReplicas", []).append(f"{resource} {quota}")
        if not groups:
            what = f"the worst case is {_short(total)}, above the quota of {tenant.name}, {resource} {quota}"
            yield Violation(ID, _SPEC, f"{what}; lower maxReplicas or limits")
    for path, quotas in unbounded.items():
        what = f"is missing, which KubeRay reads as {UNLIMITED}: above the quota of {tenant.name}, {', '.join(quotas)}"
        yield Violation(ID, _SPEC, what, path)


def _leaves_pods(work: Workload) -> bool:
    """Whether KubeRay would go on with the pods of groups that are in the spec no more."""
    updated = work.kind.name == _CLUSTER and work.request.is_update
    deleted = updated and work.was("metadata", "deletionTimestamp") is not None
    return updated and not deleted and work.get("upgradeStrategy", "type") != RECREATE


def _gone(work: Workload) -> Iterator[Violation]:
    names = {_name(group) for group in listed(work.get("workerGroupSpecs"))}
    for group in listed(work.was("spec", "workerGroupSpecs")):
        if _name(group) not in names and not _is_empty(group):
            yield Violation(ID, _GROUPS, f"the group {shown(dig(group, 'groupName'))} {SCALE}, in an update before")


def _name(group: Any) -> str:
    return text(dig(group, "groupName"))


def _is_empty(group: Any) -> bool:
    """Whether KubeRay runs no pods of a group."""
    least, replicas, most = (number_in(group, key, missing) for key, missing in _STATED.items())
    return least == 0 and 0 in (replicas, most)


def _bad_factors(site: Site) -> Iterator[Violation]:
    factors = {key: factor(site, key) for key in FACTORS}
    for key, found in factors.items():
        if not LEAST[key] <= found <= UNLIMITED:
            yield Violation(ID, site.group_path / key, f"is {shown(dig(site.group, key))}, {_count(key)}")
    most, hosts = factors["maxReplicas"], factors["numOfHosts"]
    if most < UNLIMITED and hosts <= UNLIMITED < most * hosts:
        yield Violation(ID, site.group_path / "numOfHosts", OVERFLOW)


def _short(total: Decimal) -> str:
    return f"{total.normalize():f}"


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "a negative numOfHosts": _group(maxReplicas=1, numOfHosts=-1),
        "a numOfHosts of zero": _group(numOfHosts=0),
        "a numOfHosts of one half": _group(numOfHosts=0.5),
        "a removed group that still has pods": _leaving({"replicas": 1, "maxReplicas": 1}, name=""),
        "a renamed group with minReplicas above zero": _leaving({"minReplicas": 1, "maxReplicas": 1}),
        "a renamed group that still has pods": _leaving({"replicas": 1, "maxReplicas": 1}),
        "a negative maxReplicas": _group(maxReplicas=-1),
        "a negative minReplicas": _group(minReplicas=-1),
        "factors whose product overflows to zero": _group(maxReplicas=65536, numOfHosts=65536),
        "factors whose product is above 2147483647": _group(maxReplicas=2, numOfHosts=UNLIMITED),
        "a maxReplicas that is not a number": _group(maxReplicas="many"),
        "a negative accelerator": Edit(At.CONTAINER, lambda container, tenant: _accelerate(container, "-1")),
        "a fraction of an accelerator": Edit(At.CONTAINER, lambda container, tenant: _accelerate(container, "1n")),
        "more accelerators than can be counted": Edit(
            At.CONTAINER, lambda container, tenant: _accelerate(container, "1P")
        ),
        "an accelerator amount that is not a quantity": Edit(
            At.CONTAINER, lambda container, tenant: _accelerate(container, "one")
        ),
    }


def edges(tenant: Tenant) -> tuple[Edits, Edits]:
    return quota_edges.edges(tenant)


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "no replicas of a group with many hosts": _group(maxReplicas=0, numOfHosts=16),
        "a numOfHosts of 1.5, which the CRD refuses": _group(numOfHosts=1.5),
        "a renamed group, scaled to zero": _leaving({"replicas": 0, "maxReplicas": 1}),
        "a renamed group that never has pods": _leaving({"replicas": 1, "maxReplicas": 0}),
        "a group renamed under Recreate": _leaving(
            {"replicas": 1, "maxReplicas": 1}, upgradeStrategy={"type": RECREATE}
        ),
        "the same groups in another order": Edit(
            At.RAY_CLUSTER, _turn, before=partial(_scale, {"replicas": 1, "maxReplicas": 1})
        ),
    }


def _leaving(group: dict[str, Any], name: str = "another", **spec: Any) -> Edit:
    """An update in which a group that was so changes its name, or leaves."""

    def leave(value: dict[str, Any], tenant: Tenant) -> None:
        value |= spec
        if name:
            value["workerGroupSpecs"][-1]["groupName"] = name
        else:
            del value["workerGroupSpecs"][-1]

    return Edit(At.RAY_CLUSTER, leave, before=partial(_scale, group))


def _scale(fields: dict[str, Any], value: dict[str, Any], tenant: Tenant) -> None:
    value["workerGroupSpecs"][-1] |= fields


def _turn(value: dict[str, Any], tenant: Tenant) -> None:
    value["workerGroupSpecs"].reverse()


def _group(**fields: Any) -> Edit:
    return Edit(At.WORKERS, lambda group, tenant: group.update(fields))


def _accelerate(container: dict[str, Any], amount: str) -> None:
    container["resources"]["limits"]["example.com/gpu"] = amount
