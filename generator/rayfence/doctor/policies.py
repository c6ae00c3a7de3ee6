"""Compares the policies in the cluster with the bundle: missing, changed, not ready, not enforced, or stray."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.backends import BACKENDS
from rayfence.backends.resources import CLUSTER_ROLES, kinds, resource_of, why_not_ready
from rayfence.cluster.objects import list_at, map_at, name_of, text_at
from rayfence.doctor.case import Case
from rayfence.doctor.comparison import difference
from rayfence.doctor.finding import Finding, Note
from rayfence.model.field_path import FieldPath
from rayfence.network.tables import GENERATION

ACTIONS = ("failureAction", "validationActions", "enforcementAction")
"""Where a policy says what follows from a broken rule."""

_MANAGED = "app.kubernetes.io/managed-by"

Value = Mapping[str, Any]


def findings(case: Case) -> Iterator[Finding | Note]:
    """Compares the policies of each installed backend with its part of the bundle."""
    if not case.backends:
        what = "no rayfence policy is installed, so no rule is enforced"
        yield Finding("policy-missing", "the cluster", what, "rayfence install, or kubectl apply -k policies/BACKEND")
        return
    wanted: set[tuple[str, str]] = set()
    for backend in case.backends:
        for manifest in written(case, backend):
            wanted.add((manifest["kind"], name_of(manifest)))
            yield from _of(
                case, manifest, f"rayfence install --backend {backend}, or kubectl apply -k policies/{backend}"
            )
    yield from _strays(case, wanted)
    yield from _twice(case)


def written(case: Case, backend: str) -> Iterator[dict[str, Any]]:
    """The policies of a backend, as the bundle has them."""
    for manifests in BACKENDS[backend].files(case.config).values():
        yield from (each for each in manifests if resource_of(each) != CLUSTER_ROLES)


def _twice(case: Case) -> Iterator[Finding]:
    """Policies of several kinds that generate."""
    there = {
        kind.resource.kind: kind.generating
        for kind in kinds()
        if kind.generating and case.objects.one(kind.resource, "", GENERATION)
    }
    if len(there) > 1:
        what = f"{' and '.join(f'a {kind}' for kind in there)} write the same NetworkPolicies in turn"
        page = next((each.guide for each in there.values() if each.guide), "the documentation")
        fix = f"remove one as {page} describes, so that the objects it generated stay"
        yield Finding("policy-twice", GENERATION, what, fix)


def _of(case: Case, manifest: Value, fix: str) -> Iterator[Finding]:
    name, where = name_of(manifest), f"{manifest['kind']}/{name_of(manifest)}"
    found = case.objects.one(resource_of(manifest), "", name)
    if found is None:
        yield Finding("policy-missing", where, "is missing", fix)
        return
    if changed := _difference(manifest, found.value):
        path, message = changed
        by_action = any(action in path for action in ACTIONS)
        yield Finding("policy-action" if by_action else "policy-changed", where, f"{path}: {message}", fix)
    if why := why_not_ready(found.value):
        yield Finding("policy-not-ready", where, why, f"kubectl describe {manifest['kind'].lower()} {name}")


def _difference(manifest: Value, found: Value) -> tuple[FieldPath, str] | None:
    for key in (each for kind in kinds() for each in kind.annotations):
        mine = text_at(manifest, "metadata", "annotations", key)
        its = text_at(found, "metadata", "annotations", key)
        if mine != its:
            return FieldPath.of("metadata", "annotations", key), f"is {its or 'missing'}, must be {mine or 'left out'}"
    return difference(manifest["spec"], found.get("spec"), FieldPath.of("spec"))


def _strays(case: Case, wanted: set[tuple[str, str]]) -> Iterator[Finding]:
    """What bears rayfence's label and is not in the bundle: an older table may refuse what is allowed now."""
    for resource in (kind.resource for kind in kinds()):
        for part in case.objects.of(resource):
            name = name_of(part.value)
            ours = map_at(part.value, "metadata", "labels").get(_MANAGED) == "rayfence"
            if ours and (resource.kind, name) not in wanted and not list_at(part.value, "metadata", "ownerReferences"):
                fix = f"kubectl delete {resource.plural} {name}"
                yield Finding(
                    "policy-stray", f"{resource.kind}/{name}", "belongs to rayfence but is not in the bundle", fix
                )
