"""Finds by its label what rayfence has installed in a cluster, and removes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from typing import Any

from rayfence.backends.base import Kind
from rayfence.backends.resources import CLUSTER_ROLES, RESOURCE_QUOTAS, generators, kind_at, kinds
from rayfence.cluster.objects import map_at, name_of, text_at
from rayfence.installation.target import Target
from rayfence.model.subjects import NETWORK_POLICIES, RESERVED, Resource
from rayfence.network.tables import GENERATION

_MANAGED = "app.kubernetes.io/managed-by"
LAYER = (NETWORK_POLICIES.resources[0], RESOURCE_QUOTAS)
_LAST = (CLUSTER_ROLES, *LAYER)

MADE_BY = "generate.kyverno.io/policy-name"
"""The label by which Kyverno says because of which policy it has made an object."""

Key = tuple[Resource, str, str]


@dataclass(frozen=True, slots=True)
class Removed:
    """The removed objects, and the NetworkPolicies that Kyverno keeps."""

    objects: tuple[Key, ...]
    left: tuple[str, ...]


def ours(target: Target) -> list[Key]:
    """Everything that an installation has put there, policies first, the closed layer last.

    A tenant may write the label as well, but not the name that a NetworkPolicy of ours has.
    """
    policies = [(kind, key) for kind in kinds() for key in _labelled(target, kind.resource)]
    made = [each for kind, key in policies for each in _made(target, kind, key)]
    roles = _labelled(target, CLUSTER_ROLES)
    layer = [key for resource in LAYER for key in _labelled(target, resource) if key[2].startswith(RESERVED)]
    return [*made, *(key for _, key in policies), *roles, *layer]


def remove(target: Target, key: Key) -> bool:
    """Take one object away; whether it was there."""
    return target.delete(*key)


def is_generator(key: Key) -> bool:
    """Whether it is one of the policies that generate."""
    return key[0] in generators() and key[2].startswith(GENERATION)


def let_go(target: Target, key: Key) -> None:
    """Make a generating policy leave what it has generated where it is when it goes."""
    found, generating = target.one(*key), kind_at(key[0]).generating
    if found and generating:
        target.replace(key[0], generating.release(found.value))


def uninstall(target: Target, progress: Callable[[str], None]) -> Removed:
    """Take everything away, the closed layer last. What Kyverno has generated goes with the policy that made it."""
    gone: list[Key] = []
    for key in ours(target):
        progress(f"removing {key[0].kind} {key[2]}" + (f" from {key[1]}" if key[1] else ""))
        gone += [key] if remove(target, key) else []
    return Removed(tuple(gone), tuple(_left(target)))


def _labelled(target: Target, resource: Resource) -> Iterator[Key]:
    if not target.serves(resource):
        return
    for part in target.of(resource):
        if _is_ours(part.value):
            yield resource, part.namespace, name_of(part.value)


def _is_ours(value: Any) -> bool:
    by_us = map_at(value, "metadata", "labels").get(_MANAGED) == "rayfence"
    return by_us and not value["metadata"].get("ownerReferences")


def _made(target: Target, kind: Kind, key: Key) -> Iterator[Key]:
    """The objects of the kind that a policy object defines, which have to go before their kind does."""
    found = target.one(*key) if kind.defines else None
    if kind.defines and found and (made := kind.defines(found.value)):
        yield from _labelled(target, made)


def _left(target: Target) -> Iterator[str]:
    for part in target.of(LAYER[0]):
        if name_of(part.value).startswith(RESERVED):
            yield f"{part.namespace}/{name_of(part.value)}"


def too_much(target: Target, keys: Set[Key]) -> list[Key]:
    """The objects of an earlier installation that this one does not contain, in the order of their removal.

    Where nothing is to generate any more, what was generated goes with its policy, and Kyverno's rights after that:
    without them it could not take it away, nor make what is missing.
    """
    found = [key for key in ours(target) if key not in keys]
    if any(is_generator(key) for key in keys):
        return found
    first = next((at for at, (resource, _, _) in enumerate(found) if resource in _LAST), len(found))
    return [*found[:first], *generated(target), *found[first:]]


def generated(target: Target) -> Iterator[Key]:
    """The NetworkPolicies that Kyverno has made because of a policy of ours.

    A tenant may write the labels as well, but not the name.
    """
    for part in target.of(LAYER[0]):
        made_by = text_at(part.value, "metadata", "labels", MADE_BY)
        if made_by.startswith(GENERATION) and name_of(part.value).startswith(RESERVED):
            yield LAYER[0], part.namespace, name_of(part.value)
