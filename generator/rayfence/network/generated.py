"""Decides which NetworkPolicies to generate for an object. Only RayClusters and some RayJobs have any."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.model.config import Platform, Tenant
from rayfence.network import cluster, job
from rayfence.network.owners import OF, made_by
from rayfence.network.policy import JOB_KIND, Manifest


def generated(platform: Platform, tenant: Tenant, value: Mapping[str, Any]) -> list[Manifest]:
    """The policies an object must have, as a plain manifest each.

    None where nothing may be generated: not in one of the tenant's namespaces, without exactly the tenant's label, or
    where the tenant's network does not ask for it. The label may only be missing where KubeRay, which copies none from
    a RayCronJob, made the object (see `makers`). An object without a namespace is in `default`.
    """
    namespace = (value.get("metadata") or {}).get("namespace") or "default"
    if not asks(tenant, value) or namespace not in tenant.namespaces or not carries_label(platform, tenant, value):
        return []
    if value["kind"] == JOB_KIND:
        return job.job_policies(tenant, namespace, value)
    return cluster.cluster_policies(platform, tenant, namespace, value)


def carries_label(platform: Platform, tenant: Tenant, value: Mapping[str, Any]) -> bool:
    """Whether an object that `asks` is labelled as the tenant's, or is excused as made by KubeRay."""
    metadata = value.get("metadata") or {}
    label = (metadata.get("labels") or {}).get(platform.tenant_label)
    return label == tenant.name or (label is None and made_by(OF[value["kind"]], metadata) is not None)


def asks(tenant: Tenant, value: Mapping[str, Any]) -> bool:
    """Whether an object of the tenant's would have policies, if it were labelled as it must be."""
    kind, version = value.get("kind"), value.get("apiVersion")
    if not tenant.network.generates:
        return False
    if kind == JOB_KIND and version in job.API_VERSIONS:
        return tenant.network.mode in job.CLOSING and job.selected_cluster(value) is not None
    return kind == cluster.KIND and version in cluster.API_VERSIONS
