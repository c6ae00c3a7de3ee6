"""Tenants in, the GeneratingPolicies out that make Kyverno generate the NetworkPolicies of `network.cluster`.

Whom a policy speaks for is said by its match condition, which holds the table of tenants: an update after which a
RayCluster is no longer its tenant's takes the generated policies away, and the API server sends nobody else's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rayfence import yamlio
from rayfence.backends.generating import Row, shards
from rayfence.cel import items, literal, literals
from rayfence.config import Mode, Platform, Tenant
from rayfence.network.cluster import (
    API_VERSIONS,
    JOB_KIND,
    JOB_KIND_LABEL,
    JOB_NAME_LABEL,
    ROLES,
    cluster_spec,
    from_cluster,
    from_submitter,
    policy_labels,
    policy_name,
)
from rayfence.network.policy import HEAD, WORKER, Manifest

_ON = {"enabled": True}
_CLUSTER = "object.metadata.name"


class _Expression(str):
    """CEL in a place where a manifest has a text of its own."""

    __slots__ = ()


def generating_policies(platform: Platform, tenants: Iterable[Tenant]) -> list[Manifest]:
    """The policies `generate-network-policies`, `generate-network-policies-2`, ...: one for every 500 namespaces."""
    return [_policy(platform, name, rows) for name, rows in shards(tenants)]


def _policy(platform: Platform, name: str, rows: Mapping[str, Row]) -> Manifest:
    of_ray_clusters = {
        "apiGroups": ["ray.io"],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": ["rayclusters"],
    }
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "GeneratingPolicy",
        "metadata": {"name": name, "labels": {"app.kubernetes.io/managed-by": "rayfence"}},
        "spec": {
            "evaluation": {"admission": _ON, "generateExisting": _ON, "synchronize": _ON},
            "matchConstraints": {"resourceRules": [of_ray_clusters]},
            "matchConditions": [{"name": "is-its-tenants-own", "expression": _is_its_tenants(platform, rows)}],
            "variables": [{"name": key, "expression": text} for key, text in _variables(platform, rows).items()],
            "generate": [{"template": {"interpolate": "cel", "value": _template()}}],
        },
    }


def _is_its_tenants(platform: Platform, rows: Mapping[str, Row]) -> str:
    """Whether the object's label is the name of its namespace's tenant. A condition may not use variables."""
    owners = ",\n".join(f"{literal(namespace)}: {literal(tenant)}" for namespace, (tenant, _) in rows.items())
    table = f"{{\n{owners}\n}}" if owners else "{'': ''}"
    label = _label(platform.tenant_label)
    return f"{label} != '' && {label} ==\n{table}[?object.metadata.?namespace.orValue('')].orValue('')"


def _variables(platform: Platform, rows: Mapping[str, Row]) -> dict[str, str]:
    cluster = _Expression(_CLUSTER)
    job = _Expression("variables.job")
    return {
        "tenant": _label(platform.tenant_label),
        "mode": _mode(rows),
        "job": _label(JOB_NAME_LABEL),
        "hasSubmitter": _has_submitter(),
        "fromCluster": _cel([from_cluster(cluster)]),
        "fromSubmitter": _cel([from_submitter(job)]),
        HEAD: _spec(HEAD, "variables.fromCluster + (variables.hasSubmitter ? variables.fromSubmitter : [])"),
        WORKER: _spec(WORKER, "variables.fromCluster"),
    }


def _mode(rows: Mapping[str, Row]) -> str:
    """The mode of the object's namespace; of three modes most tenants have the first."""
    first, *others = Mode
    text = literal(first)
    for mode in others:
        names = tuple(namespace for namespace, (_, own) in rows.items() if own is mode)
        text = f"object.metadata.namespace in {literals(names)} ? {literal(mode)} :\n{text}" if names else text
    return text


def _has_submitter() -> str:
    """The RayJob that the labels name counts only if the controlling owner is that RayJob."""
    owners = items("object.metadata.?ownerReferences")
    is_job = f"o.?kind.orValue('') == {literal(JOB_KIND)} && o.?apiVersion.orValue('') in {literals(API_VERSIONS)}"
    controls = "o.?controller.orValue(false) == true && o.?name.orValue('') == variables.job"
    return (
        f"{_label(JOB_KIND_LABEL)} == {literal(JOB_KIND)} && variables.job != ''\n"
        f"&& {owners}.exists(o, {is_job} && {controls})"
    )


def _spec(role: str, ingress: str) -> str:
    """The spec of one role's policy, as the mode has it."""
    first, *others = (
        (mode, _cel(cluster_spec(mode, _Expression(_CLUSTER), role, _Expression(ingress)))) for mode in Mode
    )
    text = first[1]
    for mode, spec in others:
        text = f"variables.mode == {literal(mode)} ? {spec} :\n{text}"
    return text


def _template() -> str:
    return yamlio.dump([_network_policy(role) for role in ROLES])


def _network_policy(role: str) -> Manifest:
    cluster = _placeholder(_CLUSTER)
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": policy_name(cluster, role),
            "namespace": _placeholder("object.metadata.namespace"),
            "labels": policy_labels(_placeholder("variables.tenant"), cluster),
        },
        "spec": _placeholder(f"variables.{role}"),
    }


def _label(key: str) -> str:
    return f"object.metadata.?labels[?{literal(key)}].orValue('')"


def _placeholder(expression: str) -> str:
    return f"(( {expression} ))"


def _cel(value: Any) -> str:
    """A manifest's part as CEL. Values of a map may be of several types, which CEL takes only as `dyn`."""
    match value:
        case _Expression():
            return str(value)
        case str():
            return literal(value)
        case list() | tuple():
            return f"[{', '.join(_cel(each) for each in value)}]"
        case dict():
            return f"{{{', '.join(f'{literal(key)}: dyn({_cel(each)})' for key, each in value.items())}}}"
        case _:
            return str(value)
