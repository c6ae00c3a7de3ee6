"""Finds the Ray object from which KubeRay created another one: a RayCluster from a RayJob, a RayJob from a RayCronJob.

KubeRay copies no label from a RayCronJob, and a RayCronJob has no field for labels of its jobs. So these jobs lack the
tenant's label, and would get no NetworkPolicies. Labels and controlling owner must agree. A user who forges both gains
only what the label would have given, in the same namespace.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rayfence.network.policy import JOB_KIND, JOB_KIND_LABEL, JOB_NAME_LABEL
from rayfence.workload import SERVED


@dataclass(frozen=True, slots=True)
class OwnerKind:
    """A kind that KubeRay makes others from: the label with its name, and labels that come with it."""

    kind: str
    name_label: str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def api_versions(self) -> tuple[str, ...]:
        """The API versions that an owner of this kind may have."""
        return tuple(version for version, kind in SERVED if kind == self.kind)


JOB = OwnerKind(JOB_KIND, JOB_NAME_LABEL, {JOB_KIND_LABEL: JOB_KIND})
CRON_JOB = OwnerKind("RayCronJob", "ray.io/cronjob-name")

OF = {"RayCluster": JOB, JOB_KIND: CRON_JOB}
"""Kind -> what KubeRay may have made it from."""


def made_by(maker: OwnerKind, metadata: Mapping[str, Any]) -> str | None:
    """The name of the maker that an object's labels tell, if the controlling owner says the same."""
    labels = metadata.get("labels") or {}
    name = labels.get(maker.name_label)
    if not name or any(labels.get(key) != value for key, value in maker.labels.items()):
        return None
    owners = metadata.get("ownerReferences") or []
    return name if any(_controls(owner, maker, name) for owner in owners) else None


def _controls(owner: Mapping[str, Any], maker: OwnerKind, name: str) -> bool:
    is_maker = owner.get("kind") == maker.kind and owner.get("apiVersion") in maker.api_versions
    return is_maker and owner.get("controller") is True and owner.get("name") == name
