"""Ray pods tolerate no other tenant's taint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import items, literal, when
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY
from rayfence.rules.require_tenant_toleration import is_own, own
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.workload import Workload, dig
from rayfence.workload import items as listed

ID = "restrict-tolerations"
FAMILY = "tolerations"
WHY = "A toleration without a key, or with the tenants' key and another value, lets a pod run on other tenants' nodes."
SUBJECTS = (RAY,)
OPENS = "opens the nodes of other tenants"


def cel(platform: Platform) -> Iterator[str]:
    wrong = wrong_in("template.spec", "template.path + '.spec'", platform)
    yield f"variables.pod_templates.map(template, {wrong}).flatten()"


def wrong_in(spec: str, path: str, platform: Platform) -> str:
    """CEL: a list of `path: what is wrong` with a pod spec; `path` is the CEL text of its path."""
    key = literal(platform.taint_key)
    keyless = "toleration.?key.orValue(null) in [dyn(null), dyn('')]"
    place = f"'%s.tolerations[%d]'.format([{path}, index])"
    foreign = f"toleration.?key.orValue(null) == {key} && !({own(platform)})"
    each = when(keyless, f"{place} + '.key: must be given'") + " + " + when(foreign, f"{place} + ': {OPENS}'")
    return f"{items(f'{spec}.?tolerations')}.transformList(index, toleration, {each}).flatten()"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for site in work.sites:
        for path, what in wrong_with(site.get("tolerations"), site.path / "spec" / "tolerations", tenant, platform):
            yield Violation(ID, path, what)


def wrong_with(
    tolerations: Any, path: FieldPath, tenant: Tenant, platform: Platform
) -> Iterator[tuple[FieldPath, str]]:
    """Where it is and what people read, for each toleration at `path` that reaches other tenants."""
    for index, toleration in enumerate(listed(tolerations)):
        place = path / index
        key = dig(toleration, "key", at=place)
        if key in (None, ""):
            yield place / "key", "is missing or empty, which tolerates everything; name a key"
        elif key == platform.taint_key and not is_own(toleration, place, tenant, platform):
            yield place, f"{shown(toleration)} {OPENS}; with this key only operator Equal, value {tenant.name}"


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    def more(**toleration: Any) -> Edit:
        return Edit(At.POD, lambda spec, tenant: spec["tolerations"].append(toleration))

    key = platform.taint_key
    return {
        "Exists without a key": more(operator="Exists"),
        "an empty key": more(key="", operator="Exists", effect="NoSchedule"),
        "another tenant's toleration": more(key=key, operator="Equal", value="somebody-else", effect="NoSchedule"),
        "Exists with the taint's key, which tolerates every tenant's taint": more(key=key, operator="Exists"),
        "Exists with the tenant's own value": more(key=key, operator="Exists", value=tenant.name),
        "the tenant's toleration with an unknown effect": more(
            key=key, operator="Equal", value=tenant.name, effect="Always"
        ),
        "another tenant's toleration with NoExecute": more(
            key=key, operator="Equal", value="somebody-else", effect="NoExecute"
        ),
        "the operator Gt": more(key=key, operator="Gt", value="0", effect="NoSchedule"),
        "a pattern as the value": more(key=key, operator="Equal", value="*", effect="NoSchedule"),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    def more(**toleration: Any) -> Edit:
        return Edit(At.POD, lambda spec, tenant: spec["tolerations"].append(toleration))

    own = {"key": platform.taint_key, "operator": "Equal", "value": tenant.name}
    return {
        "the tenant's toleration with NoExecute": more(**own, effect="NoExecute", tolerationSeconds=60),
        "the tenant's toleration with PreferNoSchedule": more(**own, effect="PreferNoSchedule"),
        "a toleration for GPUs": more(key="nvidia.com/gpu", operator="Exists", effect="NoSchedule"),
        "a toleration for TPUs": more(key="google.com/tpu", operator="Equal", value="present", effect="NoSchedule"),
        "a toleration for unreachable nodes": more(
            key="node.kubernetes.io/unreachable", operator="Exists", effect="NoExecute", tolerationSeconds=30
        ),
    }
