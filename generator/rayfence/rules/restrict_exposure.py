"""Services, Ingresses and Gateways expose pods only as the platform allows, by type, field or annotation.

The rule holds for Services and Ingresses, and for Ray objects, from which KubeRay's operator creates them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

from rayfence.cel import entries, filled, items, literal, literals, when
from rayfence.model.config import Exposure, Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import EXPOSURE, RAY
from rayfence.rules.rule import At, Edit, Edits, Violation, instead, shown
from rayfence.rules.shared import allowances, opening_marks
from rayfence.rules.shared.opening_marks import FAMILIES
from rayfence.workload import SERVED, Workload, dig, exposed
from rayfence.workload import items as listed

ID = "restrict-exposure"
FAMILY = "network"
WHY = "A Service or an Ingress leads outside traffic to a tenant's pods, under addresses that others may trust."
SUBJECTS = (RAY, EXPOSURE)
UNPROVEN = "tenants may expose their Services outside the cluster"

ANNOTATIONS = FieldPath.of("metadata", "annotations")
SNIPPET = "(-snippets?|/config-backend|/skipper-(filter|predicate|routes))$"
"""The end of annotations that controllers on nginx and HAProxy, and Skipper, copy into a configuration with others'."""

CLOSED = "asks for an Ingress or a Gateway, and the platform allows none"
MARKED = "has a key by which a controller opens the Service, and allow.exposure.annotations does not list it"
OWN_PORT = "must be left out, the platform opens no ports of nodes"


def _types(exposure: Exposure) -> tuple[str, ...]:
    allowed = {"ClusterIP": True, "NodePort": exposure.node_port, "LoadBalancer": exposure.load_balancer}
    return tuple(name for name, yes in allowed.items() if yes)


def _fields(exposure: Exposure) -> tuple[str, ...]:
    """What must be left out of a ServiceSpec."""
    balanced = () if exposure.load_balancer else ("loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges")
    return ("externalIPs", "externalName", *balanced)


def _closes_node_ports(exposure: Exposure) -> bool:
    # The ports of a LoadBalancer are ports of nodes too.
    return not (exposure.node_port or exposure.load_balancer)


def cel(platform: Platform) -> Iterator[str]:
    exposure = platform.exposure
    types = ", ".join(f"dyn({literal(each)})" for each in ("", *_types(exposure)))
    wrong = f"!(service.type in [dyn(null), {types}])"
    checks = [when(wrong, f"service.type_path + ': must be {' or '.join(_types(exposure))}'")]
    given = "!(service.spec[?field].orValue(null) in [dyn(null), dyn(''), dyn([])])"
    told = filled("%s.%s: must be left out", "service.path", "field")
    checks.append(f"{literals(_fields(exposure))}.filter(field, {given}).map(field, {told})")
    if _closes_node_ports(exposure):
        checks.append(_node_ports())
    parts = [f"variables.services.map(service, {' + '.join(checks)}).flatten()", _snippets()]
    if not exposure.ingress:
        parts.append(f"variables.ingress_paths.map(path, path + ': {CLOSED}')")
    yield "\n+ ".join(parts)
    yield _marks()


def _node_ports() -> str:
    chosen = "!(port.?nodePort.orValue(null) in [dyn(null), dyn(0)])"
    message = f"'%s.ports[%d].nodePort: {OWN_PORT}'.format([service.path, index])"
    return f"{items('service.spec.?ports')}.transformList(index, port, {chosen}, {message})"


def _snippets() -> str:
    # A key is the tenant's own text, so it is named in Python only.
    found = f"{entries('object.metadata.?annotations')}.exists(key, key.matches('{SNIPPET}'))"
    message = f"'{ANNOTATIONS}: no snippets of a controller configuration'"
    return when(f"size(variables.ingress_paths) > 0 && {found}", message)


def _marks() -> str:
    """A key is the tenant's own text here as well."""
    opens = allowances.covered(literals(FAMILIES), "key")
    allowed = allowances.covered("variables.allowed_exposure_annotations", "key")
    patterns = ", ".join(f"{literal(key)}: {literal(value)}" for key, value in opening_marks.CLOSED.items())
    value = "metadata.entries[key]"
    is_closed = f"pattern.hasValue() && type({value}) == string && {value}.matches(pattern.value())"
    closed = f"[{{{patterns}}}[?key]].exists(pattern, {is_closed})"
    wrong = f"{opens} && !{allowed} && !{closed}"
    marked = f"variables.service_metadata.filter(metadata, metadata.entries.exists(key, {wrong}))"
    return f"{marked}.map(metadata, metadata.path + ': {MARKED}')"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    exposure = platform.exposure
    for service in exposed.services(work):
        if service.type not in (None, "", *_types(exposure)):
            yield Violation(ID, service.type_path, instead(service.type, " or ".join(_types(exposure))))
        yield from _left_out(service, exposure)
    asked = list(exposed.ingresses(work))
    for path in asked if not exposure.ingress else ():
        yield Violation(ID, path, CLOSED)
    yield from _without_snippets(work) if asked else ()
    allowed = allowances.of("exposure_annotations", tenant, platform)
    for path, keys in exposed.marks(work):
        wrong = [
            key
            for key, value in keys.items()
            if allowances.covers(FAMILIES, key) and not (allowances.covers(allowed, key) or _is_closed(key, value))
        ]
        if wrong:
            yield Violation(ID, path, f"{MARKED}; take out {', '.join(wrong)}")


def _is_closed(key: str, value: Any) -> bool:
    pattern = opening_marks.CLOSED.get(key)
    return pattern is not None and isinstance(value, str) and re.search(pattern.replace("$", r"\Z"), value) is not None


def _left_out(service: exposed.Service, exposure: Exposure) -> Iterator[Violation]:
    for field in _fields(exposure):
        found = dig(service.spec, field, at=service.path)
        if found not in (None, "", []):
            yield Violation(ID, service.path / field, f"is {shown(found)}, must be left out")
    for index, port in enumerate(listed(dig(service.spec, "ports", at=service.path))):
        path = service.path / "ports" / index
        number = dig(port, "nodePort", at=path)
        if _closes_node_ports(exposure) and (number is False or number not in (None, 0)):
            yield Violation(ID, path / "nodePort", f"is {shown(number)}, {OWN_PORT}")


def _without_snippets(work: Workload) -> Iterator[Violation]:
    found = work.at(ANNOTATIONS)
    keys = [key for key in found if re.search(SNIPPET, key)] if isinstance(found, dict) else []
    if keys:
        yield Violation(ID, ANNOTATIONS, f"no snippets of a controller's configuration: take out {', '.join(keys)}")


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    exposure = platform.exposure
    ways: dict[str, Edit] = {}
    if not exposure.load_balancer:
        ways["a LoadBalancer"] = _service(type="LoadBalancer")
        ways["a loadBalancerIP without the type LoadBalancer"] = _service(loadBalancerIP="203.0.113.7")
    if not exposure.node_port:
        ways["a NodePort"] = _service(type="NodePort")
    if _closes_node_ports(exposure):
        ways["a nodePort without the type NodePort"] = _service(
            ports=[{"port": 8265}, {"port": 8000, "nodePort": 30800}]
        )
    if not exposure.ingress:
        ways["an Ingress"] = Edit(At.OBJECT, lambda value, tenant: _open(value))
    return ways | {
        "externalIPs": _service(externalIPs=["203.0.113.7"]),
        "an ExternalName": _service(type="ExternalName", externalName="head.somebody-else.svc.cluster.local"),
        "an externalName without the type ExternalName": _service(externalName="head.somebody-else.svc.cluster.local"),
        "a type in another letter case": _service(type="clusterip"),
        "a type for the head": Edit(At.OBJECT, lambda value, tenant: _head(value, "ExternalName")),
        **_opened(allowances.of("exposure_annotations", tenant, platform)),
        "an Ingress with configuration snippets": Edit(
            At.OBJECT, lambda value, tenant: _open_annotated(value, "configuration-snippet")
        ),
    }


def _opened(allowed: Sequence[str]) -> Edits:
    """Annotations and labels by which a controller opens a Service, but those that are listed."""
    ways = {
        "an annotation that exposes the Service": Edit(
            At.OBJECT, lambda value, tenant: _mark(value, "annotations", _EXPOSE)
        ),
        "an annotation that exposes the head's Service": Edit(
            At.OBJECT, lambda value, tenant: _mark_head(value, _EXPOSE)
        ),
        "a label that exposes the Service": Edit(At.OBJECT, lambda value, tenant: _mark(value, "labels", _EXPORTED)),
    }
    listed = {"a label that exposes the Service": _EXPORTED}
    return {name: edit for name, edit in ways.items() if not allowances.covers(allowed, listed.get(name, _EXPOSE))}


def passes(platform: Platform, tenant: Tenant) -> Edits:
    exposure = platform.exposure
    ways = {
        "no type": Edit(At.SERVICE, lambda spec, tenant: spec.pop("type")),
        "an empty type": _service(type="", externalIPs=[], externalName=""),
        "a headless Service": _service(clusterIP="None", publishNotReadyAddresses=True),
        "several ports": _service(
            ports=[{"name": "dashboard", "port": 8265}, {"name": "serve", "port": 8000, "nodePort": 0}]
        ),
        "session affinity": _service(sessionAffinity="ClientIP", internalTrafficPolicy="Local"),
        "a type for the head": Edit(At.OBJECT, lambda value, tenant: _head(value, "ClusterIP")),
        "a harmless annotation": Edit(At.OBJECT, lambda value, tenant: _annotate(value, "use-regex")),
        "an annotation with a similar key": Edit(
            At.OBJECT, lambda value, tenant: _mark(value, "annotations", "tailscale.community/expose")
        ),
    }
    for entry in allowances.of("exposure_annotations", tenant, platform):
        ways[f"the annotation {entry}"] = _marked(entry.replace("*", "hostname"))
    if exposure.load_balancer:
        ways["a LoadBalancer"] = _service(
            type="LoadBalancer", loadBalancerIP="203.0.113.7", ports=[{"port": 8000, "nodePort": 30800}]
        )
    if exposure.node_port:
        ways["a NodePort"] = _service(type="NodePort", ports=[{"port": 8000, "nodePort": 30800}])
    if exposure.ingress:
        ways["an Ingress"] = Edit(At.OBJECT, lambda value, tenant: _open_annotated(value, "rewrite-target"))
    return ways


def _service(**fields: Any) -> Edit:
    return Edit(At.SERVICE, lambda spec, tenant: spec.update(fields))


def _head(value: dict[str, Any], service_type: str) -> None:
    """Set the type of an object's Service, where it has a field of its own for that."""
    spec = _head_or_service(value)
    spec["serviceType" if "template" in spec else "type"] = service_type


def _open(value: dict[str, Any]) -> None:
    """Have an Ingress made for a Ray object; make one of a Service."""
    if (value["apiVersion"], value["kind"]) in SERVED:
        _head_or_service(value)["enableIngress"] = True
    else:
        backend = {"service": {"name": "one-head-svc", "port": {"number": 8265}}}
        value.update(apiVersion="networking.k8s.io/v1", kind=exposed.INGRESS, spec={"defaultBackend": backend})


def _open_annotated(value: dict[str, Any], name: str) -> None:
    _open(value)
    _annotate(value, name)


def _annotate(value: dict[str, Any], name: str) -> None:
    value["metadata"]["annotations"] = {f"nginx.ingress.kubernetes.io/{name}": "/"}


_EXPOSE, _EXPORTED = "tailscale.com/expose", "mirror.linkerd.io/exported"


def _marked(key: str) -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: _mark_head(value, key))


def _mark(value: dict[str, Any], sort: str, key: str) -> None:
    """Put an annotation or a label on a Service, or on the one of an object's head."""
    kind = SERVED.get((value["apiVersion"], value["kind"]))
    of = _head_or_service(value)["headService"] if kind else value
    of.setdefault("metadata", {})[sort] = {key: "true"}


def _mark_head(value: dict[str, Any], key: str) -> None:
    """Put an annotation where KubeRay has a field for it, on a Service itself otherwise."""
    kind = SERVED.get((value["apiVersion"], value["kind"]))
    if kind:
        cluster: dict[str, Any] = reduce(lambda part, step: part[step], kind.cluster, value)  # type: ignore[index]
        cluster[exposed.HEAD_ANNOTATIONS] = {key: "true"}
    else:
        _mark(value, "annotations", key)


def _head_or_service(value: dict[str, Any]) -> dict[str, Any]:
    kind = SERVED.get((value["apiVersion"], value["kind"]))
    path = kind.cluster / "headGroupSpec" if kind else FieldPath.of("spec")
    found: dict[str, Any] = reduce(lambda part, step: part[step], path, value)  # type: ignore[index]
    return found
