"""Sets a Ray object's networkPolicy as the policy engine does if KubeRay isolates the tenant's clusters.

A value that is already set stays as it is, even if it is wrong: `require-network-policy` refuses it. This is the
implementation in Python; `backends` writes the one for engines.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from functools import reduce
from typing import Any

from rayfence.model.config import Tenant
from rayfence.model.field_path import FieldPath
from rayfence.workload import API_GROUP, KINDS

FIELD = "networkPolicy"
VERSION = f"{API_GROUP}/v1"
"""The only version that has the field."""

PLACES: Mapping[str, FieldPath] = {kind.name: kind.cluster for kind in KINDS}
"""Kind -> where its cluster is. Decided by the kind, never by which field is there."""


def filled(tenant: Tenant | None, value: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object with `networkPolicy: {mode: …}` in its cluster, if it has a cluster and that has no such field.

    `tenant` is whose namespace the object is in. Where nothing is to be filled in it is the object that came in.
    """
    mode = tenant.network.required_mode if tenant else None
    place = PLACES.get(value.get("kind", ""))
    if mode is None or place is None or value.get("apiVersion") != VERSION or not _lacks(value, place):
        return value
    found = deepcopy(dict(value))
    _at(found, place)[FIELD] = {"mode": str(mode)}
    return found


def _lacks(value: Mapping[str, Any], place: FieldPath) -> bool:
    cluster = _at(value, place)
    return isinstance(cluster, dict) and cluster.get(FIELD) is None


def _at(value: Any, place: FieldPath) -> Any:
    return reduce(lambda part, step: part.get(step) if isinstance(part, dict) else None, place, value)
