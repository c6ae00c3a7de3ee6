"""Ray pods tolerate their tenant's taint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence import row
from rayfence.cel import filled, items, literal
from rayfence.config import Platform, Tenant
from rayfence.path import Path
from rayfence.rules.rule import At, Edit, Edits, Violation
from rayfence.workload import Workload, dig
from rayfence.workload import items as listed

ID = "require-tenant-toleration"
FAMILY = "tolerations"
WHY = "A tenant's nodes are tainted so that nobody else lands there; without this toleration its own pods never start."


def own(platform: Platform) -> str:
    """CEL: is the toleration `t` the tenant's own. Equal may be left out, NoSchedule too."""
    return (
        f"t.?key.orValue('') == {literal(platform.taint_key)} && t.?value.orValue('') == {row.field('name')}"
        " && t.?operator.orValue(null) in [dyn(null), dyn(''), dyn('Equal')]"
        " && t.?effect.orValue(null) in [dyn(null), dyn(''), dyn('NoSchedule')]"
    )


def is_own(toleration: Any, path: Path, tenant: Tenant, platform: Platform) -> bool:
    """The same in Python, of the toleration at `path`."""
    return (
        dig(toleration, "key", at=path) == platform.taint_key
        and dig(toleration, "value", at=path) == tenant.name
        and dig(toleration, "operator", at=path) in (None, "", "Equal")
        and dig(toleration, "effect", at=path) in (None, "", "NoSchedule")
    )


def has_own(tolerations: Any, path: Path, tenant: Tenant, platform: Platform) -> bool:
    """Whether one of the tolerations at `path` is the tenant's own."""
    return any(is_own(each, path / index, tenant, platform) for index, each in enumerate(listed(tolerations)))


def cel(platform: Platform) -> Iterator[str]:
    found = f"{items('s.spec.?tolerations')}.exists(t, {own(platform)})"
    wanted = f"key {platform.taint_key}, operator Equal, effect NoSchedule, value %s"
    told = filled(f"%s.spec.tolerations: must have {wanted}", "s.path", row.field("name"))
    yield f"variables.sites.filter(s, !({found})).map(s, {told})"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    what = f"has no key {platform.taint_key}, operator Equal, effect NoSchedule, value {tenant.name}; add it"
    for site in work.sites:
        path = site.path / "spec" / "tolerations"
        if not has_own(site.get("tolerations"), path, tenant, platform):
            yield Violation(ID, path, what)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "no tolerations": Edit(At.POD, lambda spec, tenant: spec.pop("tolerations")),
        "an empty list": Edit(At.POD, lambda spec, tenant: spec.update(tolerations=[])),
        "only a GPU's": Edit(
            At.POD, lambda spec, tenant: spec.update(tolerations=[{"key": "nvidia.com/gpu", "operator": "Exists"}])
        ),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    bare = {"key": platform.taint_key, "value": tenant.name}
    return {
        "Equal left out, any effect": Edit(At.POD, lambda spec, tenant: spec.update(tolerations=[bare])),
    }
