"""The NetworkPolicies that a RayCluster must have, and those it has on a server, in one spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from controlplane.client import Answer, Client
from rayfence.kyverno import strip_kyverno
from rayfence.model.config import Config
from rayfence.network import generated

POLICY = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}

Manifest = Mapping[str, Any]


def wanted(config: Config, cluster: Manifest) -> list[dict[str, Any]]:
    """The NetworkPolicies that a RayCluster must have."""
    tenant = config.by_namespace()[cluster["metadata"]["namespace"]]
    return [defaulted(each) for each in generated(config.platform, tenant, cluster)]


def found(admin: Client, cluster: Manifest) -> list[dict[str, Any]]:
    """Those it has, by the name it gives them; head first."""
    return found_in(there(admin, cluster["metadata"]["namespace"]), cluster)


def found_in(policies: Mapping[str, Manifest], cluster: Manifest) -> list[dict[str, Any]]:
    """The same, of all that are in its namespace, by name."""
    names = [f"rayfence-{cluster['metadata']['name']}-{role}" for role in ("head", "worker")]
    return [plain(policies[name]) for name in names if name in policies]


def there(admin: Client, namespace: str) -> dict[str, dict[str, Any]]:
    """The NetworkPolicies of a namespace, by name."""
    policies = admin.list(POLICY["apiVersion"], POLICY["kind"], namespace)
    return {each["metadata"]["name"]: each for each in policies}


def write_status(operator: Client, cluster: Manifest) -> Answer:
    """Note in a RayCluster that it was seen, as KubeRay does with every one."""
    return operator.patch(cluster, {"status": {"lastUpdateTime": datetime.now(UTC).isoformat()}}, subresource="status")


def plain(policy: Manifest) -> dict[str, Any]:
    """Without what the server and Kyverno add."""
    kept = {key: policy["metadata"].get(key, {}) for key in ("name", "namespace", "labels")}
    return strip_kyverno({**POLICY, "metadata": kept, "spec": policy["spec"]})


def defaulted(policy: Manifest) -> dict[str, Any]:
    """With what the server fills in and without what it leaves out."""
    spec = dict(policy["spec"])
    for direction in ("ingress", "egress"):
        if direction in spec:
            spec[direction] = [_rule(rule) for rule in spec[direction]]
    spec = {key: value for key, value in spec.items() if value != [] or key not in ("ingress", "egress")}
    return {**policy, "metadata": {"labels": {}, **policy["metadata"]}, "spec": spec}


def _rule(rule: Manifest) -> dict[str, Any]:
    ports: Sequence[Manifest] = rule.get("ports", ())
    return {**rule, **({"ports": [{"protocol": "TCP", **port} for port in ports]} if ports else {})}
