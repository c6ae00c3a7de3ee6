"""The baseline of the Pod Security Standards for pods and containers, in both implementations.

Every rule about pod security uses this module; `baseline` has the allowed values.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rayfence.cel import entries, filled, items, let, literal, literals
from rayfence.model.field_path import FieldPath
from rayfence.rules.shared.baseline import (
    APP_ARMOR,
    CAPABILITIES,
    CONTAINER_FIELDS,
    CONTEXT,
    CONTEXT_FIELDS,
    LISTS,
    POD_FIELDS,
    PROBE_FIELDS,
    PROBES,
    SYSCTLS,
    Allowed,
    Fields,
)
from rayfence.workload import dig
from rayfence.workload import items as listed

Problem = tuple[FieldPath, str]
"""Where it is, and what people read."""

OUTSIDE = "is outside the Pod Security baseline"


def variables(pods: str, containers: str) -> dict[str, str]:
    """CEL variables for `cel`, from two CEL lists of maps with a `path` and a `value`.

    `pods` are templates or pods, with a path that is '' or ends in a dot; `containers` are theirs.
    """
    fields = ", ".join(
        f"{{'parent': dyn('{parent}'), 'child': dyn('{child}'), 'allowed': dyn({_dyn((None, *allowed))})}}"
        for (parent, child), allowed in CONTEXT_FIELDS.items()
    )
    return {"pod_definitions": pods, "security_fields": f"[{fields}]", "security_containers": containers}


def cel(beside: str = "[]") -> Iterator[str]:
    """CEL lists of `path: what is wrong`; `beside` are things that only have a securityContext."""
    for paths in _of_pod():
        told = filled(f"%s%s: {OUTSIDE}", "pod.path", "path")
        yield f"variables.pod_definitions.map(pod, ({paths}).map(path, {told})).flatten()"
    yield _each(f"(variables.security_containers + {beside})", (CONTEXT,), _of_container())
    yield _each("variables.security_containers", (*_PROBED, "ports"), f"({_in_probes()} + {_in_ports()})")


_PROBED = tuple(name for way, names in PROBES.items() for name in (way[:1] or names))


def _each(containers: str, fields: Sequence[str], paths: str) -> str:
    """CEL: the paths of what is not fine in each container that has one of the fields at all; most have none."""
    some = " || ".join(f"container.value.?{field}.hasValue()" for field in fields)
    told = filled(f"%s.%s: {OUTSIDE}", "container.path", "path")
    return f"{containers}.filter(container, {some}).map(container, {paths}.map(path, {told})).flatten()"


def containers_in(pods: str, lists: Sequence[str] = LISTS) -> str:
    """CEL: the containers of such pods, each a map with a `path` and a `value`."""
    found = " + ".join(
        f"{items(f'pod.value.?spec.?{field}')}.transformList(index, container, "
        f"{{'path': dyn('%sspec.{field}[%d]'.format([pod.path, index])), 'value': dyn(container)}})"
        for field in lists
    )
    return f"{pods}.map(pod, {found}).flatten()"


def _of_pod() -> Iterator[str]:
    """CEL: lists of what is wrong with a `pod` or template itself, as paths below it."""
    confined = "value == '' || value == 'runtime/default' || (type(value) == string && value.startsWith('localhost/'))"
    annotated = (
        f"{entries('pod.value.?metadata.?annotations')}.transformList(key, value, key.startsWith({literal(APP_ARMOR)})"
    )
    sysctls = _in_list(
        "context.?sysctls", f"item.?name.orValue(null) in {_dyn(SYSCTLS)}", f"spec.{CONTEXT}.sysctls", ".name"
    )
    volumes = _in_list("pod.value.?spec.?volumes", "item.?hostPath.orValue(null) == null", "spec.volumes", ".hostPath")
    yield _in_context("pod.value.?spec", "spec.", sysctls)
    yield (
        f"{_fields('pod.value.?spec', 'spec.', POD_FIELDS)} + {volumes}"
        f" + (size({annotated} && !({confined}), key)) > 0 ? ['metadata.annotations'] : [])"
    )


def _of_container() -> str:
    """CEL: what is wrong with the securityContext of a `container`, as paths below it."""
    added = _in_list("context.?capabilities.?add", f"item in {_dyn(CAPABILITIES)}", f"{CONTEXT}.capabilities.add")
    return _in_context("container.value", "", f"{_fields('context', f'{CONTEXT}.', CONTAINER_FIELDS)} + {added}")


def _in_context(holder: str, prefix: str, beside: str) -> str:
    """CEL: the paths of what is not fine in a securityContext; most have none, and that is seen at once."""
    wrong = "!(context[?field.parent][?field.child].orValue(null) in field.allowed)"
    path = filled(f"{prefix}{CONTEXT}.%s.%s", "field.parent", "field.child")
    found = f"variables.security_fields.filter(field, {wrong}).map(field, {path})"
    return let("context", f"{holder}.?{CONTEXT}.orValue(null)", f"context == null ? [] : {found} + {beside}")


def _in_ports() -> str:
    return _in_list(
        "container.value.?ports", "item.?hostPort.orValue(null) in [dyn(null), dyn(0)]", "ports", ".hostPort"
    )


def _in_probes() -> str:
    """CEL: the paths of what is not fine in the probes of a `container`; most have few."""
    return " + ".join(_of_probes(".?".join(("container.value", *way)), way, names) for way, names in PROBES.items())


def _of_probes(holder: str, way: tuple[str, ...], names: tuple[str, ...]) -> str:
    there = f"{literals(names)}.filter(probe, {holder}[?probe].hasValue())"
    path = filled(".".join((*way, "%s.%s")), "probe", "path")
    return f"{there}.map(probe, {_fields(f'{holder}[?probe]', '', PROBE_FIELDS)}.map(path, {path})).flatten()"


def _fields(holder: str, prefix: str, table: Fields) -> str:
    """CEL: the paths of those fields that have another value than they may."""
    paths = (
        f"{holder}.?{'.?'.join(keys)}.orValue(null) in {_dyn((None, *allowed))} ? '' : '{prefix}{'.'.join(keys)}'"
        for keys, allowed in table.items()
    )
    return f"[{', '.join(paths)}].filter(path, path != '')"


def _in_list(optional: str, fine: str, path: str, below: str = "") -> str:
    """CEL: the paths of those `item`s of a list that are not fine."""
    return f"{items(optional)}.transformList(index, item, !({fine}), '{path}[%d]{below}'.format([index]))"


def _dyn(values: tuple[str | bool | None, ...]) -> str:
    """A CEL list; of mixed types, so that anything may be looked for in it."""
    if all(isinstance(value, str) for value in values):
        return literals(tuple(map(str, values)))
    words = {None: "null", False: "false", True: "true"}
    return f"[{', '.join(f'dyn({literal(v) if isinstance(v, str) else words[v]})' for v in values)}]"


def of_pod(path: FieldPath, value: Any) -> Iterator[Problem]:
    """The violations of a pod or template at `path`, including its containers. Raises Malformed."""
    spec = dig(value, "spec", at=path)
    at = path / "spec"
    yield from _other_values(at, spec, POD_FIELDS)
    yield from _other_values(at / CONTEXT, dig(spec, CONTEXT, at=at), CONTEXT_FIELDS)
    for index, volume in enumerate(listed(dig(spec, "volumes", at=at))):
        place = at / "volumes" / index
        if dig(volume, "hostPath", at=place) is not None:
            yield place / "hostPath", f"{OUTSIDE}: it is the node's own disk; use an emptyDir or a claim"
    for index, sysctl in enumerate(listed(dig(spec, "securityContext", "sysctls", at=at))):
        place = at / "securityContext" / "sysctls" / index
        if dig(sysctl, "name", at=place) not in SYSCTLS:
            yield place / "name", f"{OUTSIDE}, which allows only sysctls that the kernel isolates for each pod"
    if _unconfined(dig(value, "metadata", "annotations", at=path)):
        yield path / "metadata" / "annotations", f"{OUTSIDE}: {APP_ARMOR}* must be runtime/default or localhost/*"
    for place, container in containers_of(at, spec):
        yield from of_container(place, container)


def containers_of(path: FieldPath, spec: Any) -> Iterator[tuple[FieldPath, Any]]:
    """Every container of a pod spec at `path`. Raises Malformed."""
    for field in LISTS:
        for index, container in enumerate(listed(dig(spec, field, at=path))):
            yield path / field / index, container


def of_container(path: FieldPath, value: Any) -> Iterator[Problem]:
    """What is wrong with a container at `path`, or with what the operator makes one of. Raises Malformed."""
    yield from _other_values(path / CONTEXT, dig(value, CONTEXT, at=path), {**CONTAINER_FIELDS, **CONTEXT_FIELDS})
    for way, names in PROBES.items():
        for name in names:
            yield from _other_values((path + way) / name, dig(value, *way, name, at=path), PROBE_FIELDS)
    for index, name in enumerate(listed(dig(value, "securityContext", "capabilities", "add", at=path))):
        if name not in CAPABILITIES:
            yield path / "securityContext" / "capabilities" / "add" / index, f"{OUTSIDE}; leave it out"
    for index, port in enumerate(listed(dig(value, "ports", at=path))):
        place = path / "ports" / index
        found = dig(port, "hostPort", at=place)
        if found is not None and (isinstance(found, bool) or found != 0):
            yield place / "hostPort", f"{OUTSIDE}: it is a port of the node; leave it out"


def _other_values(path: FieldPath, value: Any, table: Fields) -> Iterator[Problem]:
    for keys, allowed in table.items():
        found = dig(value, *keys, at=path)
        # To Python 0 is False.
        if found is not None and not any(type(found) is type(each) and found == each for each in allowed):
            yield path + keys, f"{OUTSIDE}; {_instead(allowed)}leave it out"


def _instead(allowed: Allowed) -> str:
    words = [str(each).lower() if each is False else str(each) for each in allowed if each != ""]
    return f"write {' or '.join(words)}, or " if words else ""


def _unconfined(annotations: Any) -> bool:
    found = annotations.items() if isinstance(annotations, dict) else ()
    return any(key.startswith(APP_ARMOR) and not _confined(value) for key, value in found)


def _confined(profile: Any) -> bool:
    return isinstance(profile, str) and (profile in ("", "runtime/default") or profile.startswith("localhost/"))
