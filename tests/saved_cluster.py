"""A cluster as `kubectl get -o yaml` would save it: everything that a healthy one has for two tenants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rayfence import yamlio
from rayfence.cluster.objects import Saved
from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Quota, Tenant
from rayfence.network import generated, static_layer

Value = dict[str, Any]

BOUNDS = Container(Bounds("500m", "4"), Bounds("1Gi", "8Gi"))
TEAM_A = Tenant("team-a", ("ray-a", "ray-a2"), BOUNDS, quota=Quota("64", "256Gi", workers=16))
TEAM_B = Tenant("team-b", ("ray-b",), BOUNDS, network=Network(mode=Mode.DENY_ALL_INGRESS))
CONFIG = Config(Platform(), (TEAM_A, TEAM_B))

KYVERNO_LABELS = {
    "app.kubernetes.io/managed-by": "kyverno",
    "generate.kyverno.io/policy-name": "generate-network-policies",
    "generate.kyverno.io/trigger-kind": "RayCluster",
}


def copied(value: Any) -> Any:
    """A copy of what JSON knows, made faster than by `deepcopy`, and at all only where it is that."""
    return json.loads(json.dumps(value))


def saved(*objects: Value) -> Saved:
    """These objects, as they are now."""
    return Saved([yamlio.unwritten(copied(_listed(objects)))])


def read_back(*objects: Value) -> Saved:
    """The same, but written to YAML and read, which takes twenty times longer."""
    documents = yamlio.read(yamlio.dump([_listed(objects)]), "cluster.yaml")
    return Saved(each for each in documents if isinstance(each, yamlio.Document))


def write(path: Path, *objects: Value) -> Path:
    """These objects in a file."""
    path.write_text(yamlio.dump([_listed(objects)]))
    return path


def _listed(objects: Sequence[Value]) -> Value:
    return {"apiVersion": "v1", "kind": "List", "items": list(objects)}


def object_of(api_version: str, kind: str, name: str, namespace: str = "", **fields: Any) -> Value:
    """Any object, with what a server adds to it."""
    metadata = {"name": name, "uid": f"uid-of-{name}", "resourceVersion": "41", "generation": 1}
    metadata |= {"creationTimestamp": "2026-11-01T10:00:00Z"} | ({"namespace": namespace} if namespace else {})
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def namespace(name: str, **labels: str) -> Value:
    marks = {"kubernetes.io/metadata.name": name, **labels}
    return object_of("v1", "Namespace", name, metadata={"labels": marks}, status={"phase": "Active"})


def container(name: str = "ray-head", cpu: str = "2", memory: str = "4Gi") -> Value:
    amounts = {"cpu": cpu, "memory": memory}
    return {"name": name, "image": "rayproject/ray:2.52.0", "resources": {"requests": amounts, "limits": dict(amounts)}}


def pod_spec(tenant: str = "team-a", **fields: Any) -> Value:
    toleration = {"key": "tenant", "operator": "Equal", "value": tenant, "effect": "NoSchedule"}
    placed = {"nodeSelector": {"tenant": tenant}, "tolerations": [toleration]}
    return {"containers": [container(**fields)], **placed}


def ray_cluster(name: str = "one", namespace: str = "ray-a", tenant: str = "team-a", **fields: Any) -> Value:
    template = {"metadata": {"labels": {"tenant": tenant}}, "spec": pod_spec(tenant, **fields)}
    metadata = {"labels": {"tenant": tenant}}
    spec = {"headGroupSpec": {"rayStartParams": {}, "template": template}}
    return object_of("ray.io/v1", "RayCluster", name, namespace, metadata=metadata, spec=spec)


def pod(cluster: Value, **spec: Any) -> Value:
    """The head pod that KubeRay makes, as it runs: on a node, with the tolerations that every pod gets."""
    head = copied(cluster["spec"]["headGroupSpec"]["template"])
    name, namespace = cluster["metadata"]["name"], cluster["metadata"]["namespace"]
    labels = head["metadata"]["labels"] | {
        "ray.io/cluster": name,
        "ray.io/node-type": "head",
        "ray.io/group": "headgroup",
    }
    head["spec"]["tolerations"].append(
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}
    )
    running = head["spec"] | {"nodeName": "node-1", "serviceAccountName": "default", **spec}
    return object_of("v1", "Pod", f"{name}-head-x7x2p", namespace, metadata={"labels": labels}, spec=running)


def as_served(policy: Value) -> Value:
    """A NetworkPolicy of the bundle as the API server gives it back: without what is empty."""
    found = object_of("networking.k8s.io/v1", "NetworkPolicy", "", metadata=policy["metadata"])
    return found | {"spec": copied(policy["spec"])}


def static_policies(config: Config = CONFIG) -> list[Value]:
    return [as_served(each) for tenant in config.tenants for each in static_layer(config.platform, tenant)]


def generated_policies(cluster: Value, config: Config = CONFIG) -> list[Value]:
    """What Kyverno has made for a RayCluster, with its labels."""
    tenant = config.by_namespace()[cluster["metadata"]["namespace"]]
    found = [as_served(each) for each in generated(config.platform, tenant, cluster)]
    for each in found:
        each["metadata"]["labels"] = each["metadata"]["labels"] | KYVERNO_LABELS
    return found


def report(
    of: Value,
    policy: str = "enforce-tenant-isolation",
    result: str = "pass",
    message: str = "",
    source: str = "kyverno",
) -> Value:
    """Kyverno's report on one object."""
    metadata = of["metadata"]
    scope = {key: of[key] for key in ("apiVersion", "kind")} | {
        key: metadata[key] for key in ("name", "namespace", "uid")
    }
    entry = {"policy": policy, "rule": policy, "result": result, "message": message, "source": source, "scored": True}
    name, namespace = metadata["uid"], metadata["namespace"]
    return object_of("wgpolicyk8s.io/v1alpha2", "PolicyReport", name, namespace, scope=scope, results=[entry])


def tenants_part(config: Config = CONFIG) -> list[Value]:
    """What an audit looks at: namespaces, the network layer, a RayCluster with its pod and policies, a report."""
    cluster = ray_cluster()
    spaces = [namespace(name) for name in config.by_namespace()]
    made = [
        cluster,
        pod(cluster),
        *generated_policies(cluster, config),
        report(cluster),
        report(pod(cluster), "guard-pods"),
    ]
    return [*spaces, *static_policies(config), *made]


def named(objects: list[Value], kind: str, name: str, namespace: str = "") -> Value:
    """The one of these objects, to be changed in place."""
    (found,) = [
        each
        for each in objects
        if (each["kind"], each["metadata"]["name"]) == (kind, name)
        and each["metadata"].get("namespace", "") in (namespace, namespace or each["metadata"].get("namespace", ""))
    ]
    return found
