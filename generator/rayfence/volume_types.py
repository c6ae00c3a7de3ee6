"""Volume types of a pod, by the names of their fields in Kubernetes' PodSpec: a table."""

from __future__ import annotations

RESTRICTED = ("configMap", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret")
"""The types of the restricted Pod Security profile. It has `csi` too, which a config lists only by driver."""

CSI, DRIVER = "csi", "csi/"
"""The type whose drivers are listed one by one, and how such an entry begins."""

HOST_PATH = "hostPath"
"""The type that the rules for pod security judge."""

OTHERS = (
    *("awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "fc", "flexVolume", "flocker"),
    *("gcePersistentDisk", "gitRepo", "glusterfs", "image", "iscsi", "nfs", "photonPersistentDisk"),
    *("portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"),
)
"""All other types, also those that Kubernetes no longer mounts."""
