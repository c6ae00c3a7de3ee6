"""Models what KubeRay creates from a Ray object: the RayCluster, its pods with labels, and the submitter of a job.

Where KubeRay appends random characters to a name, this module appends `aaaaa`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from rayfence.network.policy import CLUSTER_LABEL, DASHBOARD_PORT, NODE_TYPE_LABEL, REDIS_CLEANUP
from rayfence.network.start_params import DASHBOARD
from rayfence.reach import redis
from rayfence.reach.findings import Role
from rayfence.reach.policies import LAST_PORT
from rayfence.reach.redis import Redis
from rayfence.workload import K8S_JOB, Site, Workload, dig, items
from rayfence.workload import Role as Site_Role

Json = Mapping[str, Any]

RANDOM = "aaaaa"
ORIGIN_NAME, ORIGIN_KIND = "ray.io/originated-from-cr-name", "ray.io/originated-from-crd"
METRICS_PORT = 8080
HEAD_PORTS = {"port": 6379, DASHBOARD: DASHBOARD_PORT, "ray-client-server-port": 10001}
SERVE, SERVE_PORT = "serve", 8000
"""What KubeRay calls the port of Serve, and where that is unless the head's container says otherwise."""

TOKENS = "RAY_ENABLE_K8S_TOKEN_AUTH"
"""By this variable every Ray process of a pod asks the API server about tokens; `authOptions` makes KubeRay set it."""

# A group of this many hosts or fewer is one pod.
ALONE = 1


@dataclass(frozen=True, slots=True)
class CreatedPod:
    """A pod before it has an address."""

    name: str
    role: Role
    labels: Mapping[str, str]
    ports: Mapping[str, int]
    protocols: Mapping[str, str]
    metrics: int = METRICS_PORT


@dataclass(frozen=True)
class RayCluster:
    """A RayCluster as it stands in the cluster, whoever made it. `job` is the RayJob that it was made for, or ''."""

    manifest: Json
    pods: tuple[CreatedPod, ...]
    job: str = ""

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])

    @property
    def autoscales(self) -> bool:
        """Whether its head asks the API server for more workers."""
        return dig(self.manifest, "spec", "enableInTreeAutoscaling") is True

    @cached_property
    def verifies_tokens(self) -> bool:
        """Whether all of its pods ask the API server about the tokens that they are shown."""
        work = Workload(self.manifest)
        return work.get("authOptions", "enableK8sTokenAuth") is True or any(
            dig(entry, "name") == TOKENS and str(dig(entry, "value")).lower() == "true"
            for site in work.sites
            for each in site.containers("containers")
            for entry in items(dig(each.value, "env"))
        )

    @cached_property
    def redis(self) -> tuple[Redis, ...]:
        """Where it keeps its state, as far as the manifest tells."""
        return redis.addresses(self.manifest)

    @property
    def redis_is_unknown(self) -> bool:
        """Whether it keeps its state in a Redis whose address the manifest does not tell."""
        return redis.is_configured(self.manifest) and not self.redis

    @property
    def service(self) -> str:
        """The RayService that it was made for, or ''."""
        labels = dig(self.manifest, "metadata", "labels")
        return str(dig(labels, ORIGIN_NAME) or "") if dig(labels, ORIGIN_KIND) == "RayService" else ""

    @property
    def serve_port(self) -> int:
        """The port of Serve on all of its pods."""
        return next((pod.ports.get(SERVE, SERVE_PORT) for pod in self.pods if pod.role is Role.HEAD), SERVE_PORT)

    @property
    def head_ports(self) -> tuple[int, ...]:
        """The ports of its head that `rayStartParams` sets: GCS, dashboard and Ray client."""
        head = dig(self.manifest, "spec", "headGroupSpec")
        return tuple(_port(head, parameter, default) for parameter, default in HEAD_PORTS.items())

    @property
    def dashboard(self) -> int:
        """The port of its dashboard, where jobs are submitted."""
        return _port(dig(self.manifest, "spec", "headGroupSpec"), DASHBOARD, HEAD_PORTS[DASHBOARD])


@dataclass(frozen=True, slots=True)
class KubeRayObjects:
    """What KubeRay creates from one object. `objects` are the Ray objects in the cluster: itself, and what it owns.

    A job without a cluster of its own `selects` one by name ('' otherwise). `missing_label` says why no NetworkPolicy
    is generated for it, '' where one is or none is wanted.
    """

    namespace: str
    objects: tuple[Json, ...]
    cluster: RayCluster | None
    submitter: CreatedPod | None = None
    job: str = ""
    selects: str = ""
    missing_label: str = ""


def created_from(manifest: Json) -> KubeRayObjects:
    """What KubeRay creates from an object of one of its kinds. Raises Malformed where it cannot be read."""
    if manifest["kind"] == "RayCronJob":
        return created_from(_job_of(manifest))
    work = Workload(manifest)
    cluster = _cluster(work) if work.has_cluster else None
    objects = (manifest, cluster.manifest) if cluster and cluster.manifest is not manifest else (manifest,)
    if manifest["kind"] != "RayJob":
        return KubeRayObjects(work.namespace, objects, cluster)
    selects = str(work.job("clusterSelector", CLUSTER_LABEL) or "")
    return KubeRayObjects(work.namespace, objects, cluster, _submitter(work), _name(manifest), selects)


def _job_of(cron: Json) -> Json:
    # The RayJob of a RayCronJob carries none of its labels.
    name = _name(cron)
    metadata = {
        "name": f"{name}-{RANDOM}",
        "namespace": cron["metadata"].get("namespace"),
        "labels": {"ray.io/cronjob-name": name},
        "ownerReferences": [_owner(cron)],
    }
    return {**cron, "kind": "RayJob", "metadata": metadata, "spec": dig(cron, "spec", "jobTemplate")}


def _cluster(work: Workload) -> RayCluster:
    manifest = work.value if work.kind.is_cluster else _owned(work)
    pods = [pod for site in work.sites if site.role is not Site_Role.SUBMITTER for pod in _pods(site, manifest)]
    pods += _cleanup(manifest, pods[0])
    return RayCluster(manifest, tuple(pods), _name(work.value) if work.kind.name == "RayJob" else "")


def _owned(work: Workload) -> Json:
    """The RayCluster of a RayJob or RayService: its labels and annotations are copied, and it is their owner."""
    name, kind, metadata = _name(work.value), work.kind.name, work.value["metadata"]
    labels = {**(metadata.get("labels") or {}), ORIGIN_NAME: name, ORIGIN_KIND: kind}
    if work.submission_mode:
        labels["ray.io/job-submission-mode"] = work.submission_mode
    return {
        "apiVersion": work.value["apiVersion"],
        "kind": "RayCluster",
        "metadata": {
            "name": f"{name}-{RANDOM}",
            "namespace": work.namespace,
            "labels": labels,
            "annotations": dict(metadata.get("annotations") or {}),
            "ownerReferences": [_owner(work.value)],
        },
        "spec": work.get(),
    }


def _owner(value: Json) -> Json:
    name = _name(value)
    return {"apiVersion": value["apiVersion"], "kind": value["kind"], "name": name, "uid": name, "controller": True}


def _pods(site: Site, cluster: Json) -> Iterator[CreatedPod]:
    name, head = _name(cluster), site.role is Site_Role.HEAD
    group = "headgroup" if head else str(dig(site.group, "groupName") or "")
    names = [f"{name}-head"] if head else [f"{name}-{group}-worker-{number}" for number in range(_pods_in(site))]
    # These win over what the tenant wrote.
    fixed = {CLUSTER_LABEL: name, NODE_TYPE_LABEL: site.role.value, "ray.io/group": group}
    defaults = {
        "ray.io/is-ray-node": "yes",
        "ray.io/identifier": f"{name}-{site.role.value}",
        "app.kubernetes.io/name": "kuberay",
        "app.kubernetes.io/created-by": "kuberay-operator",
    }
    labels = defaults | _labels(site) | fixed
    metrics = _port(site.group, "metrics-export-port", METRICS_PORT)
    named = list(_named_ports(site))
    ports = {"metrics": metrics} | {port["name"]: port["containerPort"] for port in named}
    protocols = {port["name"]: str(port["protocol"]) for port in named if port.get("protocol")}
    yield from (CreatedPod(each, Role(site.role.value), labels, ports, protocols, metrics) for each in names)


def _cleanup(cluster: Json, head: CreatedPod) -> Iterator[CreatedPod]:
    """The pod that clears Redis when the cluster is deleted: the head's template once more, with another role."""
    if redis.is_configured(cluster):
        labels = {**head.labels, NODE_TYPE_LABEL: REDIS_CLEANUP}
        yield replace(head, name=f"{_name(cluster)}-redis-cleanup", role=Role.CLEANUP, labels=labels, ports={})


def _pods_in(site: Site) -> int:
    """Two pods stand for any number of them; a group that can only ever have one has one."""
    most, hosts = (dig(site.group, key) for key in ("maxReplicas", "numOfHosts"))
    return 1 if most == ALONE and hosts in (None, ALONE) else 2


def _submitter(work: Workload) -> CreatedPod | None:
    if work.submission_mode != K8S_JOB:
        return None
    (site,) = (site for site in work.sites if site.role is Site_Role.SUBMITTER)
    job = _name(work.value)
    fixed = {ORIGIN_NAME: job, ORIGIN_KIND: "RayJob", "batch.kubernetes.io/job-name": job}
    return CreatedPod(f"{job}-submitter", Role.SUBMITTER, _labels(site) | fixed, {}, {})


def _labels(site: Site) -> dict[str, str]:
    own, group = dig(site.template, "metadata", "labels"), dig(site.group, "labels")
    return {
        str(key): str(value)
        for labels in (own, group)
        if isinstance(labels, dict)
        for key, value in labels.items()
        if value is not None
    }


def _named_ports(site: Site) -> Iterator[Json]:
    for port in (port for each in site.containers("containers") for port in items(dig(each.value, "ports"))):
        if isinstance(port, dict) and isinstance(port.get("name"), str) and isinstance(port.get("containerPort"), int):
            yield port


def _port(group: Any, parameter: str, default: int) -> int:
    """What `rayStartParams` of a head or worker group says, where that is a port."""
    found = dig(group, "rayStartParams", parameter)
    is_port = isinstance(found, str) and found.isascii() and found.isdigit() and 0 < int(found) <= LAST_PORT
    return int(found) if is_port else default


def _name(manifest: Json) -> str:
    return str(dig(manifest, "metadata", "name") or "")
