"""The places for edits of a good object: its cluster, groups, templates, pod specs, containers and Services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from typing import Any

from rayfence.model.field_path import FieldPath
from rayfence.rules.rule import At
from rayfence.workload import SERVED, Kind, exposed

Target = Callable[[dict[str, Any]], dict[str, Any]]
"""An object in, the part of it to be edited out."""

_GROUPS: Mapping[str, tuple[str | int, ...]] = {
    "head": ("headGroupSpec",),
    "first worker group": ("workerGroupSpecs", 0),
    "last worker group": ("workerGroupSpecs", -1),
}


def sites(value: Mapping[str, Any], at: At) -> Mapping[str, Target]:
    """Name -> target, for every place of one sort in a good object; '' for the object and the cluster themselves."""
    kind = SERVED.get((value["apiVersion"], value["kind"]))
    if at is At.OBJECT:
        return {"": lambda value: value}
    paths = _ray(kind, at) if kind else _other(value, at)
    return {name: _at(path) for name, path in paths.items()}


def _ray(kind: Kind, at: At) -> dict[str, FieldPath]:
    groups = {name: kind.cluster + steps for name, steps in _GROUPS.items()}
    templates = {name: path / "template" for name, path in groups.items()}
    if kind.job:
        templates["submitter"] = kind.job / "submitterPodTemplate"
    match at:
        case At.CLUSTER:
            return {"": kind.cluster}
        case At.RAY_CLUSTER:
            return {"": kind.cluster} if kind.is_cluster else {}
        case At.GROUP:
            return groups
        case At.WORKERS:
            return {name: path for name, path in groups.items() if name != "head"}
        case At.TEMPLATE:
            return templates
        case At.POD:
            return {name: path / "spec" for name, path in templates.items()}
        case At.CONTAINER:
            return _containers(templates)
        case At.SERVICE:
            return _services(kind)
        case _:
            return {}


def _services(kind: Kind) -> dict[str, FieldPath]:
    head = {"head service": kind.cluster / "headGroupSpec" / "headService" / "spec"}
    return head | ({"serve service": exposed.SERVE_SERVICE} if kind.name == exposed.SERVING else {})


def _other(value: Mapping[str, Any], at: At) -> dict[str, FieldPath]:
    """The places in a bare pod, which is a template with nothing around it, and in a Service."""
    if value["kind"] == exposed.SERVICE and at is At.SERVICE:
        return {"service": FieldPath.of("spec")}
    if value["kind"] != "Pod":
        return {}
    match at:
        case At.TEMPLATE:
            return {"pod": FieldPath()}
        case At.POD:
            return {"pod": FieldPath.of("spec")}
        case At.CONTAINER:
            return _containers({"pod": FieldPath()})
        case _:
            return {}


def _containers(templates: Mapping[str, FieldPath]) -> dict[str, FieldPath]:
    return {
        f"{word} of {name}": path / "spec" / field / 0
        for name, path in templates.items()
        for word, field in (("container", "containers"), ("init container", "initContainers"))
    }


def _at(path: FieldPath) -> Target:
    return lambda value: reduce(lambda part, step: part[step], path, value)  # type: ignore[index]
