"""Writes the NetworkPolicies that KubeRay's own controller creates from a RayCluster's `spec.networkPolicy`.

It follows KubeRay 1.7 with the feature gate `RayClusterNetworkPolicy`. The rules allow traffic within a cluster and,
for a job's cluster, from the pod that submits the job. Only the NetworkPolicies of the namespace allow DNS, the
operator and monitoring; see `layer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rayfence.model.config import Mode
from rayfence.network.cluster import from_cluster
from rayfence.network.policy import (
    CLUSTER_LABEL,
    DASHBOARD_PORT,
    HEAD,
    JOB_KIND,
    JOB_KIND_LABEL,
    JOB_NAME_LABEL,
    NODE_TYPE_LABEL,
    WORKER,
    Manifest,
    directions,
    labelled,
    ports,
)
from rayfence.workload import API_GROUP, K8S_JOB, dig, items

GROUP_LABEL, HEAD_GROUP = "ray.io/group", "headgroup"
MODE_LABEL = "ray.io/job-submission-mode"
KUBERAY = "ray.io/kuberay-operator"
MADE_BY = {"app.kubernetes.io/name": "kuberay", "app.kubernetes.io/created-by": "kuberay-operator"}
FIELDS = {"Ingress": "ingressRules", "Egress": "egressRules"}

# What Go's ParseInt takes; everything else KubeRay reads as no port at all.
_NUMBER = re.compile(r"[+-]?[0-9]{1,20}")


def made_by_kuberay(ray_cluster: Mapping[str, Any]) -> list[Manifest]:
    """The policies of a RayCluster, the head's first, then its worker groups' in their order.

    None without `spec.networkPolicy`, which only ray.io/v1 has, and none where another controller, such as MultiKueue,
    manages the RayCluster. Their owner, which is the RayCluster, is left out. Raises Malformed.
    """
    spec = dig(ray_cluster, "spec")
    policy = dig(spec, "networkPolicy")
    is_read = (ray_cluster.get("apiVersion"), ray_cluster.get("kind")) == (f"{API_GROUP}/v1", "RayCluster")
    if not is_read or policy is None or dig(spec, "managedBy") not in (None, KUBERAY):
        return []
    groups = [str(dig(group, "groupName")) for group in items(dig(spec, "workerGroupSpecs"))]
    return [_head(ray_cluster, policy), *(_workers(ray_cluster, policy, group) for group in groups)]


def policy_names(cluster: str, groups: Sequence[str]) -> list[str]:
    """KubeRay's names of them. Two clusters can get one name: `x` with a group `y-workers-z`, and `x-workers-y`."""
    return [f"{cluster}-head", *(f"{cluster}-workers-{group}" for group in groups)]


def _head(ray_cluster: Mapping[str, Any], policy: Any) -> Manifest:
    cluster = ray_cluster["metadata"]["name"]
    (name,) = policy_names(cluster, [])
    selector = {CLUSTER_LABEL: cluster, NODE_TYPE_LABEL: HEAD}
    return _policy(ray_cluster, name, selector, list(_submitter(ray_cluster)), dig(policy, "head"))


def _workers(ray_cluster: Mapping[str, Any], policy: Any, group: str) -> Manifest:
    cluster = ray_cluster["metadata"]["name"]
    _, name = policy_names(cluster, [group])
    selector = {CLUSTER_LABEL: cluster, NODE_TYPE_LABEL: WORKER, GROUP_LABEL: group}
    own = [each for each in items(dig(policy, "workerGroups")) if dig(each, "groupName") == group]
    # A group's entry stands in place of what is written for all workers.
    return _policy(ray_cluster, name, selector, [], own[0] if own else dig(policy, "worker"))


def _policy(
    ray_cluster: Mapping[str, Any], name: str, selector: Mapping[str, str], ingress: list[Manifest], own: Any
) -> Manifest:
    """One policy: the cluster's own traffic, further `ingress`, and then the `own` rules of the role."""
    metadata = ray_cluster["metadata"]
    peers = from_cluster(metadata["name"])
    base = {"Ingress": [peers, *ingress], "Egress": [{"to": peers["from"]}]}
    closed = directions(Mode(dig(ray_cluster, "spec", "networkPolicy", "mode") or Mode.DENY_ALL))
    rules = {
        each.lower(): base[each] + [_with_protocols(rule) for rule in items(dig(own, FIELDS[each]))] for each in closed
    }
    labels = {CLUSTER_LABEL: metadata["name"], GROUP_LABEL: selector.get(GROUP_LABEL, HEAD_GROUP), **MADE_BY}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": metadata.get("namespace") or "default", "labels": labels},
        "spec": {"podSelector": labelled(selector), "policyTypes": list(closed), **rules},
    }


def _with_protocols(rule: Mapping[str, Any]) -> Manifest:
    """A rule as KubeRay passes it on: a port without a protocol is TCP's."""
    if not rule.get("ports"):
        return dict(rule)
    return {**rule, "ports": [{**port, "protocol": port.get("protocol") or "TCP"} for port in rule["ports"]]}


def _submitter(ray_cluster: Mapping[str, Any]) -> Iterator[Manifest]:
    """The rule for the pod that submits the job, where a RayJob in K8sJobMode controls the cluster."""
    metadata = ray_cluster["metadata"]
    if dig(metadata, "labels", MODE_LABEL) != K8S_JOB:
        return
    jobs = [owner["name"] for owner in metadata.get("ownerReferences") or [] if _is_controlling_job(owner)]
    for job in jobs[:1]:
        pods = {"podSelector": labelled({JOB_NAME_LABEL: job, JOB_KIND_LABEL: JOB_KIND})}
        yield {"from": [pods], "ports": ports([dashboard_port(ray_cluster)])}


def _is_controlling_job(owner: Mapping[str, Any]) -> bool:
    is_job = owner.get("kind") == JOB_KIND and str(owner.get("apiVersion")).startswith(f"{API_GROUP}/")
    return is_job and owner.get("controller") is True


def dashboard_port(ray_cluster: Mapping[str, Any]) -> int:
    """The port that KubeRay takes for the dashboard's: the head's `dashboard-port`, or 8265 where that is no number."""
    written = dig(ray_cluster, "spec", "headGroupSpec", "rayStartParams", "dashboard-port")
    number = int(written) if isinstance(written, str) and _NUMBER.fullmatch(written) else None
    fits = number is not None and -(2**31) <= number < 2**31
    return number if fits and number is not None else DASHBOARD_PORT
