"""The cluster as an installation needs it: how to apply and delete one object."""

from __future__ import annotations

from typing import Any, Protocol

from rayfence.audit.differences import difference as spec_difference
from rayfence.backends.resources import resource_of
from rayfence.cluster.objects import Objects, at, map_at, name_of, text_at
from rayfence.doctor.comparison import difference
from rayfence.doctor.namespaces import unlike
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import Resource

Value = dict[str, Any]

_BODIES = ("spec", "rules")
"""Where the kinds of the bundle say what they are for."""


class Target(Objects, Protocol):
    """A cluster that can be written to. Every method raises Unanswered where the server refuses."""

    def apply(self, resource: Resource, value: Value, *, dry_run: bool = False) -> Value:
        """Server-side apply; the object as it then is."""

    def replace(self, resource: Resource, value: Value, *, dry_run: bool = False) -> Value:
        """Replaces the whole object with `value`."""

    def delete(self, resource: Resource, namespace: str, name: str) -> bool:
        """Delete an object; whether it was there."""

    def may(self, verb: str, resource: Resource, namespace: str = "") -> bool:
        """Whether this user may do that."""


def put(target: Target, value: Value, *, dry_run: bool = False) -> Value:
    """One object of the bundle as it was written, whatever was there under its name; the object as it then is.

    Server-side apply leaves what others have set and we do not speak of, such as an `egress` that `kubectl apply` wrote
    and the config no longer has. Where that is so, what we write is put in the place of all there is.
    """
    resource = resource_of(value)
    found = target.apply(resource, value, dry_run=dry_run)
    if not differs(value, found) or (dry_run and target.one(*key_of(value)) is None):
        return found
    whole = {**found, **{key: value[key] for key in _BODIES if key in value}}
    metadata = {
        **found["metadata"],
        "labels": _over(found, value, "labels"),
        "annotations": _over(found, value, "annotations"),
    }
    metadata.pop("managedFields", None)
    return target.replace(resource, {**whole, "metadata": metadata}, dry_run=dry_run)


def differs(value: Value, found: Value) -> bool:
    """Whether an object says something else than what was written."""
    match value["kind"]:
        case "NetworkPolicy":
            return spec_difference(value["spec"], found.get("spec"), FieldPath.of("spec")) is not None
        case "ResourceQuota":
            return bool(unlike(value["spec"], map_at(found, "spec")))
        case _:
            return any(key in value and difference(value[key], found.get(key), FieldPath.of(key)) for key in _BODIES)


def key_of(value: Value) -> tuple[Resource, str, str]:
    """The key of an object: kind, namespace and name."""
    return resource_of(value), text_at(value, "metadata", "namespace"), name_of(value)


def _over(found: Value, value: Value, key: str) -> dict[str, Any]:
    return {**map_at(found, "metadata", key), **(at(value, "metadata", key) or {})}
