"""Edits of a good pod, of Ray or not, that `guard-pods` must refuse or let pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rayfence.model.config import Platform, Tenant
from rayfence.rules.cases import pod_security as pod_security_edits
from rayfence.rules.cases.containers import more
from rayfence.rules.cases.pod_security import put
from rayfence.rules.rule import At, Edit, Edits

RAY_CLUSTER = "ray.io/cluster"
RAY_LABELS = (RAY_CLUSTER, "ray.io/node-type", "ray.io/group", "ray.io/is-ray-node")
"""The labels of each pod that KubeRay makes. By them it finds the pods of a cluster, and NetworkPolicies find them."""


Change = Callable[[dict[str, Any], Tenant], object]


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {
        "another tenant's label": _label(platform.tenant_label, "somebody-else"),
        "an empty label": _label(platform.tenant_label, ""),
        "a node's name": put(At.POD, "nodeName", "node-1"),
        **_unlike_ray(platform, tenant),
        **_unlabelled(platform, tenant),
        **_foreign_tolerations(platform, tenant),
        **_too_large(tenant),
        **pod_security_edits.breaks(),
        "a privileged ephemeral container": put(At.POD, "ephemeralContainers", _debugging(privileged=True)),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    cpu, memory = tenant.container.cpu.max, tenant.container.memory.max
    every = _labels(platform, tenant)
    most = {side: {"cpu": cpu, "memory": memory} for side in ("requests", "limits")}
    return {
        "the maximum": put(At.CONTAINER, "resources", most),
        "no resources": put(At.CONTAINER, "resources", {}),
        "the maximum for the whole pod": put(At.POD, "resources", most),
        "resources without bounds": put(At.CONTAINER, "resources.limits", {"ephemeral-storage": "1Ti"}),
        "the own label": _label(platform.tenant_label, tenant.name),
        "an empty nodeName": put(At.POD, "nodeName", ""),
        "a label of one's own that comes off": _relabel({"app": "one"}, {}),
        "a pod of a cluster with a further label": _relabel(every, every | {"app": "one"}),
        "the own taint with NoExecute": _tolerate(
            key=platform.taint_key, operator="Equal", value=tenant.name, effect="NoExecute", tolerationSeconds=60
        ),
        "a request of nothing": put(At.CONTAINER, "resources", {"requests": {"cpu": "0", "memory": 0}}),
        "an ephemeral container": put(At.POD, "ephemeralContainers", _debugging(privileged=False)),
        "a GPU's toleration": _tolerate(key="nvidia.com/gpu", operator="Exists"),
        "what Kubernetes lets every pod tolerate": _tolerate(
            key="node.kubernetes.io/not-ready", operator="Exists", effect="NoExecute", tolerationSeconds=300
        ),
        **pod_security_edits.passes(),
    }


def _unlike_ray(platform: Platform, tenant: Tenant) -> dict[str, Edit]:
    """Pods that say they are of a Ray cluster, and lack one thing that such a pod has."""

    def without(lost: str, label: str = RAY_CLUSTER) -> Edit:
        def apply(pod: dict[str, Any], tenant: Tenant) -> None:
            labels = {label: "one", platform.tenant_label: tenant.name}
            own = {"key": platform.taint_key, "value": tenant.name}
            pod["metadata"]["labels"] = {key: value for key, value in labels.items() if key != lost}
            fields = {"nodeSelector": {platform.node_label: tenant.name}, "tolerations": [own]}
            pod["spec"] = {**pod["spec"], **fields}
            pod["spec"].pop(lost, None)

        return Edit(At.TEMPLATE, apply)

    return {
        "a pod of a cluster without the label": without(platform.tenant_label),
        "a pod of a cluster on any node": without("nodeSelector"),
        "a pod of a cluster without tolerations": without("tolerations"),
        **{f"a pod with {label} on any node": without("nodeSelector", label) for label in RAY_LABELS[1:]},
    }


def _labels(platform: Platform, tenant: Tenant) -> dict[str, str]:
    return {**dict.fromkeys(RAY_LABELS, "one"), platform.tenant_label: tenant.name}


def _unlabelled(platform: Platform, tenant: Tenant) -> dict[str, Edit]:
    """Running pods that lose a label, or get another value of it."""
    every = _labels(platform, tenant)
    own = {platform.tenant_label: tenant.name}
    return {
        "both labels come off a pod of a cluster": _relabel(every, {}),
        "the tenant's label comes off": _relabel(own, {}),
        **{f"{label} comes off": _relabel(every, _but(every, label)) for label in RAY_LABELS},
        **{f"{label} changes": _relabel(every, every | {label: "two"}) for label in RAY_LABELS},
    }


def _but(labels: dict[str, str], lost: str) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != lost}


def _relabel(old: dict[str, str], new: dict[str, str]) -> Edit:
    """An update of a pod that changes its labels."""

    def labelled(labels: dict[str, str]) -> Change:
        return lambda pod, tenant: pod["metadata"].update(labels=dict(labels))

    return Edit(At.TEMPLATE, labelled(new), before=labelled(old))


def _foreign_tolerations(platform: Platform, tenant: Tenant) -> dict[str, Edit]:
    key = platform.taint_key
    return {
        "a toleration without a key": _tolerate(operator="Exists"),
        "another tenant's taint": _tolerate(key=key, operator="Equal", value="somebody-else", effect="NoSchedule"),
        "every tenant's taint": _tolerate(key=key, operator="Exists"),
    }


def _too_large(tenant: Tenant) -> dict[str, Edit]:
    cpu, memory = (more(bounds.max, name) for name, bounds in _bounds(tenant))
    return {
        "a limit of a thousandth of a cpu too much": put(At.CONTAINER, "resources.limits", {"cpu": cpu}),
        "a limit of a byte too much": put(At.CONTAINER, "resources.limits", {"memory": memory}),
        "a request without a limit": put(At.CONTAINER, "resources", {"requests": {"memory": memory}}),
        "a cpu limit of nothing": put(At.CONTAINER, "resources.limits", {"cpu": "0"}),
        "a memory limit of nothing": put(At.CONTAINER, "resources.limits", {"memory": 0}),
        "a limit of nothing for the whole pod": put(At.POD, "resources", {"limits": {"cpu": "0m"}}),
        "no quantity": put(At.CONTAINER, "resources.limits", {"cpu": "1 cpu"}),
        "too much for the whole pod": put(At.POD, "resources", {"limits": {"cpu": cpu}}),
    }


def _bounds(tenant: Tenant) -> tuple[tuple[str, Any], ...]:
    return ("cpu", tenant.container.cpu), ("memory", tenant.container.memory)


def _label(key: str, value: str) -> Edit:
    def apply(pod: dict[str, Any], tenant: Tenant) -> None:
        pod["metadata"].setdefault("labels", {})[key] = value

    return Edit(At.TEMPLATE, apply)


def _tolerate(**toleration: Any) -> Edit:
    return Edit(At.POD, lambda spec, tenant: spec.setdefault("tolerations", []).append(toleration))


def _debugging(privileged: bool) -> list[dict[str, Any]]:
    return [{"name": "debugger", "image": "busybox", "securityContext": {"privileged": privileged}}]
