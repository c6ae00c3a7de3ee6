"""The rules as Kubernetes' own ValidatingAdmissionPolicies (admissionregistration.k8s.io/v1), which need no engine.

They generate nothing: a namespace has the static network layer alone, and in it what `network.engineless` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.backends.celpolicy import actions, judgement, metadata
from rayfence.model.config import Config
from rayfence.model.purposes import written_by

NAME = "validatingadmissionpolicy"

_API = "admissionregistration.k8s.io/v1"


def files(config: Config) -> Mapping[str, list[dict[str, Any]]]:
    """File name -> the manifests in it, each policy followed by its binding."""
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in admission.policies(config):
        found.setdefault(f"{policy.subject.name}.yaml", []).extend((_policy(policy), _binding(policy)))
    return found


def _policy(policy: Policy) -> dict[str, Any]:
    spec = judgement(policy)
    # Without it the server answers 422, as if the object were no valid one of its kind.
    validations = [{**validation, "reason": "Forbidden"} for validation in spec["validations"]]
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": metadata(policy, written_by()),
        "spec": {**spec, "validations": validations},
    }


def _binding(policy: Policy) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": metadata(policy, written_by()),
        "spec": {"policyName": policy.name, "validationActions": actions(policy.shard.enforcement)},
    }
