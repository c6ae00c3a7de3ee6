"""No pod keeps other tenants' pods off a node, has a system priority, or selects nodes of the system or another tenant.

Affinity between pods of one namespace is allowed. The nodeSelector of a Ray pod selects its tenant's nodes, so its node
affinity can only narrow the choice. Terms about tenants' nodes are checked only in pods without such a nodeSelector.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from rayfence.cel import entries, filled, items, literal, literals, row, when
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import PODS, RAY, Subject
from rayfence.rules.cases.pod_security import put
from rayfence.rules.rule import At, Edit, Edits, Violation, instead, shown
from rayfence.rules.shared import allowances
from rayfence.rules.shared.pod_security import Problem
from rayfence.workload import Workload, dig
from rayfence.workload import items as listed

ID = "restrict-scheduling"
FAMILY = "scheduling"
WHY = (
    "Anti-affinity to other namespaces keeps their pods off a node while this pod runs. A pod with a system priority "
    "evicts other pods."
)
SUBJECTS = (RAY, PODS)

CONTROL_PLANE = tuple(f"node-role.kubernetes.io/{role}" for role in ("control-plane", "controlplane", "etcd", "master"))
"""Labels, and the keys of taints, of the nodes that run the cluster itself, in what installers have called them."""

TAINTS = (*CONTROL_PLANE, "CriticalAddonsOnly")
"""Keys of taints on the control plane's nodes and on those that platforms set aside for what a cluster runs on."""

SYSTEM = "system-"
"""How the names of Kubernetes' own PriorityClasses begin. No other class may be named so."""

HIGHEST = 1_000_000_000
"""The highest priority that a PriorityClass of users may have."""

AVOIDING = ("DoesNotExist", "NotIn")
"""Operators of node affinity that select no nodes by the key that they name."""

REQUIRED, PREFERRED = (f"{how}DuringSchedulingIgnoredDuringExecution" for how in ("required", "preferred"))
SIDES = ("podAffinity", "podAntiAffinity")
TERMS = ((REQUIRED, ()), (PREFERRED, ("podAffinityTerm",)))
"""Where a side of pod affinity has terms: its list, and the way from an item to its term."""

NODE_TERMS = (((REQUIRED, "nodeSelectorTerms"), ()), ((PREFERRED,), ("preference",)))
"""The same of node affinity, where the list is on a way too."""

APART = "must have neither namespaces nor namespaceSelector, so that it means the namespace of the pod"
CONTROL = "selects or tolerates the control plane, leave it out"
SET_ASIDE = "selects or tolerates nodes reserved for the system, leave it out"
TOO_HIGH = f"must not be above {HIGHEST}"
ELSEWHERE = "selects nodes of the control plane or of other tenants"


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: templates whose spec is new, what node affinity selects, and the pods that no nodeSelector pins.

    Another rule asks templates to be pinned.
    """
    if subject is RAY:
        return {"new_pod_specs": "variables.pod_definitions", **_selecting_variable(), "unpinned_pods": "[]"}
    unpinned = f"variables.new_pod_specs.filter(pod, {_selector(platform)} != {row.NAME})"
    new = "variables.spec_unchanged ? [] : variables.pod_definitions"
    return {"new_pod_specs": new, **_selecting_variable(), "unpinned_pods": unpinned}


def _selecting_variable() -> dict[str, str]:
    expressions = " + ".join(_expressions(fields, inner) for fields, inner in NODE_TERMS)
    return {"node_affinity_expressions": f"{_WITH_AFFINITY}.map(pod, {expressions}).flatten()"}


def _expressions(fields: tuple[str, ...], inner: tuple[str, ...]) -> str:
    """CEL: expressions of node affinity that do more than to stay away from nodes, each with its path."""
    way, term = ("affinity", "nodeAffinity", *fields), (*inner, "matchExpressions")
    place = filled(
        f"%sspec.{'.'.join(way)}[%s].{'.'.join(term)}[%s]", "pod.path", "string(term_index)", "string(index)"
    )
    selects = f"!(expression.?operator.orValue(null) in {literals(AVOIDING)})"
    each = f"transformList(index, expression, {selects}, {{'path': dyn({place}), 'value': dyn(expression)}})"
    found = items(f"pod.value.?spec.?{'.?'.join(way)}")
    return f"{found}.transformList(term_index, term, {items('.?'.join(('term', *term)))}.{each}).flatten()"


_EXPRESSIONS = "variables.node_affinity_expressions"
_WITH_AFFINITY = "variables.new_pod_specs.filter(pod, pod.value.?spec.?affinity.hasValue())"


def cel(platform: Platform) -> Iterator[str]:
    told = f".map(expression, {filled(f'%s: {ELSEWHERE}', 'expression.path')})"
    name = row.NAME
    all_own = f"{items('expression.value.?values')}.all(name, name == {name})"
    own = f"expression.value.?operator.orValue(null) == 'In' && {all_own}"
    others = f"expression.value.?key.orValue(null) == {literal(platform.node_label)} && !({own})"
    at = literal(f"{FieldPath.of('spec', 'nodeSelector', platform.node_label)}: must be ")
    selected = when(f"{_selector(platform)} != null", f"{at} + {name}")
    terms = f"{literals(SIDES)}.map(side, {' + '.join(_terms(*each) for each in TERMS)}).flatten()"
    yield f"{_WITH_AFFINITY}.map(pod, {terms}).flatten()"
    yield f"{_EXPRESSIONS}.filter(expression, expression.value.?key.orValue(null) in {literals(CONTROL_PLANE)}){told}"
    yield f"variables.new_pod_specs.map(pod, {_selected()} + {_tolerated()} + {_priority()}).flatten()"
    yield f"variables.unpinned_pods.map(pod, {selected} + {_EXPRESSIONS}.filter(expression, {others}){told}).flatten()"


def _terms(field: str, inner: tuple[str, ...]) -> str:
    """CEL: terms of a `side` of pod affinity that name namespaces."""
    term = ".?".join(("term", *inner))
    wrong = (
        f"!({term}.?namespaces.orValue(null) in [dyn(null), dyn([])])"
        f" || {term}.?namespaceSelector.orValue(null) != null"
    )
    told = filled(
        f"%sspec.affinity.%s.{'.'.join((f'{field}[%s]', *inner))}: {APART}", "pod.path", "side", "string(index)"
    )
    return f"{items(f'pod.value.?spec.?affinity[?side].?{field}')}.transformList(index, term, {wrong}, {told})"


def _selector(platform: Platform) -> str:
    return f"dyn(pod.value.?spec.?nodeSelector[?{literal(platform.node_label)}].orValue(null))"


def _selected() -> str:
    """CEL: entries of a nodeSelector for the control plane's nodes."""
    told = filled(f"%sspec.nodeSelector[%s]: {CONTROL}", "pod.path", "key")
    return f"{literals(CONTROL_PLANE)}.filter(key, key in {entries('pod.value.?spec.?nodeSelector')}).map(key, {told})"


def _tolerated() -> str:
    told = filled(f"%sspec.tolerations[%s].key: {SET_ASIDE}", "pod.path", "string(index)")
    wrong = f"toleration.?key.orValue(null) in {literals(TAINTS)}"
    return f"{items('pod.value.?spec.?tolerations')}.transformList(index, toleration, {wrong}, {told})"


def _priority() -> str:
    name, number = (f"pod.value.?spec.?{field}.orValue(null)" for field in ("priorityClassName", "priority"))
    allowed = "variables.allowed_priority_classes"
    users = f"{literal(allowances.ANY)} in {allowed} && type({name}) == string && !{name}.startsWith({literal(SYSTEM)})"
    counted = f"(type({number}) == int || type({number}) == double)"
    high = f"{number} != null && !({counted} && double({number}) <= {float(HIGHEST)})"
    named = filled("%sspec.priorityClassName: is no class that this tenant may use", "pod.path")
    numbered = filled(f"%sspec.priority: {TOO_HIGH}", "pod.path")
    return (
        f"({name} in [dyn(null), dyn('')] ? ({high} ? [{numbered}] : [])"
        f" : {name} in {allowed} || ({users}) ? [] : [{named}])"
    )


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for path, template in () if work.spec_unchanged else work.templates:
        spec, at = dig(template, "spec", at=path), path / "spec"
        # What stands at the root is a pod, and no template of a Ray object.
        free = not path and dig(spec, "nodeSelector", platform.node_label, at=at) != tenant.name
        problems = (
            *_across_namespaces(spec, at),
            *_on_foreign_nodes(spec, at, tenant, platform.node_label if free else None),
            *_selecting(spec, at, tenant, platform.node_label if free else None),
            *_tolerating(spec, at),
            *_prior(spec, at, allowances.of("priority_classes", tenant, platform)),
        )
        yield from (Violation(ID, place, what) for place, what in problems)


def _each(value: Any, at: FieldPath, *way: str) -> Iterator[tuple[FieldPath, Any]]:
    """The items of a list below `value`, which stands at `at`, with their paths."""
    for index, item in enumerate(listed(dig(value, *way, at=at))):
        yield (at + way) / index, item


def _across_namespaces(spec: Any, at: FieldPath) -> Iterator[Problem]:
    for side, (field, inner) in product(SIDES, TERMS):
        for path, item in _each(spec, at, "affinity", side, field):
            place, term = path + inner, dig(item, *inner, at=path)
            named = dig(term, "namespaces", at=place) not in (None, [])
            if named or dig(term, "namespaceSelector", at=place) is not None:
                yield place, APART


def _on_foreign_nodes(spec: Any, at: FieldPath, tenant: Tenant, label: str | None) -> Iterator[Problem]:
    """What node affinity selects; `label` is the key of tenants' nodes where it matters."""
    for fields, inner in NODE_TERMS:
        for path, term in _each(spec, at, "affinity", "nodeAffinity", *fields):
            for place, expression in _each(term, path, *inner, "matchExpressions"):
                key, operator = (dig(expression, field, at=place) for field in ("key", "operator"))
                own = operator == "In" and all(value == tenant.name for _, value in _each(expression, place, "values"))
                foreign = label is not None and key == label and not own
                if operator not in AVOIDING and (key in CONTROL_PLANE or foreign):
                    yield place, f"{ELSEWHERE}; {_instead(key, tenant)}"


def _selecting(spec: Any, at: FieldPath, tenant: Tenant, label: str | None) -> Iterator[Problem]:
    selector = dig(spec, "nodeSelector", at=at)
    for key, value in selector.items() if isinstance(selector, Mapping) else ():
        if key in CONTROL_PLANE:
            yield at / "nodeSelector" / key, CONTROL
        elif key == label and value is not None:
            yield at / "nodeSelector" / key, instead(value, tenant.name)


def _instead(key: str, tenant: Tenant) -> str:
    return "leave it out" if key in CONTROL_PLANE else f"for {key}, use only In [{tenant.name}], NotIn or DoesNotExist"


def _tolerating(spec: Any, at: FieldPath) -> Iterator[Problem]:
    for place, toleration in _each(spec, at, "tolerations"):
        if dig(toleration, "key", at=place) in TAINTS:
            yield place / "key", SET_ASIDE


def _prior(spec: Any, at: FieldPath, allowed: tuple[str, ...]) -> Iterator[Problem]:
    name, number = (dig(spec, field, at=at) for field in ("priorityClassName", "priority"))
    if name in (None, ""):
        # With a class the API server refuses any number but the class's own.
        counted = isinstance(number, int | float) and not isinstance(number, bool)
        if number is not None and not (counted and number <= HIGHEST):
            yield at / "priority", f"is {shown(number)}, {TOO_HIGH}"
        return
    of_users = allowances.ANY in allowed and isinstance(name, str) and not name.startswith(SYSTEM)
    if name not in allowed and not of_users:
        which = f"none that begins with {SYSTEM}" if allowances.ANY in allowed else " or ".join(allowed) or "left out"
        yield at / "priorityClassName", instead(name, which)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    control = CONTROL_PLANE[0]
    return {
        **{title: _affinity(value) for title, value in _ACROSS.items()},
        "a nodeSelector for the control plane": _select(control, ""),
        "a nodeSelector for the control plane, by its older label": _select(CONTROL_PLANE[-1], "true"),
        "required node affinity to the control plane": _affinity(_nodes(_expression(control, "Exists"))),
        "preferred node affinity to the control plane": _affinity(_wished(_expression(control, "In", ""))),
        "a toleration for the control plane": _tolerate(key=control, operator="Exists", effect="NoSchedule"),
        "a toleration for the control plane, by its older taint": _tolerate(key=CONTROL_PLANE[-1], operator="Equal"),
        "a toleration for nodes that are reserved for the system": _tolerate(key=TAINTS[-1], operator="Exists"),
        "a system PriorityClass": put(At.POD, "priorityClassName", "system-node-critical"),
        "a priority in the system's range": put(At.POD, "priority", HIGHEST + 1),
        **(
            {}
            if _any(tenant, platform)
            else {"a PriorityClass that is not listed": put(At.POD, "priorityClassName", "x")}
        ),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    allowed = allowances.of("priority_classes", tenant, platform)
    control = CONTROL_PLANE[0]
    return {
        **{title: _affinity(value) for title, value in _WITHIN.items()},
        "node affinity to the tenant's own nodes": _affinity(
            _nodes(_expression(platform.node_label, "In", tenant.name))
        ),
        "node affinity to nodes without a tenant": _affinity(_nodes(_expression(platform.node_label, "DoesNotExist"))),
        "node affinity that excludes another tenant's nodes": _affinity(
            _wished(_expression(platform.node_label, "NotIn", "x"))
        ),
        "preferred node affinity to a zone": _affinity(_wished(_expression("topology.kubernetes.io/zone", "In", "a"))),
        "required node affinity to a zone": _affinity(
            _nodes(_expression("topology.kubernetes.io/zone", "In", "a", "b"))
        ),
        "node affinity that excludes the control plane": _affinity(_nodes(_expression(control, "DoesNotExist"))),
        "a nodeSelector for a node role": _select("node-role.kubernetes.io/worker", ""),
        "the highest priority below the system's range": put(At.POD, "priority", HIGHEST),
        "an empty PriorityClass": put(At.POD, "priorityClassName", ""),
        **{f"class {name}": put(At.POD, "priorityClassName", name) for name in allowed if name != allowances.ANY},
        **(
            {"a PriorityClass that does not begin with system-": put(At.POD, "priorityClassName", "not-system-")}
            if _any(tenant, platform)
            else {}
        ),
    }


def _any(tenant: Tenant, platform: Platform) -> bool:
    return allowances.ANY in allowances.of("priority_classes", tenant, platform)


def _affinity(value: dict[str, Any]) -> Edit:
    return put(At.POD, "affinity", value)


def _select(key: str, value: str) -> Edit:
    return Edit(At.POD, lambda spec, tenant: spec.setdefault("nodeSelector", {}).update({key: value}))


def _tolerate(**toleration: str) -> Edit:
    return Edit(At.POD, lambda spec, tenant: spec.setdefault("tolerations", []).append(toleration))


def _expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator, **({"values": list(values)} if values else {})}


def _nodes(expression: dict[str, Any]) -> dict[str, Any]:
    zone = {"matchExpressions": [_expression("topology.kubernetes.io/zone", "Exists")]}
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [zone, {"matchExpressions": [expression]}]}}}


def _wished(expression: dict[str, Any]) -> dict[str, Any]:
    return {"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": {"matchExpressions": [expression]}}]}}


def _required(side: str, **fields: Any) -> dict[str, Any]:
    return {side: {REQUIRED: [_term(), _term(**fields)]}}


def _preferred(side: str, **fields: Any) -> dict[str, Any]:
    return {side: {PREFERRED: [{"weight": 1, "podAffinityTerm": _term(**fields)}]}}


def _term(**fields: Any) -> dict[str, Any]:
    return {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "ray"}}, **fields}


_TOGETHER, _APART = "podAffinity", "podAntiAffinity"
_ACROSS = {
    "required anti-affinity to pods of every namespace": _required(_APART, namespaceSelector={}),
    "required anti-affinity to pods of another namespace": _required(_APART, namespaces=["somebody-elses"]),
    "preferred anti-affinity to pods of every namespace": _preferred(_APART, namespaceSelector={}),
    "preferred anti-affinity to pods of another namespace": _preferred(_APART, namespaces=["somebody-elses"]),
    "required affinity to pods of selected namespaces": _required(
        _TOGETHER, namespaceSelector={"matchLabels": {"team": "x"}}
    ),
    "required affinity to pods of another namespace": _required(_TOGETHER, namespaces=["somebody-elses"]),
    "preferred affinity to pods of every namespace": _preferred(_TOGETHER, namespaceSelector={}),
    "preferred affinity to pods of another namespace": _preferred(_TOGETHER, namespaces=["somebody-elses"]),
}
_WITHIN = {
    "required anti-affinity to pods of the own namespace": _required(_APART),
    "preferred affinity to pods of the own namespace": _preferred(_TOGETHER, namespaces=[], namespaceSelector=None),
}
