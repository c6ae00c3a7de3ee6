"""Finds out which backends of rayfence are installed in a cluster, and so what to expect there."""

from __future__ import annotations

from rayfence.backends import BACKENDS
from rayfence.backends.resources import generators
from rayfence.cluster.objects import Objects, name_of
from rayfence.model.subjects import RAY, Resource
from rayfence.network.tables import GENERATION


def backends(objects: Objects) -> list[str]:
    """The backends that have a validating policy in the cluster, recognized by the first policy of each."""
    return [name for name, backend in BACKENDS.items() if any(_judges(objects, backend.policy_kind))]


def generates(objects: Objects) -> bool:
    """Whether NetworkPolicies of single RayClusters are to be expected.

    They are unless something else than Kyverno's policies is all there is: a generating policy that is gone is a fault
    and no excuse, and a file may hold no policies at all.
    """
    found = backends(objects)
    if any(_has(objects, resource, GENERATION) for resource in generators()) or not found:
        return True
    return any(BACKENDS[name].generates for name in found)


def has_no_engine(objects: Objects) -> bool:
    """Whether the policies that such backends bring instead of generating are to be expected."""
    return any(not BACKENDS[name].generates for name in backends(objects))


def _judges(objects: Objects, resource: Resource) -> list[str]:
    wanted = (RAY.name, RAY.name.replace("-", ""))
    return [name for part in objects.of(resource) if (name := name_of(part.value)).startswith(wanted)]


def _has(objects: Objects, resource: Resource, name: str) -> bool:
    return objects.one(resource, "", name) is not None
