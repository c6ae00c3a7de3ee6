"""Writes the MutatingPolicies that make Kyverno apply the mutation of `network.filling`.

A match condition selects objects that need the mutation, so the API server calls Kyverno for no other object.
"""

from __future__ import annotations

from collections.abc import Iterable

from rayfence import admission
from rayfence.cel import literal
from rayfence.model.config import Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY
from rayfence.network.mutation import FIELD, PLACES, VERSION
from rayfence.network.policy import Manifest
from rayfence.network.tables import FILLING_PURPOSE, Modes, filling

_UNTOUCHED = admission.untouched("request.operation", "oldObject")


def mutating_policies(tenants: Iterable[Tenant]) -> list[Manifest]:
    """The policies `fill-network-policy`, `fill-network-policy-2`, …: none if KubeRay isolates no tenant's clusters."""
    return [_policy(name, rows) for name, rows in filling(tenants)]


def _policy(name: str, rows: Modes) -> Manifest:
    group, _, version = VERSION.partition("/")
    of_ray = {
        "apiGroups": [group],
        "apiVersions": [version],
        "operations": list(RAY.operations),
        "resources": sorted({each.plural for each in RAY.resources}),
    }
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "MutatingPolicy",
        "metadata": FILLING_PURPOSE.metadata(name),
        "spec": {
            "failurePolicy": "Fail",
            "evaluation": {"admission": {"enabled": True}, "mutateExisting": {"enabled": False}},
            # Kyverno would make a native policy of it, of a kind that few servers have.
            "autogen": {"podControllers": {"controllers": []}, "mutatingAdmissionPolicy": {"enabled": False}},
            # An object of another version would come as one of this, and go back without what was filled in.
            "matchConstraints": {"matchPolicy": "Exact", "resourceRules": [of_ray]},
            "matchConditions": [{"name": "lacks-it", "expression": _lacks_it(rows)}],
            "variables": [{"name": "mode", "expression": f"{_table(rows)}[object.metadata.namespace]"}],
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": _patch()}}],
        },
    }


def _table(rows: Modes) -> str:
    lines = ",\n".join(f"{literal(namespace)}: {literal(mode)}" for namespace, mode in rows.items())
    return f"{{\n{lines}\n}}"


def _lacks_it(rows: Modes) -> str:
    """Whether KubeRay is to isolate the object's cluster, and nothing says so. A condition may not use variables."""
    cluster = "null"
    for kind, place in PLACES.items():
        cluster = f"object.kind == {literal(kind)} ? object.?{'.?'.join(map(str, place))}.orValue(null) :\n{cluster}"
    return (
        f"object.apiVersion == {literal(VERSION)} && object.metadata.?namespace.orValue('') in {_table(rows)}\n"
        f"&& [{cluster}].exists(cluster, type(cluster) == map && cluster.?{FIELD}.orValue(null) == null)\n"
        f"&& !({_UNTOUCHED})"
    )


def _patch() -> str:
    places = ", ".join(f"{literal(kind)}: {literal(_pointer(place / FIELD))}" for kind, place in PLACES.items())
    return f"[JSONPatch{{op: 'add', path: {{{places}}}[object.kind], value: {{'mode': variables.mode}}}}]"


def _pointer(place: FieldPath) -> str:
    """A path as JSON patches write it."""
    return "".join(f"/{step}" for step in place)
