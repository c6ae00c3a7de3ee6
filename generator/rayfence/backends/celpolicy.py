"""The parts that Kyverno's ValidatingPolicy and Kubernetes' own ValidatingAdmissionPolicy have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, assert_never

from rayfence import admission
from rayfence.admission import Policy
from rayfence.model.config import Enforcement
from rayfence.model.subjects import Resource, Subject

DEFAULTS = {"matchPolicy": "Equivalent", "scope": "*"}
"""What a server fills in where it is left out."""


def metadata(policy: Policy, annotations: Mapping[str, str]) -> dict[str, Any]:
    """A policy's name, and who wrote it."""
    return {
        "name": policy.name,
        "labels": {"app.kubernetes.io/managed-by": "rayfence"},
        "annotations": {**policy.shard.annotations, **annotations},
    }


def judgement(policy: Policy, more: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The part of a spec that decides: the matched objects, the CEL, and that an error denies as well.

    `more` are additional match rules, which match no further objects.
    """
    return {
        "failurePolicy": "Fail",
        "matchConstraints": {"resourceRules": [*_rules(policy.subject), *more]},
        **({"matchConditions": policy.conditions} if policy.conditions else {}),
        "variables": [{"name": name, "expression": text} for name, text in policy.variables.items()],
        "validations": [{"expression": admission.VALID, "messageExpression": admission.MESSAGE}],
    }


def _rules(subject: Subject) -> list[dict[str, Any]]:
    """One rule for each API group. Of every version, so that an old one that is still served is no way around."""
    grouped = groupby(sorted(subject.resources, key=_group), key=_group)
    return [_rule(subject, group, "*", resources) for group, resources in grouped]


def versioned_rules(subject: Subject) -> list[dict[str, Any]]:
    """The same with a rule for each version: where none is named, Kyverno's background scans find no objects."""
    grouped = groupby(sorted(subject.resources, key=_version), key=_version)
    return [_rule(subject, *version, resources) for version, resources in grouped]


def _rule(subject: Subject, group: str, version: str, resources: Iterable[Resource]) -> dict[str, Any]:
    names = dict.fromkeys(name for resource in resources for name in resource.plurals)
    operations = list(subject.operations)
    return {"apiGroups": [group], "apiVersions": [version], "operations": operations, "resources": list(names)}


def actions(enforcement: Enforcement) -> list[str]:
    """The actions for a broken rule. Only the user sees a warning, so it is also recorded."""
    match enforcement:
        case Enforcement.ENFORCE:
            return ["Deny"]
        case Enforcement.AUDIT:
            return ["Audit"]
        case Enforcement.WARN:
            return ["Warn", "Audit"]
        case _:
            assert_never(enforcement)


def _group(resource: Resource) -> str:
    return resource.group


def _version(resource: Resource) -> tuple[str, str]:
    return resource.group, resource.version
