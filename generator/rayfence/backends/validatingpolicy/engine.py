"""How the Kyverno CLI evaluates ValidatingPolicies, and how to read these back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from rayfence.admission import Policy
from rayfence.backends.offline import Actions, KyvernoOffline, Scopes, Spec
from rayfence.backends.parsing import matched_resources, namespaces_of, narrowing_fields, plurals
from rayfence.backends.validatingpolicy.kinds import KINDS
from rayfence.cluster.objects import list_at
from rayfence.model.subjects import Resource

_KIND = KINDS[0].resource.kind


def _expected(policy: Policy, resource: Resource) -> Iterator[str]:
    yield from plurals(resource)
    # Where no version is named, Kyverno's background scans find no objects.
    if policy.subject.scanned:
        yield from plurals(resource, resource.version)


def _declared(policies: Mapping[str, Spec]) -> dict[str, list[str]]:
    return {name: spec.get("validationActions", []) for name, spec in policies.items()}


def _triggers(spec: Spec) -> list[tuple[Sequence[str], Sequence[str]]]:
    rules = list_at(spec, "matchConstraints", "resourceRules")
    return [(rule["resources"], rule["operations"] or ()) for rule in rules]


OFFLINE = KyvernoOffline(
    _KIND,
    lambda policy: "",
    namespaces_of,
    Scopes(matched_resources, _expected, narrowing_fields),
    Actions(_KIND, _declared),
    generating_rules=1,
    triggers=_triggers,
)
"""Reports name no rule of a ValidatingPolicy."""
