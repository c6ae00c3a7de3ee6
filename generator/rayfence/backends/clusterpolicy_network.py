"""Tenants in, the ClusterPolicies out that make Kyverno generate the NetworkPolicies of `network.cluster`.

Two of Kyverno's rules shape them:

* Of a rule that synchronizes, everything outside `generate.foreach` is fixed for good: the server refuses an update
  that changes `match`, `context` or `preconditions`. So the table of tenants stands inside `foreach`, where one more
  tenant is a plain update, and the rule's own precondition asks only for a tenant label.
* `match` names no operations. With them, the deletion of a RayCluster would either pass unseen, its policies left
  behind, or count as one more reason to generate.

Text of a tenant's is compared inside JMESPath, where `==` is exact. Kyverno's own operators read globs and quantities
(`1000` equals `1k`), so they are given nothing but the boolean that comes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from rayfence.backends.generating import NAME, Row, shards
from rayfence.config import Mode, Platform, Tenant
from rayfence.network.cluster import (
    API_VERSIONS,
    JOB_KIND,
    JOB_KIND_LABEL,
    JOB_NAME_LABEL,
    ROLES,
    cluster_spec,
    from_cluster,
    from_submitter,
    policy_labels,
    policy_name,
)
from rayfence.network.policy import HEAD, Manifest

_METADATA = "request.object.metadata"


def generate_policies(platform: Platform, tenants: Iterable[Tenant]) -> list[Manifest]:
    """The policies `generate-network-policies`, `generate-network-policies-2`, ...: one for every 500 namespaces."""
    return [_policy(platform, name, _table(rows)) for name, rows in shards(tenants)]


def _table(rows: Mapping[str, Row]) -> dict[str, str]:
    """Namespace -> `tenant|mode`."""
    return {namespace: f"{tenant}|{mode}" for namespace, (tenant, mode) in rows.items()}


def _policy(platform: Platform, name: str, rows: Mapping[str, str]) -> Manifest:
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "rayfence"}},
        "spec": {"webhookConfiguration": {"failurePolicy": "Fail"}, "rules": [_rule(platform, rows)]},
    }


def _rule(platform: Platform, rows: Mapping[str, str]) -> Manifest:
    kinds = [f"{version}/RayCluster" for version in API_VERSIONS]
    has_label = f"({_label(platform.tenant_label)} || '') != ''"
    return {
        "name": NAME,
        "match": {"any": [{"resources": {"kinds": kinds}}]},
        "preconditions": _holds(has_label),
        "generate": {"synchronize": True, "generateExisting": True, "foreach": [_each_role(platform, rows)]},
    }


def _each_role(platform: Platform, rows: Mapping[str, str]) -> Manifest:
    cluster = _value(f"{_METADATA}.name")
    labels = policy_labels(_value("row[0]"), cluster)
    return {
        "list": _words(ROLES),
        "context": _context(platform, rows),
        "preconditions": _holds("isTenantsOwn"),
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "name": policy_name(cluster, _value("element")),
        "namespace": _value(f"{_METADATA}.namespace"),
        "data": {"metadata": {"labels": labels}, "spec": _value("lookup(specs, row[1])")},
    }


def _context(platform: Platform, rows: Mapping[str, str]) -> list[Manifest]:
    """What one role's policy is made of; each may use those before it. Without a row, a namespace's tenant is empty."""
    cluster = _value(f"{_METADATA}.name")
    specs = {str(mode): cluster_spec(mode, cluster, _value("element"), _value("ingress")) for mode in Mode}
    return [
        _given("namespaces", dict(rows)),
        _computed("row", f"split(lookup(namespaces, {_METADATA}.namespace || '') || '|', '|')"),
        _computed("isTenantsOwn", f"row[0] != '' && ({_label(platform.tenant_label)} || '') == row[0]"),
        *_submitter_context(),
        _given("fromCluster", from_cluster(cluster)),
        _computed("ingress", f"element == '{HEAD}' && hasSubmitter && [fromCluster, fromSubmitter] || [fromCluster]"),
        _given("specs", specs),
    ]


def _submitter_context() -> list[Manifest]:
    """The RayJob that the labels name counts only if the controlling owner is that RayJob."""
    owns = f"kind == '{JOB_KIND}' && controller == `true` && contains({_words(API_VERSIONS)}, apiVersion)"
    says_so = f"({_label(JOB_KIND_LABEL)} || '') == '{JOB_KIND}' && job != ''"
    return [
        _computed("job", f"{_label(JOB_NAME_LABEL)} || ''"),
        _computed("owningJobs", f"({_METADATA}.ownerReferences || `[]`)[?{owns}].name"),
        _computed("hasSubmitter", f"{says_so} && contains(owningJobs, job)"),
        _given("fromSubmitter", from_submitter(_value("job"))),
    ]


def _label(key: str) -> str:
    return f"{_METADATA}.labels.{json.dumps(key)}"


def _words(words: Iterable[str]) -> str:
    return "[" + ", ".join(f"'{word}'" for word in words) + "]"


def _holds(expression: str) -> Manifest:
    return {"all": [{"key": _value(expression), "operator": "Equals", "value": True}]}


def _value(expression: str) -> str:
    return f"{{{{ {expression} }}}}"


def _given(name: str, value: Manifest) -> Manifest:
    return {"name": name, "variable": {"value": value}}


def _computed(name: str, expression: str) -> Manifest:
    return {"name": name, "variable": {"jmesPath": expression}}
