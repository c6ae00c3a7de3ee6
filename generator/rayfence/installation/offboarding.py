"""Handles namespaces that no tenant has any more: they stay closed until nothing runs there."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Any

from rayfence.cluster.objects import name_of, text_at
from rayfence.doctor.case import NAMESPACES
from rayfence.installation.desired import DesiredObjects
from rayfence.installation.removing import Key, ours
from rayfence.installation.target import Target
from rayfence.manifests.retired import retired_objects
from rayfence.model.subjects import NETWORK_POLICIES, PODS, RAY
from rayfence.network.layer import CLOSING

_ENDED = ("Succeeded", "Failed")


@dataclass(frozen=True, slots=True)
class Offboarding:
    """Namespaces that stay closed. `left` are in use and nowhere in the config; `empty` are retired and not in use."""

    retired: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    empty: tuple[str, ...] = ()


def offboarding(target: Target, parts: DesiredObjects) -> Offboarding:
    """Which namespaces an earlier installation closed, or the config retires, and what has to become of them."""
    # One that is on its way out takes no new objects. Kubernetes deletes its pods before its NetworkPolicies.
    existing = {name_of(part.value) for part in target.of(NAMESPACES) if not _is_going(part.value)}
    retired = [name for name in parts.config.platform.retired if name in existing]
    closed = {namespace for resource, namespace, name in ours(target) if closes((resource, namespace, name))}
    left = (closed & existing) - {*parts.config.by_namespace(), *retired}
    used = in_use(target) if retired or left else set[str]()
    return Offboarding(tuple(retired), tuple(sorted(left & used)), tuple(each for each in retired if each not in used))


def closing(parts: DesiredObjects, found: Offboarding) -> DesiredObjects:
    """The same, with what closes those namespaces."""
    return replace(parts, layer=(*parts.layer, *retired_objects((*found.retired, *found.left))))


def in_use(target: Target) -> Set[str]:
    """Namespaces with a pod that has not ended, or with a Ray object, of which KubeRay may make pods at any moment."""
    pods = (part for part in target.of(PODS.resources[0]) if text_at(part.value, "status", "phase") not in _ENDED)
    ray = (part for resource in RAY.resources for part in target.of(resource))
    return {part.namespace for parts in (pods, ray) for part in parts}


def _is_going(namespace: Any) -> bool:
    return text_at(namespace, "status", "phase") == "Terminating"


def closes(key: Key) -> bool:
    """Whether it is one of the policies that close a namespace."""
    return key[0] == NETWORK_POLICIES.resources[0] and key[2] in CLOSING
