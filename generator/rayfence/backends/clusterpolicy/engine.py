"""How the Kyverno CLI evaluates ClusterPolicies, and how to read these back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rayfence.admission import Policy
from rayfence.backends.clusterpolicy.generate import CONCERNS_US
from rayfence.backends.clusterpolicy.kinds import CLUSTER_POLICIES
from rayfence.backends.clusterpolicy.webhooks import conditions
from rayfence.backends.offline import Conditions, KyvernoOffline, Namespaces, Scope, Scopes, Spec, Webhooks
from rayfence.backends.parsing import on_one_line, only, quoted
from rayfence.backends.validatingpolicy.engine import OFFLINE as IN_CEL
from rayfence.cluster.objects import list_at, text_at
from rayfence.model.subjects import Resource
from rayfence.yamlio import Document, read

_IN_JMESPATH = re.compile(
    r"\{\{ contains\(\[(?P<names>[^\[\]()]*)\], "
    r"request\.object\.metadata\.namespace \|\| request\.oldObject\.metadata\.namespace \|\| ''\) \}\}"
)


def _namespaces(policy: Policy, spec: Spec) -> Namespaces | None:
    preconditions = list_at(only(list_at(spec, "rules")), "preconditions", "all")
    listed = _IN_JMESPATH.fullmatch(text_at(only(preconditions), "key"))
    return quoted(listed["names"]) if listed else None


def _matched(spec: Spec) -> Scope:
    matched = (each for rule in spec["rules"] for each in rule.get("match", {}).get("any", ()))
    parts = (each.get("resources", {}) for each in matched)
    return frozenset(
        f"{operation} {kind}"
        for part in parts
        for operation in part.get("operations") or ()
        for kind in part.get("kinds") or ()
    )


def _expected(policy: Policy, resource: Resource) -> Iterator[str]:
    return (f"{resource.group}/{resource.version}/{kind}" for kind in resource.kinds)


def _exclusions(spec: Spec) -> set[str]:
    allowed = {"match": {"any"}, "resources": {"kinds", "operations"}}
    matched = [each for rule in spec["rules"] for each in rule["match"].get("any", ())]
    parts = [("match", rule["match"]) for rule in spec["rules"]]
    parts += [("resources", each.get("resources", {})) for each in matched]
    found = {f"match.{field}" for of, part in parts for field in part.keys() - allowed[of]}
    found |= {"match." + field for each in matched for field in each.keys() - {"resources"}}
    return found | {"exclude" for rule in spec["rules"] if "exclude" in rule}


def _patched(kustomizations: Iterable[Spec]) -> dict[str, Conditions]:
    """Policy name -> the conditions that the kustomization puts on its webhook."""
    patches = [each["patch"] for value in kustomizations for each in value.get("patches", ())]
    found = [each.value for patch in patches for each in read(patch, "policy") if isinstance(each, Document)]
    return {value["metadata"]["name"]: _unformatted(conditions(value)) for value in found if value}


def _unformatted(found: Conditions) -> Conditions:
    return [{**each, "expression": on_one_line(each["expression"])} for each in found]


def _borrowed(policy: Policy) -> KyvernoOffline | None:
    return None if policy.subject.always_served else IN_CEL


OFFLINE = KyvernoOffline(
    CLUSTER_POLICIES.resource.kind,
    lambda policy: policy.subject.name,
    _namespaces,
    Scopes(_matched, _expected, _exclusions),
    webhooks=Webhooks(_patched, _unformatted([CONCERNS_US])),
    generating_rules=2,
    borrowed=_borrowed,
)
"""A policy that generates has one rule for RayClusters and one for RayJobs."""
