"""Ray pods tolerate their tenant's taint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import filled, items, literal, row
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY
from rayfence.rules.rule import At, Edit, Edits, Violation
from rayfence.workload import Workload, dig
from rayfence.workload import items as listed

ID = "require-tenant-toleration"
FAMILY = "tolerations"
WHY = "A taint keeps other pods off a tenant's nodes. Without this toleration, the tenant's own pods never start."
SUBJECTS = (RAY,)


SCHEDULING = ("NoSchedule",)
"""The effect without whose toleration a pod is not put on a tenant's nodes."""

EFFECTS = (*SCHEDULING, "PreferNoSchedule", "NoExecute")
"""Every effect of a taint. Its own taint a pod may tolerate with any of them."""


def own(platform: Platform, effects: tuple[str, ...] = EFFECTS) -> str:
    """CEL: is the `toleration` the tenant's own, of one of the effects. Equal may be left out, the effect too."""
    allowed = ", ".join(f"dyn({literal(effect)})" for effect in ("", *effects))
    return (
        f"toleration.?key.orValue('') == {literal(platform.taint_key)}"
        f" && toleration.?value.orValue('') == {row.NAME}"
        " && toleration.?operator.orValue(null) in [dyn(null), dyn(''), dyn('Equal')]"
        f" && toleration.?effect.orValue(null) in [dyn(null), {allowed}]"
    )


def is_own(
    toleration: Any, path: FieldPath, tenant: Tenant, platform: Platform, effects: tuple[str, ...] = EFFECTS
) -> bool:
    """The same in Python, of the toleration at `path`."""
    return (
        dig(toleration, "key", at=path) == platform.taint_key
        and dig(toleration, "value", at=path) == tenant.name
        and dig(toleration, "operator", at=path) in (None, "", "Equal")
        and dig(toleration, "effect", at=path) in (None, "", *effects)
    )


def has_own(tolerations: Any, path: FieldPath, tenant: Tenant, platform: Platform) -> bool:
    """Whether one of the tolerations at `path` lets a pod onto its tenant's nodes."""
    found = enumerate(listed(tolerations))
    return any(is_own(each, path / index, tenant, platform, SCHEDULING) for index, each in found)


def has_none(tenant: Tenant, platform: Platform) -> str:
    """What people read: the toleration that is missing."""
    wanted = f"key: {platform.taint_key}, operator: Equal, value: {tenant.name}, effect: NoSchedule"
    return f"lacks the toleration {{{wanted}}}; add it"


def cel(platform: Platform) -> Iterator[str]:
    found = f"{items('template.spec.?tolerations')}.exists(toleration, {own(platform, SCHEDULING)})"
    wanted = f"key {platform.taint_key}, operator Equal, effect NoSchedule, value %s"
    told = filled(f"%s.spec.tolerations: must have {wanted}", "template.path", row.NAME)
    yield f"variables.pod_templates.filter(template, !({found})).map(template, {told})"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    what = has_none(tenant, platform)
    for site in work.sites:
        path = site.path / "spec" / "tolerations"
        if not has_own(site.get("tolerations"), path, tenant, platform):
            yield Violation(ID, path, what)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    def change(**fields: Any) -> Edit:
        return Edit(At.POD, lambda spec, tenant: spec["tolerations"][0].update(fields))

    return {
        "no tolerations": Edit(At.POD, lambda spec, tenant: spec.pop("tolerations")),
        "an empty list": Edit(At.POD, lambda spec, tenant: spec.update(tolerations=[])),
        "only a toleration for GPUs": Edit(
            At.POD, lambda spec, tenant: spec.update(tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}])
        ),
        "the tenant's toleration with NoExecute only": change(effect="NoExecute"),
        "the tenant's toleration with PreferNoSchedule only": change(effect="PreferNoSchedule"),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    bare = {"key": platform.taint_key, "value": tenant.name}
    return {
        "the tenant's toleration without operator and effect": Edit(
            At.POD, lambda spec, tenant: spec.update(tolerations=[bare])
        ),
    }
