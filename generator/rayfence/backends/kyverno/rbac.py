"""Writes the ClusterRoles that Kyverno needs before a server accepts the policies.

Kyverno aggregates roles by label, so no object of Kyverno is changed. Without these roles, its admission webhook
refuses policies that generate NetworkPolicies. Tools that run without a cluster do not check this.
"""

from __future__ import annotations

from collections.abc import Iterable

from rayfence.backends.kyverno import MAKERS, STATUS
from rayfence.model.subjects import RAY, SUBJECTS, Resource
from rayfence.network.policy import Manifest

OTHERS = tuple(subject for subject in SUBJECTS if subject is not RAY and subject.always_served)
READ = ("get", "list", "watch")


def rbac() -> list[Manifest]:
    """One ClusterRole for each of the admission, background and reports controllers."""
    # Whatever a policy names has to be readable before Kyverno calls it ready, statuses too.
    ray = [*_may_read(RAY.resources), _may(RAY.resources[0].group, tuple(f"{each}/{STATUS}" for each in MAKERS), READ)]
    policies = "networking.k8s.io", ("networkpolicies",)
    return [
        # Asked when a policy with `synchronize` is installed.
        _role("admission", *ray, _may(*policies, READ)),
        _role("background", *ray, _may(*policies, ("create", "delete", "get", "list", "patch", "update", "watch"))),
        # Reports are on what is there already, of every kind that is judged.
        _role("reports", *ray, *_may_read(each for subject in OTHERS for each in subject.resources)),
    ]


def _may_read(resources: Iterable[Resource]) -> list[Manifest]:
    kinds: dict[str, set[str]] = {}
    for each in resources:
        # A ValidatingPolicy is not ready while a subresource it names cannot be read, which nobody ever does.
        kinds.setdefault(each.group, set()).update(each.plurals)
    return [_may(group, tuple(sorted(plurals)), READ) for group, plurals in kinds.items()]


def _role(controller: str, *rules: Manifest) -> Manifest:
    labels = {
        "app.kubernetes.io/managed-by": "rayfence",
        f"rbac.kyverno.io/aggregate-to-{controller}-controller": "true",
    }
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": f"rayfence:kyverno-{controller}-controller", "labels": labels},
        "rules": list(rules),
    }


def _may(group: str, resources: tuple[str, ...], verbs: tuple[str, ...]) -> Manifest:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}
