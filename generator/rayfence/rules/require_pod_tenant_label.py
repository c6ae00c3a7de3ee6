"""Every Ray pod has its tenant's label.

The label may be on the pod template, on its group, or on both, and neither may have another value. The group's label
wins. But ray.io/v1alpha1 has no labels of groups, so after a write through that version only the template's remains.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import filled, row
from rayfence.model.config import Platform, Tenant
from rayfence.model.subjects import RAY
from rayfence.rules.rule import At, Edit, Edits, Violation, instead
from rayfence.workload import Workload

ID = "require-pod-tenant-label"
FAMILY = "labeling"
WHY = (
    "Pods are counted, selected and billed by this label, and KubeRay does not copy labels of a Ray object to its pods."
)
SUBJECTS = (RAY,)


def cel(platform: Platform) -> Iterator[str]:
    name = row.NAME
    told = filled("%s: must be %s", "label.path", name)
    wrong = f"template.labels.filter(label, label.value != {name}).map(label, {told})"
    yield f"variables.pod_templates.map(template, {wrong}).flatten()"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for site in work.sites:
        for path, label in site.labels(platform.tenant_label):
            if label != tenant.name:
                yield Violation(ID, path, instead(label, tenant.name))


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    key = platform.tenant_label

    def label(text: object) -> Edit:
        return Edit(At.TEMPLATE, lambda template, tenant: template["metadata"]["labels"].update({key: text}))

    def below(group: dict[str, Any], tenant: Tenant) -> None:
        group.update(labels={key: tenant.name})
        group["template"]["metadata"]["labels"][key] = "somebody-else"

    return {
        "no labels": Edit(At.TEMPLATE, lambda template, tenant: template.pop("metadata")),
        "no tenant label": Edit(At.TEMPLATE, lambda template, tenant: template["metadata"]["labels"].pop(key)),
        "another tenant's label": label("somebody-else"),
        "an empty label": label(""),
        "another tenant's label on the group, which overrides the template's": Edit(
            At.GROUP, lambda group, tenant: group.update(labels={key: "somebody-else"})
        ),
        "another tenant's label on the template, which the group's overrides": Edit(At.GROUP, below),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    key = platform.tenant_label

    def only_group(group: dict[str, object], tenant: Tenant) -> None:
        group.update(labels={key: tenant.name})
        group["template"]["metadata"]["labels"].pop(key)  # type: ignore[index]

    return {
        "the label on group and template": Edit(
            At.GROUP, lambda group, tenant: group.update(labels={key: tenant.name})
        ),
        "the label on the group only": Edit(At.GROUP, only_group),
        "other labels on the group": Edit(At.GROUP, lambda group, tenant: group.update(labels={"zone": "a"})),
    }
