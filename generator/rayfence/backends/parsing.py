"""Reads policies back: which objects they match, and for which namespaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rayfence.admission import IN_CHARGE, Policy
from rayfence.backends.offline import Conditions, Namespaces, Scope, Spec
from rayfence.cel.syntax import NotCel, flat
from rayfence.cluster.objects import list_at
from rayfence.model.subjects import DELETE, Resource

EVERY = "*"
"""Every version of a group."""

_LISTED = re.compile(
    r"\[\((?P<subject>[^()]+)\)\.metadata\.\?namespace\.orValue\(''\)\]"
    r"\.all\(name, type\(name\) != string \|\| \(name in \[(?P<names>[^\[\]()]*)\]\)\)"
)
_DELETED = "request.operation == 'DELETE' ? oldObject : object"


def namespaces_in(policy: Policy, found: Conditions) -> Namespaces | None:
    """The namespaces in the one condition that lists a policy's namespaces."""
    texts = [on_one_line(each["expression"]) for each in found if each["name"] == IN_CHARGE]
    listed = _LISTED.fullmatch(texts[0]) if len(texts) == 1 else None
    shown = _DELETED if DELETE in policy.subject.operations else "object"
    return quoted(listed["names"]) if listed and listed["subject"] == shown else None


def namespaces_of(policy: Policy, spec: Spec) -> Namespaces | None:
    """The same where a spec has its conditions at the top."""
    return namespaces_in(policy, list_at(spec, "matchConditions"))


def on_one_line(expression: str) -> str:
    """An expression without its layout, '' if it is no CEL."""
    try:
        return flat(expression)
    except NotCel:
        return ""


def quoted(text: str) -> Namespaces:
    """The words in quotes."""
    return frozenset(re.findall(r"'([^']*)'", text))


def only(found: Sequence[Any]) -> Any:
    """The one element of a list that has no other."""
    return found[0] if len(found) == 1 else None


def matched_resources(spec: Spec) -> Scope:
    """The resources that a policy with `matchConstraints` matches."""
    rules = spec["matchConstraints"]["resourceRules"]
    return frozenset(
        f"{operation} {each}" for rule in rules for operation in rule["operations"] or () for each in _matched(rule)
    )


def narrowing_fields(spec: Spec) -> set[str]:
    """The fields of `matchConstraints` that leave objects out."""
    return {f"matchConstraints.{field}" for field in spec["matchConstraints"].keys() - {"resourceRules"}}


def plurals(resource: Resource, version: str = EVERY) -> Iterator[str]:
    """A resource and its subresources, as `matched_resources` gives them."""
    return (_of_group([resource.group], plural, [version]) for plural in resource.plurals)


def _matched(rule: Mapping[str, Any]) -> list[str]:
    return [_of_group(rule["apiGroups"], each, rule["apiVersions"]) for each in rule["resources"]]


def _of_group(groups: Sequence[str], name: str, versions: Sequence[str]) -> str:
    named = [] if versions == [EVERY] else ["+".join(versions)]
    return "/".join(["+".join(groups), *named, name])
