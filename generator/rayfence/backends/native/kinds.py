"""Kubernetes' own policies and their bindings on a server: whether a policy is in force."""

from __future__ import annotations

from rayfence.backends.base import UNKNOWN, Kind, Manifest
from rayfence.backends.celpolicy import DEFAULTS
from rayfence.cluster.objects import at, list_at, text_at
from rayfence.model.subjects import Resource

_GROUP, _VERSION = "admissionregistration.k8s.io", "v1"


def _why_not_ready(policy: Manifest) -> str:
    warnings = list_at(policy, "status", "typeChecking", "expressionWarnings")
    if warnings:
        return f"{text_at(warnings[0], 'fieldRef')}: {text_at(warnings[0], 'warning')}"
    seen, generation = at(policy, "status", "observedGeneration"), at(policy, "metadata", "generation")
    return "" if seen is not None and seen == generation else UNKNOWN


POLICIES = Kind(
    Resource(_GROUP, _VERSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies"),
    _why_not_ready,
    defaults=DEFAULTS,
    ready_early=True,
)
BINDINGS = Kind(
    Resource(_GROUP, _VERSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings"), binds=True
)
