"""ClusterPolicies on a server: whether one is in force, and how it releases what it has generated."""

from __future__ import annotations

from typing import Any

from rayfence.backends.base import UNKNOWN, Generating, Kind, Manifest
from rayfence.cluster.objects import list_at, text_at
from rayfence.model.subjects import Resource

AUTOGEN = "pod-policies.kyverno.io/autogen-controllers"


def _why_not_ready(policy: Manifest) -> str:
    ready = next((each for each in list_at(policy, "status", "conditions") if text_at(each, "type") == "Ready"), None)
    if ready is None:
        return UNKNOWN
    return "" if text_at(ready, "status") == "True" else text_at(ready, "message") or "is not ready"


def _release(policy: dict[str, Any]) -> dict[str, Any]:
    spec = policy["spec"]
    rules = [
        {**rule, "generate": {**rule["generate"], "orphanDownstreamOnPolicyDelete": True}} for rule in spec["rules"]
    ]
    return {**policy, "spec": {**spec, "rules": rules}}


CLUSTER_POLICIES = Kind(
    Resource("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies"),
    _why_not_ready,
    Generating(_release, "docs/moving-from-clusterpolicy.md"),
    annotations=(AUTOGEN,),
    defaults={
        "admission": True,
        "background": True,
        "emitWarning": False,
        "skipBackgroundRequests": True,
        # Of the whole policy; the action that counts is the rule's, and is always written.
        "validationFailureAction": "Audit",
    },
)
