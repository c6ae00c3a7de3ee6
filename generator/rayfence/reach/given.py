"""Picks Ray objects and NetworkPolicies from documents, and reports those that cannot be used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rayfence.admission.evaluate import Part, parts
from rayfence.model.field_path import FieldPath
from rayfence.reach.policies import Json
from rayfence.reach.scenario import namespace_of
from rayfence.reach.shapes import fault
from rayfence.workload import SERVED
from rayfence.yamlio import Document, Problem

NETWORK_POLICY = ("networking.k8s.io/v1", "NetworkPolicy")


@dataclass(slots=True)
class Given:
    """Objects and policies, the last of each name; `problems` are told with file and line."""

    objects: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def given(documents: Iterable[Document | Problem], namespace: str = "") -> Given:
    """What is of use in the documents; other kinds are passed over. `namespace` is for objects that name none."""
    found = Given()
    objects: dict[tuple[str, str, str], Json] = {}
    for part in _parts(documents, namespace, found.problems):
        kind = (str(part.value.get("apiVersion")), str(part.value.get("kind")))
        if kind not in SERVED and kind != NETWORK_POLICY:
            continue
        wrong = _fault(part.value)
        if wrong:
            path = part.path + wrong[0]
            message = f"{wrong[0]}: {wrong[1]}"
            found.problems.append(Problem(part.document.file, part.document.line_of(path), message))
        else:
            objects[kind[1], namespace_of(part.value), part.value["metadata"]["name"]] = part.value
    for (kind_name, _, _), value in objects.items():
        (found.policies if kind_name == NETWORK_POLICY[1] else found.objects).append(value)
    return found


def _parts(documents: Iterable[Document | Problem], namespace: str, problems: list[Problem]) -> Iterator[Part]:
    for document in documents:
        if isinstance(document, Problem):
            problems.append(document)
        else:
            yield from (part for part in parts(document, namespace) if isinstance(part.value, dict))


def _fault(value: Any) -> tuple[FieldPath, str] | None:
    """Where something is wrong with a Ray object or a NetworkPolicy, and what."""
    metadata = value.get("metadata")
    if metadata is None or (isinstance(metadata, dict) and metadata.get("name") in (None, "")):
        return FieldPath.of("metadata", "name"), "is missing; name the object"
    return fault(value)
