"""Documents in; the Ray objects and NetworkPolicies among them out, and what is wrong with those of no use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from typing import Any

import fastjsonschema

from rayfence.evaluate import Part, parts
from rayfence.path import Path
from rayfence.reach.kuberay import made
from rayfence.reach.policies import Json
from rayfence.reach.scenario import namespace_of
from rayfence.workload import SERVED, Malformed, dig
from rayfence.yamlio import Document, Problem

NETWORK_POLICY = ("networking.k8s.io/v1", "NetworkPolicy")

_LABELS = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
_NUMBER = {"type": "integer", "minimum": 1, "maximum": 65535}
_CIDR = {"type": "string", "format": "cidr"}


def _mapping(*required: str, **fields: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": fields, "additionalProperties": False}


def _list(item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": item}


def _or_null(shape: dict[str, Any]) -> dict[str, Any]:
    return {**shape, "type": [shape["type"], "null"]}


_OPERATOR = {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]}
_EXPRESSION = _mapping("key", "operator", key={"type": "string"}, operator=_OPERATOR, values=_or_null(_list({})))
_SELECTOR = _or_null(_mapping(matchLabels=_or_null(_LABELS), matchExpressions=_or_null(_list(_EXPRESSION))))
_BLOCK = _mapping("cidr", cidr=_CIDR, **{"except": _or_null(_list(_CIDR))})
_PEER = {**_mapping(ipBlock=_or_null(_BLOCK), namespaceSelector=_SELECTOR, podSelector=_SELECTOR), "minProperties": 1}
_PORT = _mapping(
    protocol={"enum": ["TCP", "UDP", "SCTP", None]},
    port={"anyOf": [_NUMBER, {"type": ["string", "null"]}]},
    endPort=_or_null(_NUMBER),
)


def _rules(side: str) -> dict[str, Any]:
    return _or_null(_list(_mapping(ports=_or_null(_list(_PORT)), **{side: _or_null(_list(_PEER))})))


_SPEC = _mapping(
    podSelector=_SELECTOR,
    policyTypes=_or_null(_list({"enum": ["Ingress", "Egress"]})),
    ingress=_rules("from"),
    egress=_rules("to"),
)
_SHAPE = {"type": "object", "required": ["spec"], "properties": {"spec": _SPEC}}


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
        kind = (dig(part.value, "apiVersion"), dig(part.value, "kind"))
        if kind not in SERVED and kind != NETWORK_POLICY:
            continue
        wrong = _fault(part.value)
        if wrong:
            path = part.path + wrong[0]
            message = f"{wrong[0]}: {wrong[1]}"
            found.problems.append(Problem(part.document.file, part.document.line_of(path), message))
        else:
            objects[str(kind[1]), namespace_of(part.value), part.value["metadata"]["name"]] = part.value
    for (kind_name, _, _), value in objects.items():
        (found.policies if kind_name == NETWORK_POLICY[1] else found.objects).append(value)
    return found


def _parts(documents: Iterable[Document | Problem], namespace: str, problems: list[Problem]) -> Iterator[Part]:
    for document in documents:
        if isinstance(document, Problem):
            problems.append(document)
        else:
            yield from (part for part in parts(document, namespace) if isinstance(part.value, dict))


def _fault(value: Any) -> tuple[Path, str] | None:
    """Where something is wrong with a Ray object or a NetworkPolicy, and what."""
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        return Path.of("metadata", "name"), "is missing; name the object"
    if value["kind"] == NETWORK_POLICY[1]:
        return _misshapen(value)
    try:
        made(value)
    except Malformed as error:
        return error.path, "a list where a mapping belongs; write a mapping there"
    return None


def _misshapen(value: Any) -> tuple[Path, str] | None:
    try:
        _accept()(value)
    except fastjsonschema.JsonSchemaValueException as error:
        path = Path(int(step) if str(step).isdigit() else str(step) for step in error.path[1:])
        return path, str(error.message).removeprefix(str(error.name)).strip()
    return None


@cache
def _accept() -> Any:
    return fastjsonschema.compile(_SHAPE, formats={"cidr": _is_cidr}, use_default=False)


def _is_cidr(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True
