"""Reads Ray objects and NetworkPolicies from documents, and says what is wrong with those that cannot be used.

An API server also refuses every object that this module refuses: fields must have the types of their schemas. Fields
that `reach` does not use are not checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from typing import Any

import fastjsonschema

from rayfence.admission.evaluate import Part, parts
from rayfence.model.config import Mode
from rayfence.model.field_path import FieldPath
from rayfence.reach.policies import Json
from rayfence.reach.scenario import namespace_of
from rayfence.workload import KINDS, SERVED, Kind
from rayfence.yamlio import Document, Problem

Schema = dict[str, Any]

NETWORK_POLICY_KIND = ("networking.k8s.io/v1", "NetworkPolicy")


@dataclass(slots=True)
class Input:
    """Ray objects and NetworkPolicies, the last of each name. Each problem has its file and line."""

    objects: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read_input(documents: Iterable[Document | Problem], namespace: str = "") -> Input:
    """The Ray objects and NetworkPolicies in documents. `namespace` is for objects that name none."""
    found = Input()
    objects: dict[tuple[str, str, str], Json] = {}
    for part in _parts(documents, namespace, found.problems):
        kind = (str(part.value.get("apiVersion")), str(part.value.get("kind")))
        if kind not in SERVED and kind != NETWORK_POLICY_KIND:
            continue
        wrong = _error_in(part.value)
        if wrong:
            path = part.path + wrong[0]
            message = f"{wrong[0]}: {wrong[1]}"
            found.problems.append(Problem(part.document.file, part.document.line_of(path), message))
        else:
            objects[kind[1], namespace_of(part.value), part.value["metadata"]["name"]] = part.value
    for (kind_name, _, _), value in objects.items():
        (found.policies if kind_name == NETWORK_POLICY_KIND[1] else found.objects).append(value)
    return found


def _parts(documents: Iterable[Document | Problem], namespace: str, problems: list[Problem]) -> Iterator[Part]:
    for document in documents:
        if isinstance(document, Problem):
            problems.append(document)
        else:
            yield from (part for part in parts(document, namespace) if isinstance(part.value, dict))


def _error_in(value: Any) -> tuple[FieldPath, str] | None:
    """Where something is wrong with a Ray object or a NetworkPolicy, and what."""
    metadata = value.get("metadata")
    if metadata is None or (isinstance(metadata, dict) and metadata.get("name") in (None, "")):
        return FieldPath.of("metadata", "name"), "is missing; name the object"
    return schema_error(value)


def schema_error(value: Any) -> tuple[FieldPath, str] | None:
    """Where an object of these kinds cannot be read, and why; its `kind` is one of them."""
    try:
        _accept(value["kind"])(value)
    except fastjsonschema.JsonSchemaValueException as error:
        return FieldPath(_steps(value, str(error.name).removeprefix("data"))), _message(error)
    return None


def _steps(value: Any, name: str) -> Iterator[str | int]:
    """The way to what the schema calls `name`, such as `.metadata.labels.ray.io/cluster` or `.spec.ingress[0]`."""
    while name:
        if isinstance(value, list):
            index, _, name = name.removeprefix("[").partition("]")
            yield int(index)
            value = value[int(index)]
        else:
            name = name.removeprefix(".")
            # A key may have dots in it.
            key = max((each for each in value if name == each or name.startswith((f"{each}.", f"{each}["))), key=len)
            name = name.removeprefix(key)
            yield key
            value = value[key]


def _mapping(*required: str, **fields: Any) -> Schema:
    """A mapping with these fields and no others."""
    return {**_some(**fields), "required": list(required), "additionalProperties": False}


def _some(**fields: Any) -> Schema:
    """A mapping with these fields, among others that nobody reads."""
    return {"type": "object", "properties": fields}


def _map(item: Schema) -> Schema:
    """A mapping from any name."""
    return {"type": ["object", "null"], "additionalProperties": item}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def _or_null(schema: Schema) -> Schema:
    return {**schema, "type": [schema["type"], "null"]}


TEXT = {"type": ["string", "null"]}
LABELS = _map(TEXT)
BOOLEAN = {"type": ["boolean", "null"]}
COUNT = {"type": ["integer", "null"]}
NUMBER = {"type": "integer", "minimum": 1, "maximum": 65535}
CIDR = {"type": "string", "format": "cidr"}
METADATA = _some(
    name={"type": "string"},
    namespace=TEXT,
    labels=LABELS,
    annotations=LABELS,
    ownerReferences=_or_null(_list(_some(name=TEXT))),
)
OPERATOR = {"enum": ["In", "NotIn", "Exists", "DoesNotExist"]}
EXPRESSION = _mapping(
    "key", "operator", key={"type": "string"}, operator=OPERATOR, values=_or_null(_list({"type": "string"}))
)
SELECTOR = _or_null(_mapping(matchLabels=LABELS, matchExpressions=_or_null(_list(EXPRESSION))))
BLOCK = _mapping("cidr", cidr=CIDR, **{"except": _or_null(_list(CIDR))})
PEER = {**_mapping(ipBlock=_or_null(BLOCK), namespaceSelector=SELECTOR, podSelector=SELECTOR), "minProperties": 1}
PORT = _mapping(
    protocol={"enum": ["TCP", "UDP", "SCTP", None]},
    port={"anyOf": [NUMBER, TEXT]},
    endPort=_or_null(NUMBER),
)


def _rules(side: str) -> Schema:
    return _or_null(_list(_mapping(ports=_or_null(_list(PORT)), **{side: _or_null(_list(PEER))})))


NETWORK_POLICY = {
    **_some(
        metadata=METADATA,
        spec=_mapping(
            podSelector=SELECTOR,
            policyTypes=_or_null(_list({"enum": ["Ingress", "Egress"]})),
            ingress=_rules("from"),
            egress=_rules("to"),
        ),
    ),
    "required": ["spec"],
}

PORTS = _or_null(_list(_some(name=TEXT, containerPort=COUNT, protocol=TEXT)))
CONTAINER = _some(name=TEXT, ports=PORTS, env=_or_null(_list(_some(name=TEXT, value=TEXT))))
TEMPLATE = _or_null(
    _some(
        metadata=_or_null(_some(labels=LABELS, annotations=LABELS)),
        spec=_or_null(
            _some(containers=_or_null(_list(CONTAINER)), initContainers=_or_null(_list(CONTAINER))),
        ),
    )
)
GROUP = _some(
    groupName=TEXT, labels=LABELS, rayStartParams=LABELS, maxReplicas=COUNT, numOfHosts=COUNT, template=TEMPLATE
)
OWN_RULES = _or_null(_some(ingressRules=_rules("from"), egressRules=_rules("to")))
ISOLATION = _or_null(
    _some(
        mode={"enum": [*map(str, Mode), None]},
        head=OWN_RULES,
        worker=OWN_RULES,
        workerGroups=_or_null(_list(_some(groupName=TEXT, ingressRules=_rules("from"), egressRules=_rules("to")))),
    )
)
CLUSTER = _or_null(
    _some(
        headGroupSpec=_or_null(GROUP),
        workerGroupSpecs=_or_null(_list(GROUP)),
        enableInTreeAutoscaling=BOOLEAN,
        authOptions=_or_null(_some(enableK8sTokenAuth=BOOLEAN)),
        gcsFaultToleranceOptions=_or_null(_some(backend=TEXT, redisAddress=TEXT)),
        networkPolicy=ISOLATION,
        managedBy=TEXT,
        autoscalerOptions=_or_null(_some()),
        historyServerOptions=_or_null(_some(collectorOptions=_or_null(_some()))),
    )
)
JOB = _some(submissionMode=TEXT, clusterSelector=LABELS, submitterPodTemplate=TEMPLATE)


def _ray(kind: Kind) -> Schema:
    """An object of KubeRay's: metadata, and its cluster and its job where the kind has them."""
    schema = _some(metadata=METADATA)
    _put(schema, kind.cluster, CLUSTER)
    if kind.job:
        _put(schema, kind.job, JOB)
    return schema


def _put(schema: Schema, path: FieldPath, inner: Schema) -> None:
    """Say of the place at `path` what `inner` says, beside what is said of it already."""
    for step in path:
        fields = schema.setdefault("properties", {})
        fields[step] = schema = {"type": ["object", "null"], **fields.get(step, {})}
    schema["properties"] = {**inner["properties"], **schema.get("properties", {})}


@cache
def _accept(kind: str) -> Any:
    schemas: Mapping[str, Schema] = {each.name: _ray(each) for each in KINDS} | {"NetworkPolicy": NETWORK_POLICY}
    return fastjsonschema.compile(schemas[kind], formats={"cidr": _is_cidr}, use_default=False)


def _is_cidr(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return True


_WORDS = {"object": "a mapping", "array": "a list", "string": "a text", "boolean": "true or false"}
_FOUND = {dict: "a mapping", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}


def _message(error: fastjsonschema.JsonSchemaValueException) -> str:
    if error.rule != "type":
        return str(error.message).removeprefix(str(error.name)).strip()
    types = error.definition["type"]
    wanted = types if isinstance(types, str) else types[0]
    belongs = _WORDS.get(wanted, "a whole number")
    return f"{_FOUND.get(type(error.value), 'a number')} where {belongs} belongs; write {belongs} there"
