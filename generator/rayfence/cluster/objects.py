"""Reads the objects of a cluster, live or saved: kind by kind, one at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from rayfence.admission.evaluate import Part, parts
from rayfence.model.subjects import Resource
from rayfence.yamlio import Document, unwritten


class Unanswered(Exception):
    """The source cannot say what there is; the text says why, and what to do."""


class Busy(Unanswered):
    """The same, and it may be another answer in a moment."""


class Objects(Protocol):
    """The objects of one cluster. Every method raises Unanswered where the source does not answer."""

    def serves(self, resource: Resource) -> bool:
        """Whether there can be objects of this kind: its definition is installed, or some were saved."""

    def of(self, resource: Resource) -> Iterator[Part]:
        """All objects of a kind, of every namespace, in no promised order; none where the kind is not served."""

    def one(self, resource: Resource, namespace: str, name: str) -> Part | None:
        """The object of that name ('' for the namespace of a kind that has none), None where it is not there."""


class Saved:
    """The output of `kubectl get -o yaml`. It is held in memory as a whole, because a List is one document."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._found: dict[tuple[str, str], dict[tuple[str, str], Part]] = {}
        for document in documents:
            for part in parts(document):
                self._keep(part)

    def serves(self, resource: Resource) -> bool:
        """Whether any were saved."""
        return _key(resource) in self._found

    def of(self, resource: Resource) -> Iterator[Part]:
        """All saved objects of the kind, in any version."""
        yield from self._found.get(_key(resource), {}).values()

    def one(self, resource: Resource, namespace: str, name: str) -> Part | None:
        """The one of that name."""
        return self._found.get(_key(resource), {}).get((namespace, name))

    def _keep(self, part: Part) -> None:
        api_version, kind = str(part.value["apiVersion"]), str(part.value["kind"])
        group = api_version.rpartition("/")[0]
        # One object saved twice, by two of its kind's names, is one object.
        self._found.setdefault((group, kind), {}).setdefault((part.namespace, name_of(part.value)), part)


def unwritten_part(value: dict[str, Any]) -> Part:
    """An object that is in no file."""
    return next(parts(unwritten(value)))


def name_of(value: Any) -> str:
    """An object's name, '' where it has none."""
    return text_at(value, "metadata", "name")


def text_at(value: Any, *keys: str) -> str:
    """The text below these keys, '' where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, str) else ""


def list_at(value: Any, *keys: str) -> list[Any]:
    """The list below these keys, an empty one where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, list) else []


def map_at(value: Any, *keys: str) -> dict[str, Any]:
    """The map below these keys, an empty one where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, dict) else {}


def at(value: Any, *keys: str) -> Any:
    """The value below these keys, None if a step is missing or is not a map."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _key(resource: Resource) -> tuple[str, str]:
    return resource.group, resource.kind
