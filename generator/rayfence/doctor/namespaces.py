"""Checks tenants' namespaces: whether they exist, with their network layer and their quota."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.audit import Drift
from rayfence.audit.layer import Layer
from rayfence.backends import BACKENDS
from rayfence.backends.resources import RESOURCE_QUOTAS
from rayfence.cluster.objects import map_at, name_of
from rayfence.doctor.case import Case
from rayfence.doctor.finding import Finding, Note
from rayfence.manifests.quota import resource_quotas
from rayfence.manifests.retired import retired_objects
from rayfence.model.config import Config
from rayfence.model.quantity import parse, text
from rayfence.model.subjects import NETWORK_POLICIES
from rayfence.network.policy import Manifest

_APPLY = "rayfence install, or kubectl apply -k policies/tenants"


def findings(case: Case) -> Iterator[Finding | Note]:
    """Namespaces that are missing, and what is missing in those that are not."""
    for namespace, tenant in case.config.by_namespace().items():
        if namespace not in case.namespaces:
            what = f"does not exist, but {tenant.name} has it"
            yield Finding(
                "namespace-missing", namespace, what, f"kubectl create namespace {namespace}, then apply the bundle"
            )
    yield from _layers(case)
    yield from _quotas(case)


def _layers(case: Case) -> Iterator[Finding]:
    """One finding for each namespace, however much of its layer is missing."""
    for namespace, wrong in sorted(_wrong(case).items()):
        named = ", ".join(f"{each.name} {'was changed' if each.path else 'is missing'}" for each in wrong)
        id = "network-layer-changed" if all(each.path for each in wrong) else "network-layer-missing"
        yield Finding(id, namespace, f"{named}; for details, run rayfence audit", _APPLY)


def _wrong(case: Case) -> dict[str, list[Drift]]:
    engineless = any(not BACKENDS[name].generates for name in case.backends)
    layer = Layer(case.config, generating=False, engineless=engineless, existing=set(case.namespaces))
    found: dict[str, list[Drift]] = {}
    compared = (layer.compare(part) for part in case.objects.of(NETWORK_POLICIES.resources[0]) if layer.is_static(part))
    for deviation in (*filter(None, compared), *layer.missing()):
        found.setdefault(deviation.namespace, []).append(deviation)
    return found


def _quotas(case: Case) -> Iterator[Finding]:
    wanted = [*_wanted_quotas(case.config)]
    parts = case.objects.of(RESOURCE_QUOTAS) if wanted else []
    found = {(part.namespace, name_of(part.value)): map_at(part.value, "spec") for part in parts}
    for whose, quota in wanted:
        namespace, name = quota["metadata"]["namespace"], quota["metadata"]["name"]
        spec = found.get((namespace, name))
        if namespace in case.namespaces and spec is None:
            yield Finding("quota-missing", namespace, f"ResourceQuota {name} is missing", _APPLY)
        elif spec is not None and (wrong := unlike(quota["spec"], spec)):
            what = f"ResourceQuota {name} does not bound {', '.join(wrong)} as {whose} says"
            yield Finding("quota-missing", namespace, what, _APPLY)


def _wanted_quotas(config: Config) -> Iterator[tuple[str, Manifest]]:
    """Each quota that must be there, and where the config says so."""
    for tenant in config.tenants:
        yield from ((f"{tenant.name}'s config", quota) for quota in resource_quotas(tenant))
    for each in retired_objects(config.platform.retired):
        if each["kind"] == "ResourceQuota":
            yield "spec.retired", each


def unlike(wanted: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """The differences of a quota's spec from the expected one: resources, and the pods that it selects."""
    fields = [field for field in ("scopeSelector", "scopes") if wanted.get(field) != found.get(field)]
    return unbounded(wanted["hard"], map_at(found, "hard")) + fields


def unbounded(wanted: Mapping[str, str], found: Mapping[str, object]) -> list[str]:
    """The resources that a quota does not bound as expected. Amounts are compared by value."""
    return [key for key, most in wanted.items() if not _same(most, found.get(key))]


def _same(wanted: str, found: object) -> bool:
    try:
        return parse(wanted) == parse(text(found))
    except ValueError:
        return False
