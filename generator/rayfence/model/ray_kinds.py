"""The kinds of KubeRay, and where each of them has a cluster and a job in it.

What an object embeds is decided by its kind and never by which field is there: a decoy field beside the real one would
hide it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rayfence.model.field_path import FieldPath

API_GROUP = "ray.io"


class Role(StrEnum):
    """The role of a pod template."""

    HEAD = "head"
    WORKER = "worker"
    SUBMITTER = "submitter"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind: the versions KubeRay serves, where its RayClusterSpec is and where, if anywhere, its RayJobSpec."""

    name: str
    versions: tuple[str, ...]
    cluster: FieldPath
    job: FieldPath | None = None

    @property
    def is_cluster(self) -> bool:
        """Whether the object is itself the cluster, and cannot be without one."""
        return self.cluster == FieldPath.of("spec")


KINDS = (
    Kind("RayCluster", ("v1", "v1alpha1"), FieldPath.of("spec")),
    Kind("RayJob", ("v1", "v1alpha1"), FieldPath.of("spec", "rayClusterSpec"), FieldPath.of("spec")),
    Kind("RayService", ("v1", "v1alpha1"), FieldPath.of("spec", "rayClusterConfig")),
    Kind(
        "RayCronJob",
        ("v1",),
        FieldPath.of("spec", "jobTemplate", "rayClusterSpec"),
        FieldPath.of("spec", "jobTemplate"),
    ),
)

MADE_BY_KUBERAY = ("RayJob", "RayCluster")
"""What KubeRay makes of a RayCronJob, and of the RayJob that it made of one: it copies no labels there."""

STORED = f"{API_GROUP}/v1"
"""The only apiVersion that shows all there is in a Ray object: a write through another one drops the rest."""

SERVED = {(f"{API_GROUP}/{version}", kind.name): kind for kind in KINDS for version in kind.versions}
"""(apiVersion, kind) -> Kind, for all that KubeRay serves."""

UNLIMITED = 2147483647
"""What KubeRay's CRD puts where `maxReplicas` is left out."""

INJECTED = (
    "autoscaler",
    "ray-history-collector",
    "ray-job-submitter",
    "redis-cleanup",
    "wait-for-tls-ip-san",
    "wait-gcs-ready",
)
"""Containers that the KubeRay operator adds with small requests of its own."""

OPTIONS = (("autoscalerOptions",), ("historyServerOptions", "collectorOptions"))
"""Where, in a RayClusterSpec, the tenant may size containers that the operator adds."""

K8S_JOB, SIDECAR = "K8sJobMode", "SidecarMode"
"""Ways to submit a RayJob: by a pod of its own, which is the default, or by a container beside the head."""
