"""How the Kyverno CLI evaluates Kubernetes' own policies, and how to read these back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rayfence.admission import Policy
from rayfence.backends.native.kinds import BINDINGS, POLICIES
from rayfence.backends.offline import Actions, KyvernoOffline, Scopes, Spec
from rayfence.backends.parsing import matched_resources, namespaces_of, narrowing_fields, plurals
from rayfence.model.subjects import Resource


def _expected(policy: Policy, resource: Resource) -> Iterator[str]:
    return plurals(resource)


def _bound(bindings: Mapping[str, Spec]) -> dict[str, list[str]]:
    """Policy name -> actions, for bindings that bind for all objects and not only for some."""
    return {
        spec["policyName"]: spec["validationActions"]
        for spec in bindings.values()
        if spec.keys() == {"policyName", "validationActions"}
    }


OFFLINE = KyvernoOffline(
    POLICIES.resource.kind,
    lambda policy: policy.name,
    namespaces_of,
    Scopes(matched_resources, _expected, narrowing_fields),
    Actions(BINDINGS.resource.kind, _bound),
    is_native=True,
)
"""Each policy is one rule of its own name; nothing generates."""
