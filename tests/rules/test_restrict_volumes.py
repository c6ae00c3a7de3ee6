"""Ray pods and bare pods mount only the volume types of the restricted Pod Security profile, and what is listed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.allowable import RESTRICTED
from rayfence.model.config import Allow, Platform
from rayfence.rules import restrict_volumes

from .objects import HEAD, TEAM_A, WORKERS, Json, broken, cluster, group, job, pod, submitter, told

ID = restrict_volumes.ID
LISTED = replace(TEAM_A, allow=Allow(volumes=("csi/gcsfuse.csi.storage.gke.io", "nfs")))


def with_volumes(*volumes: Any) -> Json:
    return cluster(head=pod(volumes=[*volumes]))


def bare(*volumes: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one", "namespace": "ray-a"},
        "spec": {"volumes": [*volumes]},
    }


def at(index: int, group: str = HEAD) -> str:
    return f"[{ID}] {group}.template.spec.volumes[{index}]"


@pytest.mark.parametrize("kind", RESTRICTED)
def test_the_types_of_the_restricted_profile_are_fine(kind: str) -> None:
    assert [] == broken(restrict_volumes, with_volumes({"name": "x", kind: {}}))


@pytest.mark.parametrize(
    "volume",
    [
        {"nfs": {"server": "10.0.0.9", "path": "/"}},
        {"csi": {"driver": "smb.csi.k8s.io"}},
        {"csi": {}},
        {"csi": "x"},
        {"gitRepo": {}},
        {"image": {"reference": "x"}},
        {"emptyDir": {}, "nfs": {}},
        {"EmptyDir": {}},
        {"hologram": ""},
    ],
    ids=str,
)
def test_every_other_type_is_refused(volume: Json) -> None:
    assert [at(1)] == broken(restrict_volumes, with_volumes({"name": "x"}, {"name": "y", **volume}))


@pytest.mark.parametrize(
    "volume", [{}, {"name": "x"}, {"name": "x", "nfs": None}, None, "x", {"hostPath": {}}], ids=str
)
def test_a_volume_without_a_type_is_fine_and_the_nodes_disk_another_rules(volume: Any) -> None:
    assert [] == broken(restrict_volumes, with_volumes(volume))


def test_every_template_and_every_pod_is_looked_at() -> None:
    nfs = {"name": "x", "nfs": {}}
    whole = job(cluster(group(pod(volumes=[nfs]))), submitterPodTemplate=submitter(volumes=[nfs]))

    assert [
        at(0, "spec.rayClusterSpec." + WORKERS.format(0).removeprefix("spec.")),
        f"[{ID}] spec.submitterPodTemplate.spec.volumes[0]",
    ] == broken(restrict_volumes, whole)
    assert [f"[{ID}] spec.volumes[0]"] == broken(restrict_volumes, bare(nfs))


@pytest.mark.parametrize(
    ("volume", "fine"),
    [
        ({"nfs": {}}, True),
        ({"csi": {"driver": "gcsfuse.csi.storage.gke.io"}}, True),
        ({"csi": {"driver": "smb.csi.k8s.io"}}, False),
        ({"csi": {"driver": "nfs"}}, False),
        ({"csi/gcsfuse.csi.storage.gke.io": {}}, True),
        ({"iscsi": {}}, False),
    ],
    ids=str,
)
def test_what_is_listed_is_fine(volume: Json, fine: bool) -> None:
    assert ([] if fine else [at(0)]) == broken(restrict_volumes, with_volumes({"name": "x", **volume}), LISTED)


def test_a_tenants_list_stands_in_place_of_the_platforms() -> None:
    platform = Platform(allow=Allow(volumes=("iscsi",)))
    value = with_volumes({"name": "x", "iscsi": {}})

    assert [] == broken(restrict_volumes, value, TEAM_A, platform)
    assert [at(0)] == broken(restrict_volumes, value, LISTED, platform)


def test_people_read_what_it_is_and_what_to_use() -> None:
    (message,) = told(restrict_volumes, with_volumes({"name": "x", "csi": {"driver": "smb.csi.k8s.io"}}), LISTED)

    assert message.startswith("csi/smb.csi.k8s.io is not a volume type that team-a may use; use ")
    assert message.endswith("secret, csi/gcsfuse.csi.storage.gke.io, nfs")


def test_a_pod_that_is_older_than_the_rule_may_change_beside_its_spec() -> None:
    old, labelled, other = (bare({"name": "data", "nfs": {}}) for _ in range(3))
    labelled["metadata"]["labels"] = {"ray.io/serve": "true"}
    other["spec"]["hostname"] = "other"

    assert [] == broken(restrict_volumes, labelled, old=old)
    assert 1 == len(broken(restrict_volumes, other, old=old))
    assert 1 == len(broken(restrict_volumes, old, old=bare()))
