"""Kyverno's policies in CEL on a server: whether one is in force, and how it releases what it has generated."""

from __future__ import annotations

from typing import Any

from rayfence.backends.base import UNKNOWN, Generating, Kind, Manifest
from rayfence.backends.celpolicy import DEFAULTS
from rayfence.cluster.objects import list_at, map_at, text_at
from rayfence.model.subjects import Resource

_GROUP, _VERSION = "policies.kyverno.io", "v1"


def _why_not_ready(policy: Manifest) -> str:
    status = map_at(policy, "status", "conditionStatus")
    if status.get("ready") is True:
        return ""
    failed = [each for each in list_at(status, "conditions") if text_at(each, "status") != "True"]
    told = "; ".join(filter(None, (text_at(each, "message") or text_at(each, "reason") for each in failed)))
    return told or text_at(status, "message") or UNKNOWN


def _release(policy: dict[str, Any]) -> dict[str, Any]:
    spec = policy["spec"]
    evaluation = {**spec["evaluation"], "orphanDownstreamOnPolicyDelete": {"enabled": True}}
    return {**policy, "spec": {**spec, "evaluation": evaluation}}


def _kind(kind: str, plural: str, generating: Generating | None = None) -> Kind:
    resource = Resource(_GROUP, _VERSION, kind, plural)
    return Kind(resource, _why_not_ready, generating, defaults=DEFAULTS, retried_on_change=True)


KINDS = (
    _kind("ValidatingPolicy", "validatingpolicies"),
    _kind("MutatingPolicy", "mutatingpolicies"),
    _kind("GeneratingPolicy", "generatingpolicies", Generating(_release)),
)
