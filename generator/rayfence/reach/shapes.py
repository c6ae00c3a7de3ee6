"""Checks the structure of NetworkPolicies and Ray objects, and says what is wrong with one that cannot be read.

An API server also refuses every object that this module refuses: fields must have the types of their schemas. Fields
that `reach` does not use are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from ipaddress import ip_network
from typing import Any

import fastjsonschema

from rayfence.model.config import Mode
from rayfence.model.field_path import FieldPath
from rayfence.workload import KINDS, Kind

Shape = dict[str, Any]


def fault(value: Any) -> tuple[FieldPath, str] | None:
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


def _mapping(*required: str, **fields: Any) -> Shape:
    """A mapping with these fields and no others."""
    return {**_some(**fields), "required": list(required), "additionalProperties": False}


def _some(**fields: Any) -> Shape:
    """A mapping with these fields, among others that nobody reads."""
    return {"type": "object", "properties": fields}


def _map(item: Shape) -> Shape:
    """A mapping from any name."""
    return {"type": ["object", "null"], "additionalProperties": item}


def _list(item: Shape) -> Shape:
    return {"type": "array", "items": item}


def _or_null(shape: Shape) -> Shape:
    return {**shape, "type": [shape["type"], "null"]}


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


def _rules(side: str) -> Shape:
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


def _ray(kind: Kind) -> Shape:
    """An object of KubeRay's: metadata, and its cluster and its job where the kind has them."""
    shape = _some(metadata=METADATA)
    _put(shape, kind.cluster, CLUSTER)
    if kind.job:
        _put(shape, kind.job, JOB)
    return shape


def _put(shape: Shape, path: FieldPath, inner: Shape) -> None:
    """Say of the place at `path` what `inner` says, beside what is said of it already."""
    for step in path:
        fields = shape.setdefault("properties", {})
        fields[step] = shape = {"type": ["object", "null"], **fields.get(step, {})}
    shape["properties"] = {**inner["properties"], **shape.get("properties", {})}


@cache
def _accept(kind: str) -> Any:
    shapes: Mapping[str, Shape] = {each.name: _ray(each) for each in KINDS} | {"NetworkPolicy": NETWORK_POLICY}
    return fastjsonschema.compile(shapes[kind], formats={"cidr": _is_cidr}, use_default=False)


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
