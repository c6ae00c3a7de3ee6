"""The rules as Kyverno ClusterPolicies (kyverno.io/v1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence import admission
from rayfence.backends.clusterpolicy_network import generate_policies
from rayfence.backends.kyverno_rbac import rbac
from rayfence.config import Config, Enforcement, Platform
from rayfence.shards import Shard, shards
from rayfence.workload import API_GROUP, KINDS, VERSIONS

NAME = "clusterpolicy"
ISOLATION = "enforce-tenant-isolation"

_TITLE = "Ray objects keep to their tenant"
_DESCRIPTION = (
    "A tenant is known by its namespace. Its Ray objects carry its label, stay on its nodes, keep to its resource "
    "bounds, and take nobody else's name."
)


def files(config: Config) -> Mapping[str, list[dict[str, Any]]]:
    """File name -> the manifests in it."""
    return {
        "rbac.yaml": rbac(),
        f"{ISOLATION}.yaml": [_isolation(config.platform, shard) for shard in shards(config)],
        "generate-network-policies.yaml": generate_policies(config.platform, config.tenants),
    }


def _isolation(platform: Platform, shard: Shard) -> dict[str, Any]:
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {
            "name": ISOLATION + shard.suffix,
            "labels": {"app.kubernetes.io/managed-by": "rayfence"},
            "annotations": {"policies.kyverno.io/title": _TITLE, "policies.kyverno.io/description": _DESCRIPTION},
        },
        "spec": {
            "background": True,
            **({"emitWarning": True} if shard.enforcement is Enforcement.WARN else {}),
            "webhookConfiguration": {"failurePolicy": "Fail"},
            "rules": [_rule(platform, shard)],
        },
    }


def _rule(platform: Platform, shard: Shard) -> dict[str, Any]:
    # A real API server refuses `ray.io/*/RayCluster`, so versions are listed; the CLI would not notice.
    kinds = [f"{API_GROUP}/{version}/{kind}" for version in VERSIONS for kind in KINDS]
    variables = admission.variables(platform, shard)
    return {
        "name": ISOLATION,
        "match": {"any": [{"resources": {"kinds": kinds, "operations": ["CREATE", "UPDATE"]}}]},
        "validate": {
            "failureAction": "Enforce" if shard.enforcement is Enforcement.ENFORCE else "Audit",
            # The default would let an object that breaks a rule already break more of them.
            "allowExistingViolations": False,
            "cel": {
                "generate": False,
                "variables": [{"name": name, "expression": text} for name, text in variables.items()],
                "expressions": [{"expression": admission.VALID, "messageExpression": admission.MESSAGE}],
            },
        },
    }
