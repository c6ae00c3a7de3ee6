"""Good NetworkPolicies: two that a tenant writes, and two that KubeRay makes."""

from __future__ import annotations

from typing import Any

from rayfence.model.config import Tenant
from rayfence.rules.shared.peers import NAME_LABEL

Json = dict[str, Any]


def network_policies(tenant: Tenant) -> list[Json]:
    """One between pods, one between the tenant's namespaces, and those that KubeRay creates from `networkPolicy`."""
    namespace = [{"namespaceSelector": {"matchLabels": {NAME_LABEL: tenant.namespaces[0]}}, "podSelector": {}}]
    job = {"ray.io/originated-from-cr-name": "good", "ray.io/originated-from-crd": "RayJob"}
    dashboard = {"from": [_pods(job)], "ports": [{"port": 8265, "protocol": "TCP"}]}
    return [
        _policy("pods", tenant, {"app": "ray"}, [_pods({"app": "client"})]),
        _policy("namespaces", tenant, {}, namespace),
        _made("good-head", tenant, {"ray.io/node-type": "head"}, dashboard),
        _made("good-workers-small", tenant, {"ray.io/node-type": "worker", "ray.io/group": "small"}),
    ]


def _made(name: str, tenant: Tenant, labels: Json, *ingress: Json) -> Json:
    """As KubeRay makes it: all ports inside the cluster, and what `ingress` has."""
    cluster = {"ray.io/cluster": "good"}
    made = _policy(name, tenant, cluster | labels, [_pods(cluster)])
    made["metadata"]["labels"] = cluster | {"app.kubernetes.io/created-by": "kuberay-operator"}
    made["spec"]["ingress"] += ingress
    return made


def _policy(name: str, tenant: Tenant, labels: Json, peers: list[Json]) -> Json:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": tenant.namespaces[0]},
        "spec": {
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": peers}],
            "egress": [{"to": peers}],
        },
    }


def _pods(labels: Json) -> Json:
    return {"podSelector": {"matchLabels": dict(labels)}}
