"""The containers that KubeRay's operator adds and sizes by itself, where a Ray object does not size them.

They count towards a quota (`worst_case`), and they must fit under the tenant's maximum (`limit_resources`). Otherwise
`guard-pods` would refuse the pods that KubeRay makes with them, and nothing at the Ray object would say why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rayfence.cel import literal
from rayfence.model.field_path import FieldPath
from rayfence.workload import BOUNDED, OPTIONS, SIDECAR, Workload

_AUTOSCALER, _COLLECTOR = OPTIONS

SCALES = "variables.ray_clusters.exists(cluster, cluster.value.?enableInTreeAutoscaling.orValue(false) == true)"
"""CEL: whether the operator adds the autoscaler."""


def scales(work: Workload) -> bool:
    """Whether the operator adds the autoscaler."""
    return work.has_cluster and work.get("enableInTreeAutoscaling") is True


@dataclass(frozen=True, slots=True)
class Addition:
    """A container with these limits, for which a cluster or job asks by `field`.

    In CEL there is one for each `spec` in the variable `among` for which `there` holds. `asked` says the same in
    Python.
    """

    name: str
    limits: Mapping[str, str]
    among: str
    field: FieldPath
    there: str
    asked: Callable[[Workload], bool]
    fix: str

    def path(self, work: Workload) -> FieldPath:
        """The field in which the object requests it."""
        root = work.kind.job if self.among == "ray_jobs" else work.kind.cluster
        return (root or FieldPath()) + self.field


def _unsized(keys: tuple[str, ...]) -> str:
    return f"type(spec.value.?{'.?'.join(keys)}.?resources.orValue(null)) != map"


def _is_unsized(work: Workload, keys: tuple[str, ...]) -> bool:
    return not isinstance(work.get(*keys, "resources"), dict)


def _collects(work: Workload) -> bool:
    return work.has_cluster and work.get(*_COLLECTOR) is not None


AUTOSCALER = Addition(
    "autoscaler",
    {"cpu": "500m", "memory": "512Mi"},
    "ray_clusters",
    FieldPath.of("enableInTreeAutoscaling"),
    f"spec.value.?enableInTreeAutoscaling.orValue(false) == true && {_unsized(_AUTOSCALER)}",
    lambda work: scales(work) and _is_unsized(work, _AUTOSCALER),
    "write autoscalerOptions.resources",
)
"""Beside the head."""

COLLECTOR = Addition(
    "collector",
    {"cpu": "200m", "memory": "256Mi"},
    "ray_clusters",
    FieldPath.of(*_COLLECTOR),
    f"spec.value.?{'.?'.join(_COLLECTOR)}.orValue(null) != null && {_unsized(_COLLECTOR)}",
    lambda work: _collects(work) and _is_unsized(work, _COLLECTOR),
    "write collectorOptions.resources",
)
"""Beside the head and beside each worker. An empty `collectorOptions` asks for it too."""

SUBMITTER = Addition(
    "submitter",
    {"cpu": "1", "memory": "1Gi"},
    "ray_jobs",
    FieldPath.of("submissionMode"),
    f"spec.value.?submissionMode.orValue('') == '{SIDECAR}' && spec.value.?submitterPodTemplate.orValue(null) == null",
    lambda work: work.submission_mode == SIDECAR and work.job("submitterPodTemplate") is None,
    "use K8sJobMode with a submitterPodTemplate",
)
"""Beside the head."""

ADDITIONS = (AUTOSCALER, COLLECTOR, SUBMITTER)


def defaults() -> str:
    """CEL: the additions of an object: whose, where it asks for them, their limits in the order of BOUNDED."""
    return "\n+ ".join(
        f"variables.{each.among}.filter(spec, {each.there}).map(spec, {{'name': '{each.name}',"
        f" 'path': spec.path + {literal(f'.{each.field}')}, 'fix': '{each.fix}',"
        f" {', '.join(f'{literal(resource)}: {literal(each.limits[resource])}' for resource in BOUNDED)}}})"
        for each in ADDITIONS
    )
