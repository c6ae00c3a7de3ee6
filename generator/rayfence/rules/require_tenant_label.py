"""A Ray object has its tenant's label.

KubeRay copies no labels to the objects that it creates for a RayCronJob. There, KubeRay's operator may create an object
without the label, and any user (the autoscaler, Kueue) may update an object that had none. A label cannot be removed.
"""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.cel import literal, literals, row, when
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY, UPDATE
from rayfence.rules.rule import At, Edit, Edits, Violation, instead
from rayfence.workload import MADE_BY_KUBERAY, Workload

ID = "require-tenant-label"
FAMILY = "labeling"
WHY = "NetworkPolicies are generated for objects with this label, and another tenant's label would claim its name."
SUBJECTS = (RAY,)


def cel(platform: Platform) -> Iterator[str]:
    key, path = literal(platform.tenant_label), _path(platform)
    by_operator = f"request.?userInfo.?username.orValue('') == {literal(platform.operator.username)}"
    had_none = (
        f"variables.operation == {literal(UPDATE)} && variables.old_object != null"
        f" && variables.old_object.?metadata.?labels[?{key}].orValue(null) == null"
    )
    excused = f"object.kind in {literals(MADE_BY_KUBERAY)} && ({by_operator} || {had_none})"
    label = f"dyn(object.metadata.?labels[?{key}].orValue(null))"
    wrong = f"variables.tenant_name != '' && {label} != variables.tenant_name && !({label} == null && {excused})"
    yield when(wrong, f"{literal(f'{path}: must be ')} + {row.NAME}")


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    label = work.label(platform.tenant_label)
    if label is None and _excused(work, platform):
        return
    if label != tenant.name:
        yield Violation(ID, _path(platform), instead(label, tenant.name))


def _excused(work: Workload, platform: Platform) -> bool:
    """Whether the label may be missing."""
    if work.kind.name not in MADE_BY_KUBERAY:
        return False
    had_none = work.request.is_update and work.was("metadata", "labels", platform.tenant_label) is None
    return had_none or work.request.username == platform.operator.username


def _path(platform: Platform) -> FieldPath:
    return FieldPath.of("metadata", "labels", platform.tenant_label)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    key = platform.tenant_label

    def label(text: object) -> Edit:
        return Edit(At.OBJECT, lambda value, tenant: value["metadata"]["labels"].update({key: text}))

    return {
        "no labels": Edit(At.OBJECT, lambda value, tenant: value["metadata"].pop("labels")),
        "no tenant label": Edit(At.OBJECT, lambda value, tenant: value["metadata"]["labels"].pop(key)),
        "another tenant's label": label("somebody-else"),
        "the tenant's name with a suffix": label(f"{tenant.name}-2"),
        "another letter case": label(tenant.name.swapcase()) if tenant.name.swapcase() != tenant.name else label(""),
        "a pattern": label("*"),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {"additional labels": Edit(At.OBJECT, lambda value, tenant: value["metadata"]["labels"].update(app="ray"))}
