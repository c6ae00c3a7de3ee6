"""Checks the ClusterRoles of the bundle: whether they are installed unchanged, and whether Kyverno aggregated them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.backends import BACKENDS, DEFAULT
from rayfence.backends.resources import CLUSTER_ROLES
from rayfence.cluster.objects import Objects, list_at, map_at, name_of
from rayfence.doctor.case import Case
from rayfence.doctor.finding import Finding, Note
from rayfence.reach.policies import selects

_APPLY = "rayfence install, or kubectl apply -f policies/{backend}/rbac.yaml"

_ROLES = {name_of(role): role for backend in BACKENDS.values() for role in backend.needs.roles}
"""The roles that any backend's engine needs, by name. Backends on the same engine share them."""

Grant = tuple[str, str, str]
"""API group, resource, verb."""


def findings(case: Case) -> Iterator[Finding | Note]:
    """Nothing where Kyverno has no part in it."""
    if not case.may_run_on_kyverno or not case.kyverno():
        return
    yield from lacking(case.objects, _APPLY.format(backend=next(iter(case.backends), DEFAULT)))


def lacking(objects: Objects, fix: str = "") -> Iterator[Finding]:
    """Every right that Kyverno has not got of what the bundle's roles grant."""
    roles = {name_of(part.value): part.value for part in objects.of(CLUSTER_ROLES)}
    for wanted in _ROLES.values():
        yield from _of(wanted, roles, fix)


def _of(wanted: Mapping[str, Any], roles: Mapping[str, Any], fix: str) -> Iterator[Finding]:
    name = name_of(wanted)
    where, found = f"ClusterRole/{name}", roles.get(name)
    if found is None:
        yield Finding("rbac-missing", where, "is missing, so Kyverno lacks permissions that the policies need", fix)
        return
    if lacking := _grants(wanted) - _grants(found):
        yield Finding("rbac-missing", where, f"does not grant {_told(lacking)}", fix)
        return
    labels = map_at(found, "metadata", "labels")
    collectors = [role for role in roles.values() if role is not found and _collects(role, labels)]
    if not collectors:
        what = "no Kyverno role aggregates it by its labels, so it grants nothing"
        yield Finding("rbac-missing", where, what, fix)
    for role in collectors:
        if lacking := _grants(wanted) - _grants(role):
            what = f"has not collected {name}: {_told(lacking)} is not granted"
            mend = "see that kube-controller-manager runs, which collects roles, and apply the role again"
            yield Finding("rbac-missing", f"ClusterRole/{name_of(role)}", what, mend)


def _collects(role: Any, labels: Mapping[str, Any]) -> bool:
    selectors = list_at(role, "aggregationRule", "clusterRoleSelectors")
    return any(selects(selector, labels) for selector in selectors if isinstance(selector, dict))


def _grants(role: Mapping[str, Any]) -> set[Grant]:
    """What a role allows; for `*` in it, everything that any of ours wants."""
    found: set[Grant] = set()
    for rule in list_at(role, "rules"):
        if not list_at(rule, "resourceNames"):
            found |= {grant for grant in _EVERY if _allows(rule, grant)} | set(_written(rule))
    return found


def _written(rule: Any) -> Iterator[Grant]:
    for group in list_at(rule, "apiGroups"):
        for resource in list_at(rule, "resources"):
            yield from ((str(group), str(resource), str(verb)) for verb in list_at(rule, "verbs"))


def _allows(rule: Any, grant: Grant) -> bool:
    pairs = zip(("apiGroups", "resources", "verbs"), grant, strict=True)
    return all(word in list_at(rule, key) or "*" in list_at(rule, key) for key, word in pairs)


def _told(grants: set[Grant]) -> str:
    resources: dict[str, list[str]] = {}
    for group, resource, verb in sorted(grants):
        resources.setdefault(f"{resource}.{group}" if group else resource, []).append(verb)
    return ", ".join(f"{'/'.join(verbs)} {resource}" for resource, verbs in resources.items())


_EVERY = frozenset(grant for role in _ROLES.values() for rule in role["rules"] for grant in _written(rule))
