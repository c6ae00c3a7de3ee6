"""Ray pods tolerate their tenant's taint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence import row
from rayfence.cel import filled, items, literal
from rayfence.config import Platform, Tenant
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


def is_own(toleration: Any, tenant: Tenant, platform: Platform) -> bool:
    """The same in Python."""
    return (
        dig(toleration, "key") == platform.taint_key
        and dig(toleration, "value") == tenant.name
        and dig(toleration, "operator") in (None, "", "Equal")
        and dig(toleration, "effect") in (None, "", "NoSchedule")
    )


def cel(platform: Platform) -> Iterator[str]:
    found = f"{items('s.spec.?tolerations')}.exists(t, {own(platform)})"
    wanted = f"key {platform.taint_key}, operator Equal, effect NoSchedule, value %s"
    told = filled(f"%s.spec.tolerations: must have {wanted}", "s.path", row.field("name"))
    yield f"variables.sites.filter(s, !({found})).map(s, {told})"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    what = f"has no key {platform.taint_key}, operator Equal, effect NoSchedule, value {tenant.name}; add it"
    for site in work.sites:
        if not any(is_own(toleration, tenant, platform) for toleration in listed(site.get("tolerations"))):
            yield Violation(ID, site.path / "spec" / "tolerations", what)


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
