"""Volume types, and the labels and annotations that name a queue: tables of what `spec.allow` may list.

Every other key names something of one namespace, as Kueue's LocalQueues are, or nothing that schedulers read. Rules
check such a key where the config lists it, and ignore it elsewhere.
"""

from __future__ import annotations

RESTRICTED = ("configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
"""The types of the restricted Pod Security profile. It has `csi` too, which a config lists only by driver."""

CSI, DRIVER = "csi", "csi/"
"""The type whose drivers are listed one by one, and how such an entry begins."""

HOST_PATH = "hostPath"
"""The type that the rules for pod security cover."""

OTHERS = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "gitRepo", "glusterfs", "image", "iscsi", "nfs", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
)
"""All other types, also those that Kubernetes no longer mounts."""

VOLCANO_QUEUE = ("volcano.sh/queue-name", "scheduling.volcano.sh/queue-name")
YUNIKORN_QUEUE = ("yunikorn.apache.org/queue", "yunikorn.apache.org/queue-name", "queue")
YUNIKORN_APPLICATION = ("yunikorn.apache.org/app-id", "applicationId", "spark-app-selector")
"""A pod that names an application of another tenant's is scheduled in that one's queue."""

GANG = (
    "yunikorn.apache.org/task-groups",
    "yunikorn.apache.org/task-group-name",
)
"""What KubeRay's operator writes on the pods of a gang, worked out from the RayCluster."""

PRIORITIES = ("ray.io/priority-class-name", "priorityClassName")
"""Names of PriorityClasses: KubeRay makes them the pods', and KAI those of a whole group of pods."""

MEANINGS: tuple[tuple[str, ...], ...] = (
    VOLCANO_QUEUE,
    YUNIKORN_QUEUE,
    YUNIKORN_APPLICATION,
    ("yunikorn.apache.org/username",),
    ("yunikorn.apache.org/schedulingPolicyParameters",),
    ("kai.scheduler/queue", "runai/queue"),
    ("quota.scheduling.koordinator.sh/name",),
    *((key,) for key in (*GANG, *PRIORITIES)),
)
"""Keys that mean the same stand together: KubeRay turns `yunikorn.apache.org/queue` into `queue` on pods.

`yunikorn.apache.org/user.info` is not among them: YuniKorn itself writes it on every pod, and refuses anybody else's.
"""

ALIASES: dict[str, tuple[str, ...]] = {key: keys for keys in MEANINGS for key in keys}
"""Every key of the table, with all that mean the same."""

QUEUE_OF_NONE, APPLICATION_OF_NONE = "root.default", "yunikorn-{}-autogen"
"""What YuniKorn's webhook writes on a pod that names no queue and no application, the latter with the namespace."""
