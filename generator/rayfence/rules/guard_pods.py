"""Pods in a tenant's namespace cannot harm other tenants, and Ray pods keep the labels and fields that isolate them.

KubeRay creates pods from objects that were already checked. This rule is for pods that are written by hand, and for
later changes of any pod: labels, sizes, tolerations and ephemeral containers. The labels by which KubeRay and
NetworkPolicies select a pod cannot be removed. Otherwise KubeRay would create another pod in its place, and this one
would keep running. The rule hardens pods even if `restrict-pod-security` is disabled: to leave hardening to another
tool, disable both.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import filled, is_quantity, items, literal, literals, row, scalar, when
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.quantity import parse, text
from rayfence.model.subjects import CREATE, PODS, UPDATE, Subject
from rayfence.rules import restrict_tolerations
from rayfence.rules.cases import guard_pods as guard_pods_edits
from rayfence.rules.limit_resources import NO_LIMIT
from rayfence.rules.require_tenant_toleration import SCHEDULING, has_none, has_own, own
from rayfence.rules.rule import Edits, Violation, instead, shown
from rayfence.rules.shared import pod_security
from rayfence.workload import BOUNDED, SIDES, Workload, dig

ID = "guard-pods"
FAMILY = "backstop"
WHY = "A user who may create Ray objects may usually create pods, and a bare pod would evade all rules for Ray objects."
SUBJECTS = (PODS,)
UNPROVEN = "bare pods may use their node's network, where no NetworkPolicy applies"

RAY_LABELS = guard_pods_edits.RAY_LABELS
AMOUNTS = tuple((side, resource) for side in SIDES for resource in BOUNDED)
SPEC = FieldPath.of("spec")
NEW_ONLY = ("spec.nodeName",)
"""Later on, a node's name is what the scheduler decided."""

KEPT = "must stay as it was while the pod runs"


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: the pod, and its containers."""
    pod = "variables.tenant_name == '' ? [] : [{'path': dyn(''), 'value': dyn(object)}]"
    return {
        **pod_security.variables(pod, pod_security.containers_in("variables.pod_definitions")),
        "spec_unchanged": _SPEC_UNCHANGED,
    }


_SPEC_UNCHANGED = (
    f"variables.operation == {literal(UPDATE)} && variables.old_object != null"
    " && object.?spec.orValue(null) == variables.old_object.?spec.orValue(null)"
)
"""CEL: an update of labels or annotations. It cannot make a pod larger, or harm its node more than it did."""


def cel(platform: Platform) -> Iterator[str]:
    yield f"{_NOBODYS} ? [] :\n" + " + ".join((_label(platform), _nodes(platform), _tolerations(platform)))
    yield f"{_NOBODYS} ? [] :\n{_kept(platform)}"
    foreign = restrict_tolerations.wrong_in("object.?spec", "'spec'", platform)
    parts = (foreign, _amounts(), *pod_security.cel())
    yield from (f"{_NOBODYS} || variables.spec_unchanged ? [] :\n{part}" for part in parts)


_NOBODYS = "variables.tenant_name == ''"


def _ray() -> str:
    return f"{literals(RAY_LABELS)}.exists(label, object.metadata.?labels[?label].orValue(null) != null)"


def _kept(platform: Platform) -> str:
    """CEL: labels that came off a running pod. What the tenant's own may be instead is said elsewhere."""
    pairs = ", ".join(f"[{literal(key)}, {literal(str(_label_path(key)))}]" for key in RAY_LABELS)
    was, now = (
        f"dyn({whose}.?metadata.?labels[?label[0]].orValue(null))" for whose in ("variables.old_object", "object")
    )
    changed = f"[{pairs}].filter(label, {was} != null && {was} != {now}).map(label, label[1] + ': {KEPT}')"
    had, has = (
        f"{whose}.?metadata.?labels[?{literal(platform.tenant_label)}].orValue(null) != null"
        for whose in ("variables.old_object", "object")
    )
    lost = when(f"!{_ray()} && {had} && !({has})", literal(f"{_label_path(platform.tenant_label)}: {KEPT}"))
    by_operator = f"request.?userInfo.?username.orValue('') == {literal(platform.operator.username)}"
    unknown = f"variables.operation != {literal(UPDATE)} || variables.old_object == null"
    return f"({unknown} || {by_operator} ? [] :\n{changed}\n+ {lost})"


def _label(platform: Platform) -> str:
    label = f"dyn(object.metadata.?labels[?{literal(platform.tenant_label)}].orValue(null))"
    path = literal(f"{_label_path(platform.tenant_label)}: must be ")
    return when(
        f"({label} != null || {_ray()}) && {label} != {row.NAME}",
        f"{path} + {row.NAME}",
    )


def _nodes(platform: Platform) -> str:
    selected = f"dyn(object.?spec.?nodeSelector[?{literal(platform.node_label)}].orValue(null))"
    path = literal(f"{SPEC / 'nodeSelector' / platform.node_label}: must be ")
    # Later on, a node's name is what the scheduler decided.
    named = (
        f"variables.operation == {literal(CREATE)} && optional.ofNonZeroValue(object.?spec.?nodeName.orValue(null))"
        ".hasValue()"
    )
    return " + ".join(
        (
            when(f"{_ray()} && {selected} != {row.NAME}", f"{path} + {row.NAME}"),
            when(named, "'spec.nodeName: must be left out'"),
        )
    )


def _tolerations(platform: Platform) -> str:
    found = f"{items('object.?spec.?tolerations')}.exists(toleration, {own(platform, SCHEDULING)})"
    what = literal(f"spec.tolerations: must have key {platform.taint_key}, operator Equal, effect NoSchedule, value ")
    return when(f"{_ray()} && !({found})", f"{what} + {row.NAME}")


def _amounts() -> str:
    """CEL: amounts above a maximum, and limits of nothing, in every container and in the pod's own resources."""
    amounts = ", ".join(
        f"{{'suffix': '.resources.{side}.{resource}: ',"
        f" 'written': {scalar(f'container.value.?resources.?{side}.?{resource}')}, "
        f"'max': {row.field(f'{resource}.max')}, 'side': '{side}'}}"
        for side, resource in AMOUNTS
    )
    pod = "[{'path': dyn('spec'), 'value': object.?spec.orValue(null)}]"
    no_quantity = filled("%s%sis not a quantity, allowed is up to %s", "container.path", "amount.suffix", "amount.max")
    odd = f"!{is_quantity('amount.written')} ? [{no_quantity}]"
    above = "quantity(amount.written).isGreaterThan(quantity(amount.max))"
    what = filled(
        "%s%s%s is above the maximum of %s, %s",
        "container.path",
        "amount.suffix",
        "amount.written",
        row.NAME,
        "amount.max",
    )
    no_limit = filled(f"%s%s%s {NO_LIMIT}", "container.path", "amount.suffix", "amount.written")
    nothing = f"amount.side == 'limits' && sign(quantity(amount.written)) <= 0 ? [{no_limit}]"
    wrong = f"(amount.written == '' ? [] : {odd} : {nothing} : {above} ? [{what}] : [])"
    return (
        f"(variables.security_containers + {pod}).map(container, [{amounts}].map(amount, {wrong}).flatten()).flatten()"
    )


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    of_spec = () if work.spec_unchanged else (_tolerating, _sized, _hardened)
    problems = (_labelled, _placed, _tolerated, _unlabelled, *of_spec)
    for problem in problems:
        for path, what in problem(work, tenant, platform):
            yield Violation(ID, path, what)


def _is_ray(work: Workload) -> bool:
    return any(work.label(key) is not None for key in RAY_LABELS)


def _labelled(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    label = work.label(platform.tenant_label)
    if (label is not None or _is_ray(work)) and label != tenant.name:
        yield _label_path(platform.tenant_label), instead(label, tenant.name)


def _placed(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    if _is_ray(work) and (selected := work.at(SPEC, "nodeSelector", platform.node_label)) != tenant.name:
        yield SPEC / "nodeSelector" / platform.node_label, instead(selected, tenant.name)
    node = work.at(SPEC, "nodeName")
    if work.request.operation == CREATE and node:
        yield SPEC / "nodeName", f"is {shown(node)}, must be left out"


def _tolerated(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    path, found = SPEC / "tolerations", work.at(SPEC, "tolerations")
    if _is_ray(work) and not has_own(found, path, tenant, platform):
        what = has_none(tenant, platform)
        yield path, what


def _tolerating(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    path = SPEC / "tolerations"
    yield from restrict_tolerations.wrong_with(work.at(SPEC, "tolerations"), path, tenant, platform)


def _unlabelled(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    if not work.request.is_update or work.request.username == platform.operator.username:
        return
    for key in RAY_LABELS:
        was = work.was("metadata", "labels", key)
        if was is not None and was != work.label(key):
            yield _label_path(key), f"was {shown(was)}, and {KEPT}; delete the pod instead"
    key = platform.tenant_label
    if not _is_ray(work) and work.was("metadata", "labels", key) is not None and work.label(key) is None:
        yield _label_path(key), f"came off, and {KEPT}; delete the pod instead"


def _label_path(key: str) -> FieldPath:
    return FieldPath.of("metadata", "labels", key)


def _sized(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    spec = work.at(SPEC)
    most = {"cpu": tenant.container.cpu.max, "memory": tenant.container.memory.max}
    for path, value in (*pod_security.containers_of(SPEC, spec), (SPEC, spec)):
        for side, resource in AMOUNTS:
            found = dig(value, "resources", side, resource, at=path)
            if what := _too_much(found, side, most[resource], tenant):
                yield path / "resources" / side / resource, what


def _too_much(found: Any, side: str, most: str, tenant: Tenant) -> str:
    """What is wrong with an amount; '' where nothing is, or nothing is given."""
    written = text(found)
    if not written:
        return ""
    try:
        amount = parse(written)
    except ValueError:
        return f"{shown(written)} is not a quantity, allowed is up to {most}"
    if side == "limits" and amount <= 0:
        return f"{written} {NO_LIMIT}, allowed is up to {most}"
    return f"{written} is above the maximum of {tenant.name}, {most}" if amount > parse(most) else ""


def _hardened(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[pod_security.Problem]:
    yield from pod_security.of_pod(FieldPath(), work.value)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return guard_pods_edits.breaks(platform, tenant)


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return guard_pods_edits.passes(platform, tenant)
