"""The cluster under examination. It reads values that several checks need only once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.audit.installed import backends
from rayfence.backends import BACKENDS
from rayfence.backends.base import Needs
from rayfence.cluster.objects import Objects, at, list_at, map_at, name_of, text_at
from rayfence.model.config import Config
from rayfence.model.subjects import Resource

NAMESPACES = Resource("", "v1", "Namespace", "namespaces")
NODES = Resource("", "v1", "Node", "nodes")
CONFIG_MAPS = Resource("", "v1", "ConfigMap", "configmaps")
DEPLOYMENTS = Resource("apps", "v1", "Deployment", "deployments")
DAEMON_SETS = Resource("apps", "v1", "DaemonSet", "daemonsets")
ROLES = Resource("rbac.authorization.k8s.io", "v1", "Role", "roles")
ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings")
CLUSTER_ROLE_BINDINGS = Resource("rbac.authorization.k8s.io", "v1", "ClusterRoleBinding", "clusterrolebindings")
DEFINITIONS = Resource("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
WEBHOOKS = Resource(
    "admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"
)
EXCEPTIONS = (
    Resource("kyverno.io", "v2", "PolicyException", "policyexceptions"),
    Resource("policies.kyverno.io", "v1", "PolicyException", "policyexceptions"),
)

_TAG = re.compile(r":v?(\d+)\.(\d+)\.(\d+)(?:[-+@].*)?$")

Version = tuple[int, ...]


class Case:
    """One cluster and the config it should be fenced by."""

    def __init__(self, config: Config, objects: Objects) -> None:
        self.config = config
        self.objects = objects

    @cached_property
    def backends(self) -> tuple[str, ...]:
        """The backends whose policies are there."""
        return tuple(backends(self.objects))

    @cached_property
    def policies(self) -> tuple[Policy, ...]:
        """The policies that there must be, whatever backend wraps them."""
        return admission.policies(self.config)

    @property
    def needs(self) -> list[Needs]:
        """The requirements of the installed policies."""
        return [BACKENDS[name].needs for name in self.backends]

    @property
    def runs_on_kyverno(self) -> bool:
        """Whether there are policies that Kyverno decides by."""
        return any(each.kyverno for each in self.needs)

    @property
    def may_run_on_kyverno(self) -> bool:
        """The same, or there are no policies at all."""
        return self.runs_on_kyverno or not self.backends

    @cached_property
    def deployments(self) -> tuple[Deployment, ...]:
        """Every Deployment there is."""
        return tuple(deployment(part.value) for part in self.objects.of(DEPLOYMENTS))

    @cached_property
    def namespaces(self) -> Mapping[str, Mapping[str, str]]:
        """Namespace -> its labels."""
        found = (part.value for part in self.objects.of(NAMESPACES))
        return {name_of(value): _labels(value, "metadata", "labels") for value in found}

    def kyverno(self) -> list[Deployment]:
        """Kyverno's controllers."""
        return [each for each in self.deployments if each.labels.get("app.kubernetes.io/part-of") == "kyverno"]

    def kyverno_namespace(self) -> str:
        """The namespace of Kyverno, by default the usual one."""
        return next((each.namespace for each in self.kyverno()), "kyverno")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A Deployment as checks see it."""

    namespace: str
    name: str
    labels: Mapping[str, str]
    pod_labels: Mapping[str, str]
    service_account: str
    images: tuple[str, ...]
    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    unavailable: bool

    @property
    def where(self) -> str:
        """`kyverno/Deployment/kyverno-admission-controller`."""
        return f"{self.namespace}/Deployment/{self.name}"

    @property
    def version(self) -> Version | None:
        """The version that its first image's tag says, None where that is no version."""
        found = _TAG.search(self.images[0].partition("@")[0]) if self.images else None
        return tuple(map(int, found.groups())) if found else None

    def flag(self, name: str) -> str:
        """The last value given to a flag, '' where it is left out."""
        given = [each.partition("=")[2] for each in self.arguments if each.lstrip("-").partition("=")[0] == name]
        return given[-1] if given else ""


def deployment(value: Any) -> Deployment:
    """A Deployment's manifest, read."""
    containers = [each for each in list_at(value, "spec", "template", "spec", "containers") if isinstance(each, dict)]
    return Deployment(
        text_at(value, "metadata", "namespace"),
        name_of(value),
        _labels(value, "metadata", "labels"),
        _labels(value, "spec", "template", "metadata", "labels"),
        text_at(value, "spec", "template", "spec", "serviceAccountName") or "default",
        tuple(text_at(each, "image") for each in containers),
        tuple(str(word) for each in containers for key in ("command", "args") for word in list_at(each, key)),
        {text_at(env, "name"): text_at(env, "value") for each in containers for env in list_at(each, "env")},
        _is_unavailable(value),
    )


def shown(version: Version) -> str:
    """`1.19.1`."""
    return ".".join(map(str, version))


def _is_unavailable(value: Any) -> bool:
    if at(value, "spec", "replicas") == 0:
        return True
    conditions = (each for each in list_at(value, "status", "conditions") if text_at(each, "type") == "Available")
    return any(text_at(each, "status") == "False" for each in conditions)


def _labels(value: Any, *keys: str) -> dict[str, str]:
    return {str(key): str(each) for key, each in map_at(value, *keys).items()}


def containers_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """The containers of a workload's pods."""
    yield from (each for each in list_at(value, "spec", "template", "spec", "containers") if isinstance(each, dict))
