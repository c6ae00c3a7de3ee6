"""The worst case of one Ray object stays within its tenant's quota."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rayfence import row
from rayfence.cel import amount, filled, let, when
from rayfence.config import Platform, Tenant
from rayfence.path import Path
from rayfence.quantity import parse
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.rules.worst_case import FACTORS, RESOURCES, factor, is_unbounded, takes, totals, whole, whole_amount
from rayfence.workload import UNLIMITED, Role, Site, Workload, dig

ID = "limit-total-resources"
FAMILY = "resource bounds"
WHY = "Bounds for one container do not bound a cluster: replicas, hosts and groups multiply them."

COUNT = f"must be a number from 0 to {UNLIMITED}"
OVERFLOW = f"maxReplicas times numOfHosts is more than {UNLIMITED}"
_SPEC = Path.of("spec")
NOT_COUNTED = "an accelerator must be a whole number of 0 or more"


def cel(platform: Platform) -> Iterator[str]:
    yield _factors()
    yield _accelerators()
    yield " + ".join(_beyond(resource) for resource in (*RESOURCES, "workers"))


def _factors() -> str:
    path = "variables.pods[i].path.replace('.template', '')"
    bad = [
        when(f"f[{number}] < 0.0 || f[{number}] > {UNLIMITED}.0", f"{path} + '.{key}: {COUNT}'")
        for number, key in enumerate(FACTORS)
    ]
    # The default itself says nothing about how many there will be; a quota does.
    stated = f"f[0] < {UNLIMITED}.0 && f[2] <= {UNLIMITED}.0"
    product = f"f[0] * f[2] > {UNLIMITED}.0"
    overflow = when(f"{stated} && {product}", f"{path} + '.numOfHosts: {OVERFLOW}'")
    return f"variables.factors.transformList(i, f, {' + '.join((*bad, overflow))}).flatten()"


def _accelerators() -> str:
    odd = f"c.limits.exists(k, k.contains('/') && !({let('a', amount('c.limits[k]'), whole())}))"
    message = f"c.path + '.resources.limits: {NOT_COUNTED}'"
    return f"variables.containers.map(c, {when(odd, message)}).flatten()"


def _beyond(resource: str) -> str:
    quota, total = row.field(f"quota_{resource}"), f"variables.totals.{resource}"
    # A thousand times a decimal fraction is seldom the whole number it ought to be.
    scale = " * 1000.0 + 0.0000005" if resource == "cpu" else ""
    above = f"{total} > quantity({quota}).asApproximateFloat(){scale}"
    message = filled(f"spec: the worst case is above the quota of %s, {resource} %s", row.field("name"), quota)
    return when(f"variables.tenant[0] != '' && {quota} != '' && {above}", message)


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


def _above(work: Workload, tenant: Tenant) -> Iterator[Violation]:
    """The worst case is above quotas: because of groups that nothing bounds, or else as a whole."""
    unbounded: dict[Path, list[str]] = {}
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


def _bad_factors(site: Site) -> Iterator[Violation]:
    factors = {key: factor(site, key) for key in FACTORS}
    for key, found in factors.items():
        if not 0 <= found <= UNLIMITED:
            yield Violation(ID, site.group_path / key, f"is {shown(dig(site.group, key))}, {COUNT}")
    most, hosts = factors["maxReplicas"], factors["numOfHosts"]
    if most < UNLIMITED and hosts <= UNLIMITED < most * hosts:
        yield Violation(ID, site.group_path / "numOfHosts", OVERFLOW)


def _short(total: Decimal) -> str:
    return f"{total.normalize():f}"


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "negative hosts": _group(maxReplicas=1, numOfHosts=-1),
        "negative replicas": _group(maxReplicas=-1),
        "factors that overflow to nothing": _group(maxReplicas=65536, numOfHosts=65536),
        "twice the most hosts there can be": _group(maxReplicas=2, numOfHosts=UNLIMITED),
        "no number": _group(maxReplicas="many"),
        "a negative accelerator": Edit(At.CONTAINER, lambda container, tenant: _accelerate(container, "-1")),
        "a part of an accelerator": Edit(At.CONTAINER, lambda container, tenant: _accelerate(container, "1n")),
        "more accelerators than can be counted": Edit(
            At.CONTAINER, lambda container, tenant: _accelerate(container, "1P")
        ),
        "an accelerator that is no quantity": Edit(
            At.CONTAINER, lambda container, tenant: _accelerate(container, "one")
        ),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "no replicas on many hosts": _group(maxReplicas=0, numOfHosts=16),
        "halves on no host, which are for the CRD to refuse": _group(minReplicas=0.5, maxReplicas=0.5, numOfHosts=0),
    }


def _group(**fields: Any) -> Edit:
    return Edit(At.WORKERS, lambda group, tenant: group.update(fields))


def _accelerate(container: dict[str, Any], amount: str) -> None:
    container["resources"]["limits"]["example.com/gpu"] = amount
