"""A RayCluster in, the two NetworkPolicies it must have out: one for its head, one for its workers.

All ports are open between the pods of one cluster, because raylets, object managers and workers listen on random ones.
This is the reading in Python; engines get theirs from `backends`, made of the same `cluster_spec`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.config import Mode, Platform, Tenant
from rayfence.network.policy import (
    CLUSTER_LABEL,
    DASHBOARD_PORT,
    HEAD,
    NODE_TYPE_LABEL,
    TENANT_LABEL,
    WORKER,
    Manifest,
    directions,
    labelled,
    ports,
)
from rayfence.workload import SERVED

# KubeRay's marks on what it makes from a RayJob: the RayCluster and the pod that submits the job.
JOB_NAME_LABEL, JOB_KIND_LABEL = "ray.io/originated-from-cr-name", "ray.io/originated-from-crd"
JOB_KIND = "RayJob"
API_VERSIONS = tuple(version for version, kind in SERVED if kind == "RayCluster")
ROLES = (HEAD, WORKER)


def generated(platform: Platform, tenant: Tenant, ray_cluster: Mapping[str, Any]) -> list[Manifest]:
    """The policies a RayCluster must have, head first, as a plain manifest each.

    None where nothing may be generated: not a RayCluster, not in one of the tenant's namespaces, without exactly the
    tenant's label, or for a tenant without `network.enforce`. An object without a namespace is in `default`.
    """
    metadata = ray_cluster.get("metadata") or {}
    if not tenant.network.enforce or not _is_ours(platform, tenant, ray_cluster):
        return []
    name, namespace = metadata["name"], metadata.get("namespace") or "default"
    return [_policy(tenant, namespace, name, role, submitting_job(metadata)) for role in ROLES]


def submitting_job(metadata: Mapping[str, Any]) -> str | None:
    """The RayJob that a RayCluster belongs to: the one its labels name, if the controlling owner says the same."""
    labels = metadata.get("labels") or {}
    job = labels.get(JOB_NAME_LABEL)
    if labels.get(JOB_KIND_LABEL) != JOB_KIND or not job:
        return None
    return job if any(_controls(owner, job) for owner in metadata.get("ownerReferences") or []) else None


def policy_name(cluster: str, role: str) -> str:
    """Never the name of a policy of the namespace's own layer, nor of another cluster's."""
    return f"rayfence-{cluster}-{role}"


def policy_labels(tenant: str, cluster: str) -> Manifest:
    """The labels of a generated policy; who manages it is the engine's to say."""
    return {TENANT_LABEL: tenant, CLUSTER_LABEL: cluster}


def from_cluster(cluster: str) -> Manifest:
    """Ingress from every pod of the cluster."""
    return {"from": [{"podSelector": labelled({CLUSTER_LABEL: cluster})}]}


def from_submitter(job: str) -> Manifest:
    """Ingress from the pod that submits the job, which is not a pod of the cluster."""
    submitter = labelled({JOB_NAME_LABEL: job, JOB_KIND_LABEL: JOB_KIND})
    return {"from": [{"podSelector": submitter}], "ports": ports([DASHBOARD_PORT])}


def cluster_spec(mode: Mode, cluster: str, role: str, ingress: Any) -> Manifest:
    """The spec of one role's policy, with the rules `ingress` where the mode closes that direction."""
    rules = {"Ingress": ingress, "Egress": [{"to": from_cluster(cluster)["from"]}]}
    closed = directions(mode)
    selector = labelled({CLUSTER_LABEL: cluster, NODE_TYPE_LABEL: role})
    return {"podSelector": selector, "policyTypes": list(closed)} | {each.lower(): rules[each] for each in closed}


def _policy(tenant: Tenant, namespace: str, cluster: str, role: str, job: str | None) -> Manifest:
    ingress = [from_cluster(cluster)]
    if role == HEAD and job is not None:
        ingress.append(from_submitter(job))
    labels = policy_labels(tenant.name, cluster)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": policy_name(cluster, role), "namespace": namespace, "labels": labels},
        "spec": cluster_spec(tenant.network.mode, cluster, role, ingress),
    }


def _is_ours(platform: Platform, tenant: Tenant, ray_cluster: Mapping[str, Any]) -> bool:
    metadata = ray_cluster.get("metadata") or {}
    return (
        ray_cluster.get("kind") == "RayCluster"
        and ray_cluster.get("apiVersion") in API_VERSIONS
        and (metadata.get("namespace") or "default") in tenant.namespaces
        and (metadata.get("labels") or {}).get(platform.tenant_label) == tenant.name
    )


def _controls(owner: Mapping[str, Any], job: str) -> bool:
    is_job = owner.get("kind") == JOB_KIND and owner.get("apiVersion") in API_VERSIONS
    return is_job and owner.get("controller") is True and owner.get("name") == job
