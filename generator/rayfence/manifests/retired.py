"""The objects of a retired namespace: no tenant has it any more, and pods may still run there.

They close it without any admission policy. NetworkPolicies stop all traffic, and a ResourceQuota lets no new pod in;
Kubernetes' roles `edit` and `admin` may not change a ResourceQuota.
"""

from __future__ import annotations

from collections.abc import Iterable

from rayfence.manifests.quota import NAME as QUOTA
from rayfence.network.layer import closed_specs
from rayfence.network.policy import Manifest, written

FILE = "retired.yaml"
"""Where they stand in the bundle, below the tenants' folder."""

NO_PODS = {"pods": "0"}


def retired_objects(namespaces: Iterable[str]) -> list[Manifest]:
    """Everything written for these namespaces, by namespace, then name.

    The names are those of a tenant's own layer, so each object takes the old one's place and no moment is without.
    """
    return [each for namespace in sorted(namespaces) for each in _objects(namespace)]


def _objects(namespace: str) -> list[Manifest]:
    closed = [written("NetworkPolicy", "", namespace, name, spec) for name, spec in closed_specs().items()]
    return [*closed, written("ResourceQuota", "", namespace, QUOTA, {"hard": NO_PODS})]
