"""Turns the values of a valid tenant config into Platform and Tenants. Defaults are those of the types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any

from rayfence.model.config import (
    Administrators,
    Allow,
    ApiServer,
    Authentication,
    Bounds,
    Container,
    Dns,
    Egress,
    Enforcement,
    Exposure,
    Mode,
    Network,
    Operator,
    Peer,
    Platform,
    Provider,
    Quota,
    Require,
    RoleRules,
    Scope,
    Tenant,
)
from rayfence.model.quantity import text as quantity_text

Raw = Mapping[str, Any]


def platform(value: Raw) -> Platform:
    """The Platform of a document whose shape is right."""
    fields = _given(
        value.get("spec", {}),
        tenant_label=str,
        node_label=str,
        taint_key=str,
        enforcement=Enforcement,
        operator=_operator,
        dns=lambda raw: Dns(peer=_peer(raw, Dns().peer), **_given(raw, cidrs=tuple)),
        monitoring=_monitoring,
        api_server=lambda raw: ApiServer(**_given(raw, cidrs=tuple, port=int)),
        administrators=lambda raw: Administrators(**_given(raw, groups=tuple, users=tuple)),
        exposure=lambda raw: Exposure(**_given(raw, load_balancer=bool, node_port=bool, ingress=bool)),
        disabled_rules=tuple,
        egress=lambda raw: Egress(**_given(raw, namespaces=tuple, cidrs=tuple)),
        allow=_allow,
        require=_require,
        retired=tuple,
    )
    return Platform(name=value["metadata"]["name"], **fields)


def tenant(value: Raw, platform: Platform) -> Tenant:
    """The Tenant of a document whose shape is right."""
    spec = value["spec"]
    enforcement = Enforcement(spec.get("enforcement", platform.enforcement))
    network = _network(spec.get("network", {}), enforce=enforcement is Enforcement.ENFORCE)
    return Tenant(
        name=value["metadata"]["name"],
        namespaces=tuple(spec["namespaces"]),
        container=Container(cpu=_bounds(spec["container"]["cpu"]), memory=_bounds(spec["container"]["memory"])),
        enforcement=enforcement,
        network=network,
        require=_require(spec["require"]) if "require" in spec else platform.require,
        **_given(spec, quota=_quota, namespace_quota=lambda raw: _quota(raw) if raw else None, allow=_allow),
    )


def _given(raw: Raw, **readers: Callable[[Any], Any]) -> dict[str, Any]:
    """The fields that are written, by their Python names, each read by its reader."""
    return {name: read(raw[_camel(name)]) for name, read in readers.items() if _camel(name) in raw}


@cache
def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def _peer(raw: Raw, default: Peer) -> Peer:
    return replace(default, **_given(raw, namespace=str, pod_labels=dict))


def _operator(raw: Raw) -> Operator:
    return Operator(peer=_peer(raw, Operator().peer), **_given(raw, service_account=str, ports=_ports))


def _monitoring(raw: Raw | None) -> str | None:
    return None if raw is None else str(raw.get("namespace", Platform().monitoring))


def _ports(raw: list[float]) -> tuple[int, ...]:
    return tuple(int(port) for port in raw)


def _bounds(raw: Raw) -> Bounds:
    return Bounds(min=quantity_text(raw["min"]), max=quantity_text(raw["max"]))


def _quota(raw: Raw) -> Quota:
    return Quota(**_given(raw, cpu=quantity_text, memory=quantity_text, accelerators=int, workers=int))


def _allow(raw: Raw) -> Allow:
    exposure = {f"exposure{name.capitalize()}": entries for name, entries in raw.get("exposure", {}).items()}
    return Allow(**_given({**raw, **exposure}, **{each.name: _entries for each in fields(Allow)}))


def _entries(raw: list[str] | Mapping[str, list[str]]) -> tuple[str, ...] | dict[str, tuple[str, ...]]:
    """A list, or the lists of several keys."""
    return {key: tuple(values) for key, values in raw.items()} if isinstance(raw, Mapping) else tuple(raw)


def _require(raw: Raw) -> Require:
    return Require(**_given(raw, authentication=Authentication))


def _network(raw: Raw, *, enforce: bool) -> Network:
    fields = _given(
        raw,
        enforce=bool,
        provider=Provider,
        mode=Mode,
        scope=Scope,
        ports=_ports,
        head=_role_rules,
        worker=_role_rules,
    )
    return Network(**{"enforce": enforce, **fields})


def _role_rules(raw: Raw) -> RoleRules:
    return RoleRules(**_given(raw, ingress=tuple, egress=tuple))
