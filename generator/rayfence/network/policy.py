"""The pieces every NetworkPolicy is made of: who, on which ports, in which directions. All of them plain manifests.

Two traps of the API shape this module. An empty `from`, `to` or `ports` means everyone and everything, so a rule
without peers or ports is never written. And a policy isolates every pod it selects in each direction of `policyTypes`,
so a policy names a direction only where the mode closes it and there is something to allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never

from rayfence.model.config import Mode, Peer

Manifest = dict[str, Any]

API_VERSIONS = {"NetworkPolicy": "networking.k8s.io/v1", "ResourceQuota": "v1"}

TENANT_LABEL = "rayfence.dev/tenant"
CLUSTER_LABEL = "ray.io/cluster"
NODE_TYPE_LABEL = "ray.io/node-type"
HEAD, WORKER, SUBMITTER, REDIS_CLEANUP = "head", "worker", "submitter", "redis-cleanup"

# KubeRay's marks on what it makes from a RayJob: the RayCluster and the pod that submits the job.
JOB_NAME_LABEL, JOB_KIND_LABEL = "ray.io/originated-from-cr-name", "ray.io/originated-from-crd"
JOB_KIND = "RayJob"

DASHBOARD_PORT, METRICS_PORT = 8265, 8080
DASHBOARD_NAME, METRICS_NAME = "dashboard", "metrics"
"""What KubeRay calls the same ports of a Ray container. A rule may name one in place of its number."""


def written(kind: str, tenant: str, namespace: str, name: str, spec: Manifest) -> Manifest:
    """A whole object of the bundle. Its labels tell what rayfence wrote (to prune it later) and for which tenant."""
    labels = {"app.kubernetes.io/managed-by": "rayfence"} | ({TENANT_LABEL: tenant} if tenant else {})
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": API_VERSIONS[kind], "kind": kind, "metadata": metadata, "spec": spec}


def directions(mode: Mode) -> tuple[str, ...]:
    """The directions a mode closes, in the words and the order of `policyTypes`."""
    match mode:
        case Mode.DENY_ALL:
            return ("Ingress", "Egress")
        case Mode.DENY_ALL_INGRESS:
            return ("Ingress",)
        case Mode.DENY_ALL_EGRESS:
            return ("Egress",)
        case _:
            assert_never(mode)


def opening(mode: Mode, pods: Manifest, *, ingress: Sequence[Any] = (), egress: Sequence[Any] = ()) -> Manifest | None:
    """The spec that opens what is given to `pods`; None where the mode leaves nothing of it to open."""
    rules = {"Ingress": ingress, "Egress": egress}
    closed = [direction for direction in directions(mode) if rules[direction]]
    if not closed:
        return None
    return {"podSelector": pods, "policyTypes": closed} | {each.lower(): list(rules[each]) for each in closed}


def labelled(labels: Mapping[str, str]) -> Manifest:
    """The selector of what carries all these labels."""
    return {"matchLabels": dict(labels)} if labels else {}


def one_of(key: str, values: Sequence[str]) -> Manifest:
    """The selector of what carries one of these values under `key`; `values` is not empty."""
    if len(values) == 1:
        return labelled({key: values[0]})
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(values)}]}


def namespaces(names: Sequence[str]) -> Manifest:
    """The peer of every pod in these namespaces, by the label that only the API server can write."""
    return {"namespaceSelector": one_of("kubernetes.io/metadata.name", sorted(names))}


def pods_of(peer: Peer) -> Manifest:
    """The peer of one namespace's pods with the given labels: both must hold."""
    selector = {"podSelector": labelled(peer.pod_labels)} if peer.pod_labels else {}
    return namespaces([peer.namespace]) | selector


def addresses(cidrs: Iterable[str]) -> list[Manifest]:
    """The peers of these address ranges."""
    return [{"ipBlock": {"cidr": cidr}} for cidr in cidrs]


def ports(which: Iterable[int | str], *protocols: str) -> list[Manifest]:
    """The ports of a rule, by number or by name, the protocol always written out; TCP where none is given."""
    return [{"port": port, "protocol": protocol} for protocol in protocols or ("TCP",) for port in which]


def allow(side: str, peers: Sequence[Manifest], on: Sequence[Manifest]) -> list[Manifest]:
    """The rules that allow `peers` (`side` is `from` or `to`) on the ports `on`: none without a peer and a port."""
    return [{side: list(peers), "ports": list(on)}] if peers and on else []
