"""Whether guards are asked about the namespaces of their tenants, all of them and no others.

Read from the policies' own texts, name by name: no run shows a name too many, nor what an API server does before it
asks an engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rayfence.admission import IN_CHARGE, Policy
from rayfence.backends import gatekeeper
from rayfence.backends.clusterpolicy_network import CONCERNS_US
from rayfence.backends.clusterpolicy_webhooks import conditions
from rayfence.backends.gatekeeper import kind_of
from rayfence.cel_layout import NotCel, flat
from rayfence.objects import list_at, text_at
from rayfence.subjects import DELETE
from rayfence.suite.dialects import dialect_of
from rayfence.suite.texts import Texts, values

_IN_JMESPATH = re.compile(
    r"\{\{ contains\(\[(?P<names>[^\[\]()]*)\], "
    r"request\.object\.metadata\.namespace \|\| request\.oldObject\.metadata\.namespace \|\| ''\) \}\}"
)
_LISTED = re.compile(
    r"\[\((?P<subject>[^()]+)\)\.metadata\.\?namespace\.orValue\(''\)\]"
    r"\.all\(name, type\(name\) != string \|\| \(name in \[(?P<names>[^\[\]()]*)\]\)\)"
)
_DELETED = "request.operation == 'DELETE' ? oldObject : object"

Names = frozenset[str]


def compare_bounds(texts: Texts, backend: str, policies: Sequence[Policy]) -> list[str]:
    """What a backend's guards are asked about and do not speak for, and what they speak for and are not asked about."""
    guards = [policy for policy in policies if not policy.subject.everywhere]
    kinds = {policy.name: _kind(backend, policy) for policy in guards}
    problems = [
        each for policy in guards for each in _compared(policy, _own(texts, kinds[policy.name], policy), policy.name)
    ]
    if "ClusterPolicy" not in kinds.values():
        return problems
    patched = _patched(texts.kustomization)
    for policy in guards:
        if kinds[policy.name] != "ClusterPolicy":
            continue
        problems += _compared(policy, _names(policy, patched.get(policy.name, ())), f"{policy.name}'s webhook")
    return problems + [
        f"policy {value['metadata']['name']}'s webhook is asked about other NetworkPolicies than its own"
        for value in values(texts.generating)
        if not _concerns_us(patched.get(value["metadata"]["name"], ()))
    ]


def _kind(backend: str, policy: Policy) -> str:
    return "ConstraintTemplate" if backend == gatekeeper.NAME else dialect_of(backend, policy).kind


def _compared(policy: Policy, names: Names | None, who: str) -> Iterator[str]:
    if names is None:
        yield f"policy {who} is not bound to the namespaces of its tenants"
        return
    wanted = frozenset(policy.shard.namespaces)
    yield from (f"policy {who} is not asked about namespace {each}" for each in sorted(wanted - names))
    yield from (f"policy {who} is asked about namespace {each}" for each in sorted(names - wanted))


def _own(texts: Texts, kind: str, policy: Policy) -> Names | None:
    """The names in a policy's own text; None where it says something else, or nothing."""
    name = kind_of(policy).lower() if kind == "ConstraintTemplate" else policy.name
    found = values(texts.of_kind(kind).get(name, ""))
    spec: Any = next((value["spec"] for value in found), {})
    match kind:
        case "ClusterPolicy":
            preconditions = list_at(_only(list_at(spec, "rules")), "preconditions", "all")
            listed = _IN_JMESPATH.fullmatch(text_at(_only(preconditions), "key"))
            return _quoted(listed["names"]) if listed else None
        case "ConstraintTemplate":
            code = _only(list_at(_only(list_at(spec, "targets")), "code"))
            return _names(policy, list_at(code, "source", "matchCondition"))
        case _:
            return _names(policy, list_at(spec, "matchConditions"))


def _only(found: Sequence[Any]) -> Any:
    """The one element of a list that has no other."""
    return found[0] if len(found) == 1 else None


def _names(policy: Policy, found: Sequence[Mapping[str, str]]) -> Names | None:
    """The names in the one condition of that name."""
    texts = [_flat(each["expression"]) for each in found if each["name"] == IN_CHARGE]
    listed = _LISTED.fullmatch(texts[0]) if len(texts) == 1 else None
    shown = _DELETED if DELETE in policy.subject.operations else "object"
    return _quoted(listed["names"]) if listed and listed["subject"] == shown else None


def _concerns_us(found: Sequence[Mapping[str, str]]) -> bool:
    return [{**each, "expression": _flat(each["expression"])} for each in found] == [_CONCERNS_US]


def _flat(expression: str) -> str:
    """The expression on one line, empty where it is none."""
    try:
        return flat(expression)
    except NotCel:
        return ""


_CONCERNS_US = {**CONCERNS_US, "expression": flat(CONCERNS_US["expression"])}


def _quoted(text: str) -> Names:
    return frozenset(re.findall(r"'([^']*)'", text))


def _patched(kustomization: str) -> dict[str, list[dict[str, str]]]:
    """Policy name -> the conditions that the kustomization puts on its webhook."""
    patches = [each["patch"] for value in values(kustomization) for each in value.get("patches", ())]
    return {value["metadata"]["name"]: conditions(value) for text in patches for value in values(text)}
