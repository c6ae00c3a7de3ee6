"""Pods mount only volume types of the restricted Pod Security profile, and types that the config lists.

The type of a volume is its field, so a type that Kubernetes adds later is refused. The platform can list such a type
only when the table in `allowable` has it. The rules for pod security check `hostPath`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.cel import filled, items, literal, literals
from rayfence.model.allowable import CSI, DRIVER, HOST_PATH
from rayfence.model.allowable import RESTRICTED as TYPES
from rayfence.model.config import Platform, Tenant
from rayfence.model.subjects import PODS, RAY
from rayfence.rules.cases.pod_security import put
from rayfence.rules.rule import At, Edit, Edits, Violation
from rayfence.rules.shared import allowances
from rayfence.workload import Workload, dig
from rayfence.workload import items as listed

ID = "restrict-volumes"
FAMILY = "hardening"
WHY = (
    "The kubelet mounts network volumes from the node's own network, where no NetworkPolicy applies, and mounts any "
    "disk whose id a pod names."
)
SUBJECTS = (RAY, PODS)

_JUDGED_ELSEWHERE = ("name", HOST_PATH)


def cel(platform: Platform) -> Iterator[str]:
    inline = f"variables.allowed_volumes.filter(entry, entry.startsWith({literal(DRIVER)}))"
    drivers = f"{inline}.map(entry, entry.substring({len(DRIVER)}))"
    fine = f"(key == {literal(CSI)} ? volume.csi.?driver.orValue(null) in {drivers} : key in variables.allowed_volumes)"
    wrong = f"!(key in {literals((*_JUDGED_ELSEWHERE, *TYPES))}) && volume[key] != null && !{fine}"
    told = filled("%sspec.volumes[%s]: the platform allows no volume of this type", "pod.path", "string(index)")
    each = f"transformList(index, volume, type(volume) == map && volume.exists(key, {wrong}), {told})"
    some = "variables.new_pod_specs.filter(pod, pod.value.?spec.?volumes.hasValue())"
    yield f"{some}.map(pod, {items('pod.value.?spec.?volumes')}.{each}).flatten()"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    allowed = allowances.of("volumes", tenant, platform)
    for path, template in () if work.spec_unchanged else work.templates:
        spec = path / "spec"
        for index, volume in enumerate(listed(dig(template, "spec", "volumes", at=path))):
            wrong = [each for each in _kinds(volume) if each not in (*TYPES, *allowed)]
            if wrong:
                what = f"{', '.join(wrong)} is not a volume type that {tenant.name} may use"
                yield Violation(ID, spec / "volumes" / index, f"{what}; use {_instead(allowed)}")


def _kinds(volume: Any) -> Iterator[str]:
    """What a volume is, as the config would list it: its type, or for an inline CSI volume `csi/<driver>`."""
    for kind, value in volume.items() if isinstance(volume, Mapping) else ():
        if kind in _JUDGED_ELSEWHERE or value is None:
            continue
        driver = dig(value, "driver") if kind == CSI else None
        yield f"{DRIVER}{driver if isinstance(driver, str) else '?'}" if kind == CSI else kind


def _instead(allowed: tuple[str, ...]) -> str:
    return f"a persistentVolumeClaim, or one of {', '.join((*TYPES, *allowed))}"


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    allowed = allowances.of("volumes", tenant, platform)
    return {
        title: put(At.POD, "volumes", [{"name": "data"}, {"name": "more", **volume}])
        for title, (entry, volume) in _REFUSED.items()
        if entry not in allowed
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    allowed = allowances.of("volumes", tenant, platform)
    return {
        "the types of the restricted profile": put(At.POD, "volumes", _RESTRICTED),
        "a volume without a type": put(At.POD, "volumes", [{"name": "scratch"}, {"name": "more", "nfs": None}]),
        **{f"{entry}, which is allowed": _listed(entry) for entry in allowed},
    }


def _listed(entry: str) -> Edit:
    volume = {CSI: {"driver": entry.removeprefix(DRIVER)}} if entry.startswith(DRIVER) else {entry: {}}
    return put(At.POD, "volumes", [{"name": "listed", **volume}])


_REFUSED: Mapping[str, tuple[str, dict[str, Any]]] = {
    "an NFS volume": ("nfs", {"nfs": {"server": "10.0.0.9", "path": "/"}}),
    "an iSCSI volume": ("iscsi", {"iscsi": {"targetPortal": "10.0.0.9:3260", "iqn": "x", "lun": 0}}),
    "a gitRepo volume": ("gitRepo", {"gitRepo": {"repository": "https://git.example/x.git"}}),
    "a flexVolume": ("flexVolume", {"flexVolume": {"driver": "example.com/lvm"}}),
    "a disk by its id": ("awsElasticBlockStore", {"awsElasticBlockStore": {"volumeID": "vol-1"}}),
    "an inline volume of a CSI driver": ("csi/smb.csi.k8s.io", {"csi": {"driver": "smb.csi.k8s.io"}}),
    "an inline CSI volume without a driver": ("csi/", {"csi": {}}),
    "an unknown volume type": ("hologram", {"hologram": {}}),
    "a volume with two types": ("nfs", {"emptyDir": {}, "nfs": {"server": "10.0.0.9", "path": "/"}}),
}
"""What to call it -> the entry that would allow it, and the volume."""

_RESTRICTED: list[dict[str, Any]] = [
    {"name": "settings", "configMap": {"name": "settings"}},
    {"name": "labels", "downwardAPI": {"items": []}},
    {"name": "shared-memory", "emptyDir": {"medium": "Memory"}},
    {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"]}}}},
    {"name": "models", "persistentVolumeClaim": {"claimName": "models"}},
    {"name": "token", "projected": {"sources": []}},
    {"name": "keys", "secret": {"secretName": "keys"}},
]
