"""The rules as Kyverno ValidatingPolicies (policies.kyverno.io/v1), and its GeneratingPolicies and MutatingPolicies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.backends.celpolicy import actions, judgement, metadata, versioned_rules
from rayfence.backends.kyverno.rbac import rbac
from rayfence.backends.validatingpolicy.generate import generating_policies
from rayfence.backends.validatingpolicy.mutate import mutating_policies
from rayfence.model.config import Config
from rayfence.network.tables import FILLING, GENERATION

NAME = "validatingpolicy"


def files(config: Config) -> Mapping[str, list[dict[str, Any]]]:
    """File name -> the manifests in it."""
    found: dict[str, list[dict[str, Any]]] = {"rbac.yaml": rbac()}
    for policy in admission.policies(config):
        found.setdefault(f"{policy.subject.name}.yaml", []).append(policy_of(policy))
    generating = generating_policies(config.platform, config.tenants)
    return {**found, f"{GENERATION}.yaml": generating, f"{FILLING}.yaml": mutating_policies(config.tenants)}


def policy_of(policy: Policy) -> dict[str, Any]:
    """One ValidatingPolicy."""
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "ValidatingPolicy",
        "metadata": metadata(policy, policy.subject.purpose.of_kyverno),
        "spec": {
            "validationActions": actions(policy.shard.enforcement),
            "evaluation": {
                "mode": "Kubernetes",
                "admission": {"enabled": True},
                "background": {"enabled": policy.subject.scanned},
            },
            # Kyverno would rewrite a policy for pods into others for their controllers.
            "autogen": {
                "podControllers": {"controllers": []},
                "validatingAdmissionPolicy": {"enabled": False},
            },
            # Every version is looked at without them; background scans want each by name.
            **judgement(policy, versioned_rules(policy.subject) if policy.subject.scanned else ()),
        },
    }
