"""Writes the two NetworkPolicies of a RayCluster: one for its head, one for its workers.

All ports are open between the pods of one cluster, because raylets, object managers and workers listen on random ones.
Other pods that may connect are a job's submitter and, if `rayStartParams` move a port, KubeRay's operator and
Prometheus, because the rules of the namespace have only the usual ports. This is the implementation in Python.
`backends` writes the one for engines, from the same rules and `cluster_spec`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rayfence.model.config import Mode, Platform, Tenant
from rayfence.network.layer import opens_dashboard
from rayfence.network.owners import JOB, made_by
from rayfence.network.policy import (
    CLUSTER_LABEL,
    DASHBOARD_PORT,
    HEAD,
    JOB_KIND,
    JOB_KIND_LABEL,
    JOB_NAME_LABEL,
    NODE_TYPE_LABEL,
    TENANT_LABEL,
    WORKER,
    Manifest,
    directions,
    labelled,
    namespaces,
    pods_of,
    ports,
)
from rayfence.network.start_params import dashboard_port, moved_metrics_ports
from rayfence.workload import SERVED

KIND = "RayCluster"
API_VERSIONS = tuple(version for version, kind in SERVED if kind == KIND)
ROLES = (HEAD, WORKER)


def cluster_policies(
    platform: Platform, tenant: Tenant, namespace: str, ray_cluster: Mapping[str, Any]
) -> list[Manifest]:
    """The policies of a RayCluster of the tenant's, head first, as a plain manifest each."""
    cluster = ray_cluster["metadata"]["name"]
    labels = policy_labels(tenant.name, cluster)
    return [
        network_policy(
            policy_name(cluster, role),
            namespace,
            labels,
            cluster_spec(tenant.network.mode, cluster, role, list(_ingress(platform, tenant, ray_cluster, role))),
        )
        for role in ROLES
    ]


def policy_name(owner: str, role: str) -> str:
    """Of a RayCluster's or RayJob's name and a role without a dash: never the name of another's policy.

    The last word is the role, all between is the owner's name. Of the names in a namespace's own layer none has three
    such parts.
    """
    return f"rayfence-{owner}-{role}"


def policy_labels(tenant: str, cluster: str) -> Manifest:
    """The labels of a generated policy; who manages it is the engine's to say."""
    return {TENANT_LABEL: tenant, CLUSTER_LABEL: cluster}


def network_policy(name: str, namespace: str, labels: Manifest, spec: Any) -> Manifest:
    """A generated policy, whole."""
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def from_cluster(cluster: str) -> Manifest:
    """Ingress from every pod of the cluster."""
    return {"from": [{"podSelector": labelled({CLUSTER_LABEL: cluster})}]}


def from_submitter(job: str, on: Sequence[Manifest]) -> Manifest:
    """Ingress from the pod that submits the job, which is not a pod of the cluster; `on` is not empty."""
    return {"from": [{"podSelector": labelled({JOB_NAME_LABEL: job, JOB_KIND_LABEL: JOB_KIND})}], "ports": list(on)}


def from_operator(platform: Platform, on: Sequence[Manifest]) -> Manifest:
    """Ingress from KubeRay's operator; `on` is not empty."""
    return {"from": [pods_of(platform.operator.peer)], "ports": list(on)}


def from_monitoring(namespace: str, on: Any) -> Manifest:
    """Ingress from the monitoring pods; `on` is not empty."""
    return {"from": [namespaces([namespace])], "ports": on}


def cluster_spec(mode: Mode, cluster: str, role: str, ingress: Any) -> Manifest:
    """The spec of one role's policy, with the rules `ingress` where the mode closes that direction."""
    rules = {"Ingress": ingress, "Egress": [{"to": from_cluster(cluster)["from"]}]}
    closed = directions(mode)
    selector = labelled({CLUSTER_LABEL: cluster, NODE_TYPE_LABEL: role})
    return {"podSelector": selector, "policyTypes": list(closed)} | {each.lower(): rules[each] for each in closed}


def _ingress(platform: Platform, tenant: Tenant, ray_cluster: Mapping[str, Any], role: str) -> Iterator[Manifest]:
    yield from_cluster(ray_cluster["metadata"]["name"])
    if role == HEAD:
        yield from _at_the_dashboard(platform, tenant, ray_cluster)
    moved = moved_metrics_ports(ray_cluster, role)
    if moved and platform.monitoring:
        yield from_monitoring(platform.monitoring, ports(moved))


def _at_the_dashboard(platform: Platform, tenant: Tenant, ray_cluster: Mapping[str, Any]) -> Iterator[Manifest]:
    port = dashboard_port(ray_cluster)
    job = made_by(JOB, ray_cluster["metadata"])
    if job is not None and not (port == DASHBOARD_PORT and opens_dashboard(tenant.network)):
        yield from_submitter(job, ports([port]))
    if operator_needs_dashboard(platform) and port not in platform.operator.ports:
        yield from_operator(platform, ports([port]))


def operator_needs_dashboard(platform: Platform) -> bool:
    """Whether the operator asks heads itself; by the API server's proxy it would not."""
    return DASHBOARD_PORT in platform.operator.ports
