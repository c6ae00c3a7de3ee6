"""The rules as Kyverno ClusterPolicies (kyverno.io/v1).

Those about kinds that not every cluster has are ValidatingPolicies.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.admission.shards import Shard
from rayfence.backends.clusterpolicy.generate import generate_policies
from rayfence.backends.clusterpolicy.jmespath import METADATA, holds
from rayfence.backends.clusterpolicy.mutate import filling_policies
from rayfence.backends.kyverno.rbac import rbac
from rayfence.backends.validatingpolicy.policy import policy_of
from rayfence.model.config import Config, Enforcement
from rayfence.model.subjects import Resource
from rayfence.network.tables import FILLING, GENERATION

NAME = "clusterpolicy"


def files(config: Config) -> Mapping[str, list[dict[str, Any]]]:
    """File name -> the manifests in it."""
    found: dict[str, list[dict[str, Any]]] = {"rbac.yaml": rbac()}
    for policy in admission.policies(config):
        found.setdefault(f"{policy.subject.name}.yaml", []).append(_policy_of(policy))
    return {
        **found,
        f"{GENERATION}.yaml": generate_policies(config.platform, config.tenants),
        f"{FILLING}.yaml": filling_policies(config.tenants),
    }


def _policy_of(policy: Policy) -> dict[str, Any]:
    """Kyverno looks for every kind that a ClusterPolicy names, and for none of a ValidatingPolicy's."""
    return _policy(policy) if policy.subject.always_served else policy_of(policy)


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {
            "name": policy.name,
            "labels": {"app.kubernetes.io/managed-by": "rayfence"},
            "annotations": {
                **policy.shard.annotations,
                **policy.subject.purpose.of_kyverno,
                # Kyverno would rewrite a policy for pods into others for their controllers.
                "pod-policies.kyverno.io/autogen-controllers": "none",
            },
        },
        "spec": {
            "background": policy.subject.scanned,
            **({"emitWarning": True} if policy.shard.enforcement is Enforcement.WARN else {}),
            "webhookConfiguration": {"failurePolicy": "Fail", **_asked_under(policy)},
            "rules": [_rule(policy)],
        },
    }


def _rule(policy: Policy) -> dict[str, Any]:
    kinds = [kind for resource in policy.subject.resources for kind in _kinds(resource)]
    enforced = policy.shard.enforcement is Enforcement.ENFORCE
    return {
        "name": policy.subject.name,
        "match": {"any": [{"resources": {"kinds": kinds, "operations": list(policy.subject.operations)}}]},
        **_in_charge(policy),
        "validate": {
            "failureAction": "Enforce" if enforced else "Audit",
            # The default would let an object that breaks a rule already break more of them.
            "allowExistingViolations": False,
            "cel": {
                "generate": False,
                "variables": [{"name": name, "expression": text} for name, text in policy.variables.items()],
                "expressions": [{"expression": admission.VALID, "messageExpression": admission.MESSAGE}],
            },
        },
    }


_PLACE = f"{METADATA}.namespace || request.oldObject.metadata.namespace || ''"


def _asked_under(policy: Policy) -> dict[str, Any]:
    """A guard gets a webhook of its own, with conditions that the API server evaluates before it asks anybody."""
    return {} if policy.subject.everywhere else {"matchConditions": policy.conditions}


def _in_charge(policy: Policy) -> dict[str, Any]:
    """The precondition that the object's namespace is in the policy's care. Where it errs, Kyverno refuses.

    It is looked at before the rules are compiled, unlike `celPreconditions`, and offline, unlike `matchConditions`: of
    those of a ClusterPolicy Kyverno's command line breaks down.
    """
    if policy.subject.everywhere:
        return _in_range(policy.shard)
    names = ",\n".join(f"'{namespace}'" for namespace in policy.shard.namespaces)
    # Beside rules in CEL Kyverno takes no variables.
    return {"preconditions": holds(f"contains([\n{names}\n], {_PLACE})")}


def _in_range(shard: Shard) -> dict[str, Any]:
    """JMESPath compares no texts, but sorts them."""
    edges = [f"sort([{_PLACE}, '{shard.first}'])[0] == '{shard.first}'"] if shard.first else []
    edges += [f"sort([{_PLACE}, '{shard.until}'])[0] != '{shard.until}'"] if shard.until else []
    return {"preconditions": holds(" && ".join(edges))} if edges else {}


def _kinds(resource: Resource) -> list[str]:
    """A kind and its subresources, in each version: a real server refuses `ray.io/*/RayCluster`.

    Without a slash in front, `v1/Service` is a Service of any group, and a server with Knative refuses the policy.
    """
    return [f"{resource.group}/{resource.version}/{kind}" for kind in resource.kinds]
