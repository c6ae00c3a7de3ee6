"""How an object exposes pods: the Services and Ingresses that it is, or that KubeRay creates for it.

Once in Python and once as CEL variables for engines, like `workload` and `expressions`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rayfence import cel
from rayfence.model.field_path import FieldPath
from rayfence.workload.coercion import dig
from rayfence.workload.workload import Workload

INGRESS, SERVICE = "Ingress", "Service"

SERVING = "RayService"
"""The kind that has a second Service, for its applications, and may have a Gateway."""

SERVE_SERVICE = FieldPath.of("spec", "serveService", "spec")
_SERVE_METADATA = FieldPath.of("spec", "serveService", "metadata")

HEAD_ANNOTATIONS = "headServiceAnnotations"
"""The field of a cluster's spec that KubeRay copies to its head's Service."""

MARKS = ("annotations", "labels")
"""What controllers read on a Service."""

# KubeRay makes a Gateway of this class, and routes to it, for a RayService that is upgraded step by step.
GATEWAY = FieldPath.of("spec", "upgradeStrategy", "clusterUpgradeOptions", "gatewayClassName")


@dataclass(frozen=True, slots=True)
class Service:
    """A ServiceSpec at `path`, and its type, which may be in another field."""

    path: FieldPath
    spec: Any
    type_path: FieldPath
    type: Any


def services(work: Workload) -> Iterator[Service]:
    """The Service that an object is, or those that KubeRay makes for it and the tenant may shape."""
    match work.value["kind"]:
        case "Service":
            yield _service(work, FieldPath.of("spec"))
        case "Ingress":
            return
        case kind:
            head = work.kind.cluster / "headGroupSpec"
            yield Service(head, None, head / "serviceType", work.at(head, "serviceType"))
            yield _service(work, head / "headService" / "spec")
            if kind == SERVING:
                yield _service(work, SERVE_SERVICE)


def _service(work: Workload, path: FieldPath) -> Service:
    spec = work.at(path)
    return Service(path, spec, path / "type", dig(spec, "type", at=path))


def marks(work: Workload) -> Iterator[tuple[FieldPath, Any]]:
    """The annotations and labels of those Services, where there are any."""
    kind = work.value["kind"]
    if kind == SERVICE:
        paths = _marks(FieldPath.of("metadata"))
    elif kind == INGRESS:
        paths = []
    else:
        head = work.kind.cluster / "headGroupSpec" / "headService" / "metadata"
        paths = [work.kind.cluster / HEAD_ANNOTATIONS, *_marks(head)] if work.has_cluster else []
        paths += _marks(_SERVE_METADATA) if kind == SERVING else []
    found = ((path, work.at(path)) for path in paths)
    yield from ((path, value) for path, value in found if isinstance(value, dict))


def _marks(metadata: FieldPath) -> list[FieldPath]:
    return [metadata / each for each in MARKS]


def ingresses(work: Workload) -> Iterator[FieldPath]:
    """The fields in which an object requests an Ingress or a Gateway; an Ingress does so by its kind."""
    match work.value["kind"]:
        case "Service":
            return
        case "Ingress":
            yield FieldPath.of("kind")
        case kind:
            head = work.kind.cluster / "headGroupSpec"
            enabled = work.at(head, "enableIngress")
            if enabled is not None and enabled is not False:
                yield head / "enableIngress"
            if work.at(head, "ingressOptions") not in (None, {}):
                yield head / "ingressOptions"
            if kind == SERVING and work.at(GATEWAY) not in (None, ""):
                yield GATEWAY


def variables() -> dict[str, str]:
    """For a Service or an Ingress. Expects `variables.tenant_name`."""
    own = f"variables.tenant_name != '' && object.kind == '{SERVICE}'"
    return {
        "services": f"{own} ? [{_spec_at(FieldPath.of('spec'))}] : []",
        "service_metadata": f"{own} ? [{_marked_at(FieldPath.of('metadata'))}] : []",
        "ingress_paths": f"variables.tenant_name != '' && object.kind == '{INGRESS}' ? ['kind'] : []",
    }


def ray_variables() -> dict[str, str]:
    """For a Ray object. Expects `variables.tenant` and `variables.ray_clusters`."""
    serving = f"variables.tenant_name != '' && object.kind == '{SERVING}'"
    return {
        "services": (
            f"variables.ray_clusters.map(cluster, [{_head_type()},\n{_head_service()}]).flatten()\n"
            f"+ ({serving} ? [{_spec_at(SERVE_SERVICE)}] : [])"
        ),
        "service_metadata": (
            f"variables.ray_clusters.map(cluster, [{_head_marks()}]).flatten()\n"
            f"+ ({serving} ? [{_marked_at(_SERVE_METADATA)}] : [])"
        ),
        "ingress_paths": (
            f"variables.ray_clusters.map(cluster, {_enabled()}\n+ {_options()}).flatten()\n"
            f"+ {cel.when(f'{serving} && {_gateway()}', cel.literal(str(GATEWAY)))}"
        ),
    }


def _head_type() -> str:
    value = "cluster.value.?headGroupSpec.?serviceType.orValue(null)"
    return (
        "{'path': dyn(cluster.path + '.headGroupSpec'), 'spec': dyn({}),"
        f" 'type_path': dyn(cluster.path + '.headGroupSpec.serviceType'), 'type': {value}}}"
    )


def _head_service() -> str:
    return _spec("cluster.path + '.headGroupSpec.headService.spec'", "cluster.value.?headGroupSpec.?headService.?spec")


def _spec_at(path: FieldPath) -> str:
    return _spec(cel.literal(str(path)), f"object.?{'.?'.join(map(str, path))}")


def _spec(path: str, value: str) -> str:
    """A ServiceSpec: the CEL text of its path, and of an optional with what is there."""
    return (
        f"{{'path': dyn({path}), 'spec': {value}.orValue(dyn({{}})),"
        f" 'type_path': dyn({path} + '.type'), 'type': {value}.?type.orValue(null)}}"
    )


def _head_marks() -> str:
    field = _marked(f"cluster.path + '.{HEAD_ANNOTATIONS}'", f"cluster.value.?{HEAD_ANNOTATIONS}")
    metadata = "headGroupSpec.headService.metadata"
    steps = metadata.replace(".", ".?")
    return ", ".join(
        [field, *(_marked(f"cluster.path + '.{metadata}.{each}'", f"cluster.value.?{steps}.?{each}") for each in MARKS)]
    )


def _marked_at(metadata: FieldPath) -> str:
    return ", ".join(
        _marked(cel.literal(str(path)), f"object.?{'.?'.join(map(str, path))}") for path in _marks(metadata)
    )


def _marked(path: str, value: str) -> str:
    return f"{{'path': dyn({path}), 'entries': dyn({cel.entries(value)})}}"


def _enabled() -> str:
    off = "cluster.value.?headGroupSpec.?enableIngress.orValue(null) in [dyn(null), dyn(false)]"
    return cel.when(f"!({off})", "cluster.path + '.headGroupSpec.enableIngress'")


def _options() -> str:
    none = "cluster.value.?headGroupSpec.?ingressOptions.orValue(null) in [dyn(null), dyn({})]"
    return cel.when(f"!({none})", "cluster.path + '.headGroupSpec.ingressOptions'")


def _gateway() -> str:
    return f"!(object.?{'.?'.join(map(str, GATEWAY))}.orValue(null) in [dyn(null), dyn('')])"
