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
        "a nodeName": put(At.POD, "nodeName", "node-1"),
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
        "limits at the maximum": put(At.CONTAINER, "resources", most),
        "no resources": put(At.CONTAINER, "resources", {}),
        "limits of the whole pod at the maximum": put(At.POD, "resources", most),
        "a limit of a resource that has no bound": put(At.CONTAINER, "resources.limits", {"ephemeral-storage": "1Ti"}),
        "the tenant's own label": _label(platform.tenant_label, tenant.name),
        "an empty nodeName": put(At.POD, "nodeName", ""),
        "an update that removes an unrelated label": _relabel({"app": "one"}, {}),
        "an update that adds a label to a Ray pod": _relabel(every, every | {"app": "one"}),
        "the tenant's toleration with NoExecute": _tolerate(
            key=platform.taint_key, operator="Equal", value=tenant.name, effect="NoExecute", tolerationSeconds=60
        ),
        "a request of zero": put(At.CONTAINER, "resources", {"requests": {"cpu": "0", "memory": 0}}),
        "an ephemeral container": put(At.POD, "ephemeralContainers", _debugging(privileged=False)),
        "a toleration for GPUs": _tolerate(key="nvidia.com/gpu", operator="Exists"),
        "the tolerations that Kubernetes adds to every pod": _tolerate(
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
        "a Ray pod without the tenant's label": without(platform.tenant_label),
        "a Ray pod without a nodeSelector": without("nodeSelector"),
        "a Ray pod without tolerations": without("tolerations"),
        **{f"a pod with {label} and no nodeSelector": without("nodeSelector", label) for label in RAY_LABELS[1:]},
    }


def _labels(platform: Platform, tenant: Tenant) -> dict[str, str]:
    return {**dict.fromkeys(RAY_LABELS, "one"), platform.tenant_label: tenant.name}


def _unlabelled(platform: Platform, tenant: Tenant) -> dict[str, Edit]:
    """Running pods that lose a label, or get another value of it."""
    every = _labels(platform, tenant)
    own = {platform.tenant_label: tenant.name}
    return {
        "an update that removes all labels of a Ray pod": _relabel(every, {}),
        "an update that removes the tenant's label": _relabel(own, {}),
        **{f"an update that removes {label}": _relabel(every, _but(every, label)) for label in RAY_LABELS},
        **{f"an update that changes {label}": _relabel(every, every | {label: "two"}) for label in RAY_LABELS},
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
        "a toleration for another tenant's taint": _tolerate(
            key=key, operator="Equal", value="somebody-else", effect="NoSchedule"
        ),
        "a toleration for every tenant's taint": _tolerate(key=key, operator="Exists"),
    }


def _too_large(tenant: Tenant) -> dict[str, Edit]:
    cpu, memory = (more(bounds.max, name) for name, bounds in _bounds(tenant))
    return {
        "a limit that is a thousandth of a CPU too high": put(At.CONTAINER, "resources.limits", {"cpu": cpu}),
        "a limit that is a byte too high": put(At.CONTAINER, "resources.limits", {"memory": memory}),
        "a request without a limit": put(At.CONTAINER, "resources", {"requests": {"memory": memory}}),
        "a cpu limit of zero": put(At.CONTAINER, "resources.limits", {"cpu": "0"}),
        "a memory limit of zero": put(At.CONTAINER, "resources.limits", {"memory": 0}),
        "a limit of zero for the whole pod": put(At.POD, "resources", {"limits": {"cpu": "0m"}}),
        "a limit that is not a quantity": put(At.CONTAINER, "resources.limits", {"cpu": "1 cpu"}),
        "a limit of the whole pod above the maximum": put(At.POD, "resources", {"limits": {"cpu": cpu}}),
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
