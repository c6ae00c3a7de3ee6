"""Turns Kubernetes' own workloads into pods: a controller creates pods from a Deployment's template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.model.field_path import FieldPath
from rayfence.workload.coercion import Malformed, dig

_TEMPLATE = FieldPath.of("spec", "template")
_PLACES = {
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("batch", "CronJob"): FieldPath.of("spec", "jobTemplate", "spec", "template"),
    ("batch", "Job"): _TEMPLATE,
    ("", "ReplicationController"): _TEMPLATE,
}
"""(API group, kind) -> where the pod template is, in every version."""

_NAMES = ("name", "namespace")
"""What a pod has from its workload, whatever its template says."""


def template_of(value: Any) -> FieldPath | None:
    """The path of a workload's pod template; None for other kinds."""
    api_version, kind = _text(value, "apiVersion"), _text(value, "kind")
    return _PLACES.get((api_version.rpartition("/")[0], kind))


def pod_of(value: Mapping[str, Any], path: FieldPath) -> dict[str, Any]:
    """The pod that the template at `path` becomes, in the workload's namespace and under its name.

    Raises Malformed where there is no template.
    """
    template = dig(value, *map(str, path))
    if not isinstance(template, dict):
        raise Malformed(path, "a list" if isinstance(template, list) else "no template")
    metadata = dig(template, "metadata", at=path)
    if isinstance(metadata, list):
        raise Malformed(path / "metadata")
    own = metadata.items() if isinstance(metadata, dict) else ()
    named = {key: found for key in _NAMES if (found := dig(value, "metadata", key)) is not None}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {key: each for key, each in own if key not in _NAMES} | named,
        "spec": template.get("spec"),
    }


def _text(value: Any, key: str) -> str:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""
