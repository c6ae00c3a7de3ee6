"""The API resources of what rayfence writes, and the answers of all backends about their kinds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.backends import BACKENDS
from rayfence.backends.base import Kind
from rayfence.model.subjects import NETWORK_POLICIES, Resource

CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles")
RESOURCE_QUOTAS = Resource("", "v1", "ResourceQuota", "resourcequotas")

_OTHERS = (CLUSTER_ROLES, RESOURCE_QUOTAS, *NETWORK_POLICIES.resources)


def kinds() -> list[Kind]:
    """The kinds of policy of all backends, without those that policy objects define."""
    return [kind for backend in BACKENDS.values() for kind in backend.kinds]


def generators() -> list[Resource]:
    """The kinds whose objects may generate."""
    return [kind.resource for kind in kinds() if kind.generating]


def defaults() -> dict[str, Any]:
    """The defaults that servers and engines fill in, by the name of the field."""
    return {field: value for kind in kinds() for field, value in kind.defaults.items()}


def kind_at(resource: Resource) -> Kind:
    """A kind of policy, or a `Kind` with the resource alone where it is something else."""
    return next((kind for kind in kinds() if kind.resource == resource), Kind(resource))


def kind_of(manifest: Mapping[str, Any]) -> Kind:
    """The same of the kind of one object that rayfence writes. Raises KeyError for a kind that it does not."""
    return kind_at(resource_of(manifest))


def is_defined(resource: Resource) -> bool:
    """Whether a policy object defines the kind."""
    return any(resource.group in backend.defined_groups for backend in BACKENDS.values())


def resource_of(manifest: Mapping[str, Any]) -> Resource:
    """The resource of one object that rayfence writes. Raises KeyError for a kind that it does not."""
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    for each in (*(kind.resource for kind in kinds()), *_OTHERS):
        if (each.api_version, each.kind) == (api_version, kind):
            return each
    group, _, version = api_version.rpartition("/")
    # The plural of a kind that is defined so is the kind in small letters.
    if is_defined(defined := Resource(group, version, kind, kind.lower())):
        return defined
    raise KeyError(api_version, kind)


def why_not_ready(policy: Mapping[str, Any]) -> str:
    """Why a policy with its status is not in force, '' where it is or its kind does not tell."""
    found = (kind for kind in kinds() if kind.resource.kind == policy.get("kind"))
    return next((kind.why_not_ready(policy) for kind in found), "")
