"""Whether policies say that they look at all they must: kinds and operations, of which some cannot be tried offline.

Nothing else may narrow what is looked at but what says which namespaces a policy is for: see `bounds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rayfence.admission import Policy
from rayfence.subjects import CREATE, UPDATE, Resource
from rayfence.suite.bounds import compare_bounds
from rayfence.suite.dialects import dialect_of
from rayfence.suite.texts import Texts, values

EVERY = "*"
"""Every version of a group."""

Scope = frozenset[str]
"""Each operation on each kind or resource, like `UPDATE /pods/resize` and `CREATE ray.io/v1/RayJob`."""


def compare_scopes(texts: Texts, backend: str, policies: Sequence[Policy]) -> list[str]:
    """What a backend's policies leave out of what they must look at, or look at beside it: kinds and namespaces."""
    problems = []
    for policy in policies:
        kind = dialect_of(backend, policy).kind
        text = texts.objects.get((kind, policy.name))
        wanted, own = _wanted(policy, kind), _declared(text, kind) if text else Scope()
        problems += [f"policy {policy.name} does not look at {each}" for each in sorted(wanted - own)]
        problems += [f"policy {policy.name} looks at {each}" for each in sorted(own - wanted)]
    kinds = dict.fromkeys(dialect_of(backend, policy).kind for policy in policies)
    problems += [each for kind in kinds for each in _narrowed(texts, kind)]
    return [*problems, *compare_bounds(texts, backend, policies)]


def compare_triggers(generating: str) -> list[str]:
    """What is wrong with when GeneratingPolicies act: on creations and updates. No run of the CLI is an update."""
    return [
        f"policy {value['metadata']['name']} does not act on {operation} of {resource}"
        for value in values(generating)
        if value["kind"] == "GeneratingPolicy"
        for rule in value["spec"]["matchConstraints"]["resourceRules"]
        for operation in (CREATE, UPDATE)
        for resource in rule["resources"]
        if operation not in (rule["operations"] or ())
    ]


def _narrowed(texts: Texts, kind: str) -> Iterator[str]:
    """Selectors and exclusions, by which a policy may leave out objects that no case is like."""
    for name, text in texts.of_kind(kind).items():
        (value,) = values(text)
        spec = value["spec"]
        if kind == "ClusterPolicy":
            allowed = {"match": {"any"}, "resources": {"kinds", "operations"}}
            matched = [each for rule in spec["rules"] for each in rule["match"].get("any", ())]
            parts = [("match", rule["match"]) for rule in spec["rules"]]
            parts += [("resources", each.get("resources", {})) for each in matched]
            found = {f"match.{field}" for of, part in parts for field in part.keys() - allowed[of]}
            found |= {"match." + field for each in matched for field in each.keys() - {"resources"}}
            found |= {"exclude" for rule in spec["rules"] if "exclude" in rule}
        else:
            found = {f"matchConstraints.{field}" for field in spec["matchConstraints"].keys() - {"resourceRules"}}
        yield from (f"policy {name} is narrowed by {each}" for each in sorted(found))


def _declared(text: str, kind: str) -> Scope:
    (value,) = values(text)
    spec = value["spec"]
    if kind == "ClusterPolicy":
        matched = (each for rule in spec["rules"] for each in rule.get("match", {}).get("any", ()))
        parts = (each.get("resources", {}) for each in matched)
        crossed = ((part.get("operations"), part.get("kinds")) for part in parts)
    else:
        crossed = ((rule["operations"], _looked_at(rule)) for rule in spec["matchConstraints"]["resourceRules"])
    return frozenset(
        f"{operation} {each}" for operations, found in crossed for operation in operations or () for each in found or ()
    )


def _looked_at(rule: Mapping[str, Any]) -> list[str]:
    return [_of_group(rule["apiGroups"], each, rule["apiVersions"]) for each in rule["resources"]]


def _wanted(policy: Policy, kind: str) -> Scope:
    return frozenset(
        f"{operation} {each}"
        for operation in policy.subject.operations
        for resource in policy.subject.resources
        for each in _named(policy, resource, kind)
    )


def _named(policy: Policy, resource: Resource, kind: str) -> Iterator[str]:
    if kind == "ClusterPolicy":
        yield from _kinds(resource)
        return
    yield from _plurals(resource)
    # Where no version is named, Kyverno's background scans find no objects.
    if kind == "ValidatingPolicy" and policy.subject.scanned:
        yield from _plurals(resource, resource.version)


def _kinds(resource: Resource) -> Iterator[str]:
    return (f"{resource.api_version}/{kind}" for kind in resource.kinds)


def _plurals(resource: Resource, version: str = EVERY) -> Iterator[str]:
    return (_of_group([resource.group], plural, [version]) for plural in resource.plurals)


def _of_group(groups: Sequence[str], name: str, versions: Sequence[str]) -> str:
    named = [] if versions == [EVERY] else ["+".join(versions)]
    return "/".join(["+".join(groups), *named, name])
