"""Writes the ClusterPolicies that make Kyverno apply the mutation of `network.filling`.

Paths of a JSON patch cannot contain variables. So each kind has its own merge patch, and the object's kind selects one.
Text that a tenant wrote is compared inside JMESPath, as in `clusterpolicy.generate`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

from rayfence.backends.clusterpolicy.jmespath import computed, either, every, given
from rayfence.model.config import Tenant
from rayfence.model.field_path import FieldPath
from rayfence.network.mutation import FIELD, PLACES, VERSION
from rayfence.network.policy import Manifest
from rayfence.network.tables import FILLING, FILLING_PURPOSE, Modes, filling

_OBJECT, _OLD = "request.object", "request.oldObject"
_FILLED = {FIELD: {"mode": "{{ mode }}"}}


def filling_policies(tenants: Iterable[Tenant]) -> list[Manifest]:
    """The policies `fill-network-policy`, `fill-network-policy-2`, …: none where KubeRay isolates nobody's clusters."""
    return [_policy(name, rows) for name, rows in filling(tenants)]


def _policy(name: str, rows: Modes) -> Manifest:
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": FILLING_PURPOSE.metadata(name),
        "spec": {"background": False, "webhookConfiguration": {"failurePolicy": "Fail"}, "rules": [_rule(rows)]},
    }


def _rule(rows: Modes) -> Manifest:
    kinds = [f"{VERSION}/{kind}" for kind in PLACES]
    fills = "{{ mode != '' && lacksIt && !isUntouched }}"
    return {
        "name": FILLING,
        "match": {"any": [{"resources": {"kinds": kinds, "operations": ["CREATE", "UPDATE"]}}]},
        "context": _context(rows),
        "preconditions": {"all": [{"key": fills, "operator": "Equals", "value": True}]},
        "mutate": {"patchStrategicMerge": {"spec": f"{{{{ lookup(patches, {_OBJECT}.kind) }}}}"}},
    }


def _context(rows: Modes) -> list[Manifest]:
    """What the rule reads; each may use those before it. Without a row the mode is empty."""
    return [
        given("modes", {namespace: str(mode) for namespace, mode in rows.items()}),
        computed("mode", f"lookup(modes, {_OBJECT}.metadata.namespace || '') || ''"),
        computed("lacksIt", either(*(_lacks(kind, place) for kind, place in PLACES.items()))),
        computed("isUntouched", _untouched()),
        given("patches", {kind: _patch(place) for kind, place in PLACES.items()}),
    ]


def _lacks(kind: str, place: FieldPath) -> str:
    """Whether the object is of the kind, with a cluster, and that without the field. Null counts as nothing."""
    cluster = f"{_OBJECT}.{place}"
    is_there, is_missing = f"type({cluster}) == 'object'", f"type({cluster}.{FIELD}) == 'null'"
    return every(f"{_OBJECT}.kind == '{kind}'", is_there, is_missing, inner=True)


def _untouched() -> str:
    """Whether an update changes nothing but other metadata, as `admission.UNTOUCHED`, which rules let pass."""
    same = (
        f"({_OBJECT}.{field} || '') == ({_OLD}.{field} || '')"
        for field in ("spec", "metadata.labels", "metadata.annotations")
    )
    changed = f"{_OBJECT}.metadata != {_OLD}.metadata"
    return every("request.operation == 'UPDATE'", *same, changed)


def _patch(place: FieldPath) -> Manifest:
    """What is merged into the spec."""
    below = list(map(str, place))[1:]
    return reduce(lambda inner, step: {step: inner}, reversed(below), _FILLED)
