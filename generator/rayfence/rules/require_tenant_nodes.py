"""Ray pods select their tenant's nodes."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.cel import filled, literal, row
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY
from rayfence.rules.rule import At, Edit, Edits, Violation, instead, shown
from rayfence.workload import Workload

ID = "require-tenant-nodes"
FAMILY = "node affinity"
WHY = (
    "Without its tenant's nodeSelector, a pod may run on other tenants' nodes. nodeName bypasses scheduler and taints."
)
SUBJECTS = (RAY,)


def cel(platform: Platform) -> Iterator[str]:
    selector = f"template.spec.?nodeSelector[?{literal(platform.node_label)}].orValue('') != {row.NAME}"
    path = FieldPath.of("spec", "nodeSelector", platform.node_label)
    told = filled(f"%s.{path}: must be %s", "template.path", row.NAME)
    named = "optional.ofNonZeroValue(template.spec.?nodeName.orValue(null)).hasValue()"
    yield (
        f"variables.pod_templates.filter(template, {selector}).map(template, {told})"
        f" + variables.pod_templates.filter(template, {named})"
        ".map(template, template.path + '.spec.nodeName: must be left out')"
    )


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for site in work.sites:
        spec = site.path / "spec"
        selected = site.get("nodeSelector", platform.node_label)
        if selected != tenant.name:
            yield Violation(ID, spec / "nodeSelector" / platform.node_label, instead(selected, tenant.name))
        if site.get("nodeName"):
            yield Violation(ID, spec / "nodeName", f"is {shown(site.get('nodeName'))}, must be left out")


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    key = platform.node_label

    def affinity(spec: dict[str, object], tenant: Tenant) -> None:
        del spec["nodeSelector"]
        term = {"matchExpressions": [{"key": key, "operator": "In", "values": [tenant.name]}]}
        required = {"nodeSelectorTerms": [term]}
        spec["affinity"] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}

    return {
        "no nodeSelector": Edit(At.POD, lambda spec, tenant: spec.pop("nodeSelector")),
        "a nodeSelector with another key": Edit(
            At.POD, lambda spec, tenant: spec.update(nodeSelector={"zone": tenant.name})
        ),
        "another tenant's nodes": Edit(
            At.POD, lambda spec, tenant: spec["nodeSelector"].update({key: "somebody-else"})
        ),
        "a pattern as the value": Edit(At.POD, lambda spec, tenant: spec["nodeSelector"].update({key: "*"})),
        "an affinity instead of the nodeSelector": Edit(At.POD, affinity),
        "nodeName": Edit(At.POD, lambda spec, tenant: spec.update(nodeName="node-1")),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "additional keys": Edit(
            At.POD, lambda spec, tenant: spec["nodeSelector"].update({"kubernetes.io/arch": "amd64"})
        ),
        "an empty nodeName": Edit(At.POD, lambda spec, tenant: spec.update(nodeName="")),
    }
