"""Who plays: a tenant's RayCluster, what belongs to it, and who must not reach it, as pods with KubeRay's labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Scope, Tenant
from rayfence.reach.topology import Pod, Topology

OURS, THEIRS = "team-a", "team-b"
NAMESPACE, OTHER_NAMESPACE = "ray-team-a", "ray-team-b"
CLUSTER, JOB = "demo", "train"
SERVICE = f"{CLUSTER}-head-svc.{NAMESPACE}.svc.cluster.local"

_JOB_MARKS = {"ray.io/originated-from-cr-name": JOB, "ray.io/originated-from-crd": "RayJob"}
_TENANT = {"tenant": OURS}


def _ray(node_type: str, group: str) -> dict[str, str]:
    marks = {
        "ray.io/cluster": CLUSTER,
        "ray.io/node-type": node_type,
        "ray.io/group": group,
        "ray.io/is-ray-node": "yes",
    }
    return marks | _JOB_MARKS | _TENANT


HEAD = Pod(NAMESPACE, "head", "10.244.0.1", _ray("head", "headgroup"))
WORKERS = tuple(Pod(NAMESPACE, f"w{n}", f"10.244.0.{n + 1}", _ray("worker", f"group{n}")) for n in (1, 2))
SUBMITTER = Pod(NAMESPACE, "submitter", "10.244.0.11", _JOB_MARKS | _TENANT)
NOTEBOOK = Pod(NAMESPACE, "notebook", "10.244.0.12", _TENANT)
NEIGHBOUR = Pod(OTHER_NAMESPACE, "neighbour", "10.244.1.1", {"tenant": THEIRS})
# Everything that a tenant can write on a pod of its own, in its own namespace.
SPOOF = Pod(OTHER_NAMESPACE, "spoof", "10.244.1.2", HEAD.labels)
OPERATOR = Pod("kuberay-operator", "operator", "10.244.2.1", {"app.kubernetes.io/component": "kuberay-operator"})
STRANGER = Pod("kuberay-operator", "stranger", "10.244.2.2", {"app.kubernetes.io/component": "other"})
PROMETHEUS = Pod("monitoring", "prometheus", "10.244.2.3")
DNS = Pod("kube-system", "dns", "10.244.2.4", {"k8s-app": "kube-dns"})

MEMBERS = (HEAD, *WORKERS)
OUTSIDERS = (NEIGHBOUR, SPOOF, STRANGER)
CALLERS = (SUBMITTER, OPERATOR, PROMETHEUS, NOTEBOOK, *OUTSIDERS)
PODS = (*MEMBERS, SUBMITTER, NOTEBOOK, NEIGHBOUR, SPOOF, OPERATOR, STRANGER, PROMETHEUS, DNS)

RAY_CLUSTER: dict[str, Any] = {
    "apiVersion": "ray.io/v1",
    "kind": "RayCluster",
    "metadata": {
        "name": CLUSTER,
        "namespace": NAMESPACE,
        "labels": _JOB_MARKS | _TENANT,
        "ownerReferences": [{"apiVersion": "ray.io/v1", "kind": "RayJob", "name": JOB, "uid": "1", "controller": True}],
    },
}


def config(mode: Mode, scope: Scope) -> Config:
    """Two tenants with the same isolation, every other decision as it is by default."""
    bounds = Container(Bounds("100m", "8"), Bounds("128Mi", "32Gi"))
    network = Network(mode=mode, scope=scope)
    tenants = [Tenant(name, (namespace,), bounds, network=network) for name, namespace in _HOMES]
    return Config(Platform(), tuple(tenants))


_HOMES = ((OURS, NAMESPACE), (THEIRS, OTHER_NAMESPACE))


def under(policies: Sequence[dict[str, Any]]) -> Topology:
    """The cast with these NetworkPolicies."""
    return Topology({pod.namespace: {} for pod in PODS}, PODS, policies)


def shown(flow: tuple[str, str, str, int]) -> str:
    """A flow by the names of its pods."""
    names = {pod.ip: pod.name for pod in PODS}
    source, target, protocol, port = flow
    return f"{names.get(source, source)} -> {names.get(target, target)} {protocol} {port}"
