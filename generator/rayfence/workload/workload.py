"""A ray.io object as the rules see it: its pod sites, each with a path, effective labels and a pod spec."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rayfence.model.field_path import FieldPath
from rayfence.model.ray_kinds import INJECTED, K8S_JOB, KINDS, OPTIONS, Kind, Role
from rayfence.workload.coercion import dig, items


@dataclass(frozen=True, slots=True)
class Request:
    """A request for one object. `username` is '' where it is not known; `old` is the object as it was, if it was."""

    username: str = ""
    groups: tuple[str, ...] = ()
    operation: str = "CREATE"
    old: Mapping[str, Any] | None = None

    @property
    def is_update(self) -> bool:
        """Whether there is an old and a new object. If the old one is not known, they cannot be compared."""
        return self.operation == "UPDATE" and self.old is not None


NOBODY = Request()

POD = "Pod"

_BY_NAME = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Container:
    """A container, or a resources block that the operator turns into one; `injected` ones have no minimum."""

    path: FieldPath
    resources: Any
    injected: bool
    value: Any = None

    def amount(self, side: str, resource: str) -> Any:
        """`side` is `requests` or `limits`; None where nothing is given."""
        return dig(self.resources, side, resource, at=self.path / "resources")

    def entries(self, side: str) -> Mapping[str, Any]:
        """All of `requests` or `limits`."""
        found = dig(self.resources, side, at=self.path / "resources")
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Site:
    """One pod template, at `path`. A template of a head or worker group has a `group`; a submitter's has none."""

    path: FieldPath
    template: Any
    group_path: FieldPath
    group: Any
    role: Role

    @cached_property
    def spec(self) -> Any:
        """The pod spec."""
        return dig(self.template, "spec", at=self.path)

    def get(self, *keys: str) -> Any:
        """The value below the pod spec."""
        return dig(self.spec, *keys, at=self.path / "spec")

    def labels(self, key: str) -> list[tuple[FieldPath, Any]]:
        """Each place that gives a label a value, the one that wins first; without any, the template's, with None."""
        # KubeRay lets the group's labels win over the template's, until a write through v1alpha1 drops them.
        group = self.group_path / "labels" / key, dig(self.group, "labels", key, at=self.group_path)
        template = (
            self.path / "metadata" / "labels" / key,
            dig(self.template, "metadata", "labels", key, at=self.path),
        )
        return [(path, value) for path, value in (group, template) if value is not None] or [template]

    def containers(self, field: str) -> list[Container]:
        """The containers under `containers` or `initContainers`."""
        path = self.path / "spec" / field
        return [self._container(path / index, value) for index, value in enumerate(items(self.get(field)))]

    def _container(self, path: FieldPath, value: Any) -> Container:
        name = dig(value, "name", at=path)
        return Container(
            path,
            dig(value, "resources", at=path),
            isinstance(name, str) and name in INJECTED,
            value,
        )


@dataclass(frozen=True)
class Workload:
    """An object as the rules see it, with its request. For kinds other than Ray's, the Ray parts are empty."""

    value: Mapping[str, Any]
    request: Request = NOBODY

    @property
    def kind(self) -> Kind:
        """Which of KubeRay's kinds it is."""
        return _BY_NAME[self.value["kind"]]

    @property
    def namespace(self) -> str:
        """The namespace the object names, '' where it names none."""
        found = dig(self.value, "metadata", "namespace")
        return found if isinstance(found, str) else ""

    def label(self, key: str) -> Any:
        """One of the object's labels."""
        return dig(self.value, "metadata", "labels", key)

    def annotation(self, key: str) -> Any:
        """One of the object's annotations."""
        return dig(self.value, "metadata", "annotations", key)

    def at(self, path: FieldPath, *keys: str) -> Any:
        """The value at `path`."""
        return dig(self.value, *map(str, path), *keys)

    def was(self, *keys: str) -> Any:
        """The value before an update, None if it is not known."""
        return dig(self.request.old, *keys)

    @cached_property
    def has_cluster(self) -> bool:
        """Whether there is a cluster at all: a job may choose one that is there already."""
        return self.kind.is_cluster or self.at(self.kind.cluster) is not None

    def get(self, *keys: str) -> Any:
        """The value below the cluster spec."""
        return self.at(self.kind.cluster, *keys)

    def job(self, *keys: str) -> Any:
        """The value below the job spec, None for kinds without one."""
        return self.at(self.kind.job, *keys) if self.kind.job else None

    @property
    def submission_mode(self) -> str:
        """How a job is submitted, '' for kinds without one."""
        mode = self.job("submissionMode")
        return "" if not self.kind.job else K8S_JOB if mode in (None, "") else str(mode)

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The head's template, each worker group's, and the submitter's."""
        return (*self._groups(), *self._submitter())

    @cached_property
    def templates(self) -> tuple[tuple[FieldPath, Any], ...]:
        """Everything with `metadata` and `spec` of a pod: each pod template, or the pod that the object is."""
        if self.value["kind"] == POD:
            return ((FieldPath(), self.value),)
        return tuple((site.path, site.template) for site in self.sites)

    @cached_property
    def spec_unchanged(self) -> bool:
        """Whether an update leaves a pod's spec as it was: the pod cannot do more harm than it did."""
        return self.value["kind"] == POD and self.request.is_update and self.was("spec") == self.value.get("spec")

    def _groups(self) -> Iterator[Site]:
        if self.has_cluster:
            path = self.kind.cluster
            yield self._group(path / "headGroupSpec", self.get("headGroupSpec"), Role.HEAD)
            for index, group in enumerate(items(self.get("workerGroupSpecs"))):
                yield self._group(path / "workerGroupSpecs" / index, group, Role.WORKER)

    def _group(self, path: FieldPath, group: Any, role: Role) -> Site:
        return Site(path / "template", dig(group, "template", at=path), path, group, role)

    def _submitter(self) -> Iterator[Site]:
        template = self.job("submitterPodTemplate")
        # Without a template KubeRay makes a pod of its own, which is on nobody's nodes.
        if self.kind.job and (template is not None or self.submission_mode == K8S_JOB):
            path = self.kind.job / "submitterPodTemplate"
            yield Site(path, template, path, None, Role.SUBMITTER)

    @cached_property
    def options(self) -> tuple[Container, ...]:
        """The resources of containers that the operator adds and the tenant may size."""
        found = ((self.kind.cluster + path, self.get(*path, "resources")) for path in OPTIONS)
        return tuple(Container(path, value, True) for path, value in found if isinstance(value, dict))

    def containers(self) -> Iterator[Container]:
        """Every container there is, init containers and sized options included."""
        for site in self.sites:
            yield from site.containers("containers")
            yield from site.containers("initContainers")
        yield from self.options
