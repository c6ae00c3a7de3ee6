"""Writes the NetworkPolicy that lets the submitter of a RayJob reach the head of the cluster that it selects.

A RayJob with its own cluster has no such NetworkPolicy: the RayCluster's policy allows the connection; see `cluster`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rayfence.model.config import Mode, Tenant
from rayfence.network.cluster import from_submitter, network_policy, policy_name
from rayfence.network.layer import dashboard_ports
from rayfence.network.policy import (
    CLUSTER_LABEL,
    HEAD,
    JOB_KIND,
    JOB_KIND_LABEL,
    JOB_NAME_LABEL,
    NODE_TYPE_LABEL,
    SUBMITTER,
    TENANT_LABEL,
    Manifest,
    directions,
    labelled,
    ports,
)
from rayfence.workload import K8S_JOB, SERVED

API_VERSIONS = tuple(version for version, kind in SERVED if kind == JOB_KIND)
SELECTOR, MODE = "clusterSelector", "submissionMode"
BY_A_POD = ("", K8S_JOB)
"""Submission modes in which a pod submits the job; so it is too where none is given."""

CLOSING = tuple(mode for mode in Mode if "Ingress" in directions(mode))
"""The modes in which a submitter has to be let in."""

NAME = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""The name of a cluster, as a regular expression that every engine reads alike; to be matched as a whole.

A selector may hold any text, and this one goes into a policy.
"""


def job_policies(tenant: Tenant, namespace: str, ray_job: Mapping[str, Any]) -> list[Manifest]:
    """The policy of a RayJob of the tenant's that selects a cluster, alone in a list."""
    job, cluster = ray_job["metadata"]["name"], selected_cluster(ray_job)
    spec = job_spec(cluster or "", from_submitter(job, ports(dashboard_ports(tenant.network))))
    return [network_policy(policy_name(job, SUBMITTER), namespace, job_labels(tenant.name, job), spec)]


def selected_cluster(ray_job: Mapping[str, Any]) -> str | None:
    """The cluster that a RayJob selects, if a pod submits the job there. KubeRay reads this one label of a selector."""
    spec = ray_job.get("spec")
    if not isinstance(spec, dict) or not isinstance(spec.get(SELECTOR), dict):
        return None
    mode, cluster = spec.get(MODE), spec[SELECTOR].get(CLUSTER_LABEL)
    if (mode is not None and mode not in BY_A_POD) or not isinstance(cluster, str):
        return None
    return cluster if re.fullmatch(NAME, cluster, re.ASCII) else None


def job_labels(tenant: str, job: str) -> Manifest:
    """The labels of a generated policy; who manages it is the engine's to say."""
    return {TENANT_LABEL: tenant, JOB_NAME_LABEL: job, JOB_KIND_LABEL: JOB_KIND}


def job_spec(cluster: str, rule: Manifest) -> Manifest:
    """The spec of the policy: one rule for the head of the selected cluster."""
    selector = labelled({CLUSTER_LABEL: cluster, NODE_TYPE_LABEL: HEAD})
    return {"podSelector": selector, "policyTypes": ["Ingress"], "ingress": [rule]}
