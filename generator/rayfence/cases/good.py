"""Objects that a tenant may have: they have every field path that a rule checks, and break no rule."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import Any

from rayfence.cases.good_policies import network_policies
from rayfence.model.config import Platform, Tenant
from rayfence.model.subjects import EXPOSURE, NETWORK_KINDS, NETWORK_POLICIES, PODS, RAY, Resource, Subject
from rayfence.rules import OF_SOME
from rayfence.rules.shared import allowances
from rayfence.workload import KINDS, SERVED, STORED, Kind


def ray_object(kind: Kind, platform: Platform, tenant: Tenant) -> dict[str, Any]:
    """A good object of a kind, with a head, three worker groups and, where there is a job, its submitter."""
    cluster = _cluster(platform, tenant)
    job = {"entrypoint": "python main.py", "submitterPodTemplate": _template("submitter", platform, tenant)}
    specs = {
        "RayCluster": cluster,
        "RayJob": {**job, "rayClusterSpec": cluster},
        "RayService": {
            "serveConfigV2": "applications: []",
            "serveService": {"spec": {"type": "ClusterIP"}},
            "rayClusterConfig": cluster,
        },
        "RayCronJob": {"schedule": "0 3 * * *", "jobTemplate": {**job, "rayClusterSpec": cluster}},
    }
    return {
        "apiVersion": f"ray.io/{kind.versions[0]}",
        "kind": kind.name,
        "metadata": {
            "name": "good",
            "namespace": tenant.namespaces[0],
            "labels": {platform.tenant_label: tenant.name},
        },
        "spec": specs[kind.name],
    }


def good(subject: Subject, platform: Platform, tenant: Tenant) -> list[dict[str, Any]]:
    """Good objects of a subject: one for each kind and served version, or more where kinds come in sorts.

    None of a subject all of whose kinds are closed to the tenant.
    """
    match subject.name:
        case RAY.name:
            return [
                ray_object(kind, platform, tenant) | {"apiVersion": version}
                for (version, _), kind in SERVED.items()
                # v1alpha1 has no field for what some tenants are asked for.
                if version == STORED or not any(rule.asked(tenant) for rule in OF_SOME)
            ]
        case PODS.name:
            return _pods(platform, tenant)
        case NETWORK_POLICIES.name:
            return network_policies(tenant)
        case EXPOSURE.name:
            head = _service(tenant, "head", {"clusterIP": "None"})
            return [_service(tenant, "serve", {"type": "ClusterIP"}), head]
        case NETWORK_KINDS.name:
            listed = allowances.of("exposure_kinds", tenant, platform)
            return [_opening(each, tenant) for each in NETWORK_KINDS.resources if each.kind_in_group in listed]
        case _:
            return []


def model(subject: Subject, platform: Platform, tenant: Tenant) -> dict[str, Any]:
    """An object to make others of by changes: a good one, unless the tenant may have none of the subject's kinds."""
    return (good(subject, platform, tenant) or [_opening(subject.resources[0], tenant)])[0]


def ray_cluster(platform: Platform, tenant: Tenant) -> dict[str, Any]:
    """A good RayCluster."""
    return ray_object(KINDS[0], platform, tenant)


def _pods(platform: Platform, tenant: Tenant) -> list[dict[str, Any]]:
    """A worker and a head as KubeRay makes them, and a pod that has nothing to do with Ray."""
    plain = {key: [{"name": key.lower(), "image": "busybox"}] for key in ("initContainers", "containers")}
    worker = _ray_pod("worker", platform, tenant, initContainers=[_injected("wait-gcs-ready")])
    head = _ray_pod("head", platform, tenant)
    head["spec"]["containers"].append(_injected("autoscaler"))
    return [worker, head, _pod("plain", tenant, {"spec": plain})]


def _ray_pod(role: str, platform: Platform, tenant: Tenant, **spec: Any) -> dict[str, Any]:
    template = _template(role, platform, tenant)
    template["metadata"]["labels"] |= {"ray.io/cluster": "good", "ray.io/node-type": role}
    return _pod(role, tenant, {**template, "spec": template["spec"] | spec})


def _pod(name: str, tenant: Tenant, template: dict[str, Any]) -> dict[str, Any]:
    metadata = {**template.get("metadata", {}), "name": name, "namespace": tenant.namespaces[0]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}


def _injected(name: str) -> dict[str, Any]:
    """A container of the operator's own, smaller than a tenant's containers have to be."""
    little = {"cpu": "1m", "memory": "1"}
    return {"name": name, "image": "rayproject/ray:2.9.0", "resources": {"requests": little, "limits": dict(little)}}


def _opening(resource: Resource, tenant: Tenant) -> dict[str, Any]:
    """An object that opens the network; what it says does not matter."""
    metadata = {"name": "opening", "namespace": tenant.namespaces[0]}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": metadata, "spec": {}}


def _service(tenant: Tenant, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    """A Service as KubeRay makes them for heads and for applications."""
    selector = {"ray.io/cluster": "good", "ray.io/node-type": "head"}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": tenant.namespaces[0]},
        "spec": {"type": "ClusterIP", "selector": selector, "ports": [{"name": "serve", "port": 8000}]} | spec,
    }


def _cluster(platform: Platform, tenant: Tenant) -> dict[str, Any]:
    """A head and three worker groups, each with a container and an init container at the tenant's minimum.

    The groups may have no replicas, so that the head alone counts towards the quota.
    """
    groups = [_worker_group(name, platform, tenant) for name in ("first", "middle", "last")]
    head = {
        "rayStartParams": {"dashboard-host": "0.0.0.0"},
        "serviceType": "ClusterIP",
        "headService": {"spec": {"type": "ClusterIP"}},
        "template": _template("head", platform, tenant),
    }
    asked = [rule.fields(tenant) for rule in OF_SOME]
    return reduce(or_, asked, {"rayVersion": "2.9.0", "headGroupSpec": head, "workerGroupSpecs": groups})


def _worker_group(name: str, platform: Platform, tenant: Tenant) -> dict[str, Any]:
    return {
        "groupName": name,
        "replicas": 0,
        "minReplicas": 0,
        "maxReplicas": 0,
        "numOfHosts": 1,
        "rayStartParams": {},
        "template": _template("worker", platform, tenant),
    }


def _template(role: str, platform: Platform, tenant: Tenant) -> dict[str, Any]:
    own = {"key": platform.taint_key, "operator": "Equal", "value": tenant.name, "effect": "NoSchedule"}
    return {
        "metadata": {"labels": {platform.tenant_label: tenant.name}},
        "spec": {
            "nodeSelector": {platform.node_label: tenant.name},
            "tolerations": [own],
            "initContainers": [_container("prepare", tenant)],
            "containers": [_container(f"ray-{role}", tenant)],
            **({"restartPolicy": "Never"} if role == "submitter" else {}),
        },
    }


def _container(name: str, tenant: Tenant) -> dict[str, Any]:
    def least() -> dict[str, Any]:
        return {"cpu": tenant.container.cpu.min, "memory": tenant.container.memory.min}

    return {"name": name, "image": "rayproject/ray:2.9.0", "resources": {"requests": least(), "limits": least()}}
