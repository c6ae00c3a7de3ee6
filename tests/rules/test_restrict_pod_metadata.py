"""No annotation of a pod gives it another network, address or cloud role, unless the config lists it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Allow
from rayfence.rules import restrict_pod_metadata
from rayfence.rules.shared.pod_annotations import ATTACHED, DEFAULT_NETWORK, EVERY, FAMILIES, family_of, is_one
from rayfence.workload import Request, Workload

from .objects import HEAD, PLATFORM, TEAM_A, Json, broken, cluster, pod, told

ID = restrict_pod_metadata.ID
ROLE = "iam.amazonaws.com/role"
LISTED = replace(
    TEAM_A, allow=Allow(networks=("ray-a/sriov", "storage/rdma", "default"), pod_annotations=(f"{ROLE}*",))
)


def annotated(**annotations: Any) -> Json:
    return cluster(head={**pod(), "metadata": {"annotations": annotations}})


def bare(annotations: Any) -> Json:
    metadata = {"name": "one", "namespace": "ray-a", "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}}


def updated(old: Any, new: Any, username: str = "", operation: str = "UPDATE") -> list[str]:
    request = Request(username, operation=operation, old=None if old is None else bare(old))
    return [str(each.path) for each in restrict_pod_metadata.violations(Workload(bare(new), request), TEAM_A, PLATFORM)]


def keys_of(name: str) -> list[str]:
    return [key.replace("*", "x") for key in FAMILIES[name].keys]


@pytest.mark.parametrize("name", FAMILIES)
def test_each_key_of_each_family_is_refused(name: str) -> None:
    for key in keys_of(name):
        assert name == family_of(key)
        assert [f"[{ID}] {HEAD}.template.metadata.annotations"] == broken(
            restrict_pod_metadata, annotated(**{key: "x"})
        )
        assert [f"[{ID}] metadata.annotations"] == broken(restrict_pod_metadata, bare({key: "x"}))


@pytest.mark.parametrize("name", FAMILIES)
def test_what_is_longer_or_shorter_than_a_whole_key_is_free(name: str) -> None:
    whole = [key for key in FAMILIES[name].keys if "*" not in key]

    assert [] == [each for key in whole for each in (f"{key}-x", f"x.{key}", key[:-1]) if family_of(each) == name]


@pytest.mark.parametrize(
    "key",
    [
        "k8s.v1.cni.cncf.io/network-status",
        "k8s.v1.cni.cncf.io/networks-status",
        "k8s.aliyun.com/pod-ips",
        "k8s.aliyun.com/eci-use-specs",
        "kubernetes.io/egress-bandwidth",
        "kubernetes.io/ip_address",
        "my-iam.amazonaws.com/role",
        "kuma.io/sidecar-injection",
        "traffic.sidecar.istio.io/excludeOutboundPorts",
        "",
    ],
)
def test_what_moves_nothing_is_free(key: str) -> None:
    assert [] == broken(restrict_pod_metadata, annotated(**{key: "x"}))


@pytest.mark.parametrize("annotations", [None, "x", [], {}, ["k8s.ovn.org/pod-networks"]], ids=repr)
def test_no_annotations_are_fine(annotations: Any) -> None:
    assert [] == broken(restrict_pod_metadata, bare(annotations))


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("ray-a/sriov", True),
        ("sriov", True),
        ("sriov@net1, storage/rdma@rdma0 ,default", True),
        ("default", True),
        ("rdma", False),
        ("sriov,kube-system/sriov", False),
        ("sriov,", False),
        ("", False),
        ('[{"name": "sriov"}]', False),
        (5, False),
        (["sriov"], False),
    ],
    ids=repr,
)
def test_a_network_that_is_listed_may_be_attached(value: Any, fine: bool) -> None:
    assert fine is (broken(restrict_pod_metadata, bare({ATTACHED[0]: value}), LISTED) == [])
    assert broken(restrict_pod_metadata, bare({ATTACHED[0]: value}))


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("ray-a/sriov", True),
        ("ray-a/sriov@net1, storage/rdma", True),
        # Multus looks for these in its own namespace.
        ("sriov", False),
        ("default", False),
        ("ray-a/sriov,default", False),
        ("kube-system/sriov", False),
        ("", False),
    ],
    ids=repr,
)
def test_a_listed_default_network_is_named_with_its_namespace(value: Any, fine: bool) -> None:
    assert fine is (broken(restrict_pod_metadata, bare({DEFAULT_NETWORK: value}), LISTED) == [])
    assert broken(restrict_pod_metadata, bare({DEFAULT_NETWORK: value}))


@pytest.mark.parametrize(("key", "fine"), [(ROLE, True), (f"{ROLE}-arn", True), ("iam.amazonaws.com/rol", False)])
def test_an_annotation_that_is_listed_may_stand(key: str, fine: bool) -> None:
    assert fine is (broken(restrict_pod_metadata, bare({key: "x"}), LISTED) == [])


def test_a_listed_network_is_no_value_of_other_annotations() -> None:
    assert broken(restrict_pod_metadata, bare({"networking.gke.io/interfaces": "default"}), LISTED)


@pytest.mark.parametrize(
    ("old", "new", "fine"),
    [
        ({ROLE: "a"}, {ROLE: "a"}, True),
        ({ROLE: "a"}, {}, True),
        ({ROLE: "a"}, {ROLE: "b"}, False),
        ({}, {ROLE: "a"}, False),
        ({ROLE: "a"}, {ROLE: "a", "k8s.ovn.org/pod-networks": "x"}, False),
        ("x", {ROLE: "a"}, False),
        (None, {ROLE: "a"}, False),
    ],
    ids=repr,
)
def test_of_an_updated_pod_only_what_changes_is_judged(old: Any, new: Any, fine: bool) -> None:
    assert fine is (updated(old, new) == [])


@pytest.mark.parametrize(
    ("username", "fine"),
    [
        ("system:node:node-1", True),
        ("system:serviceaccount:kube-system:kube-ovn", True),
        ("eks:vpc-resource-controller", True),
        ("eks:vpc-resource-controller2", False),
        ("system:serviceaccount:kube-system2:x", False),
        ("system:serviceaccount:ray-a:default", False),
        ("system:nodes", False),
        ("", False),
    ],
)
def test_what_a_network_plugin_writes_is_the_plugins(username: str, fine: bool) -> None:
    assert fine is (updated({}, {"k8s.ovn.org/pod-networks": "x"}, username) == [])
    assert updated({}, {"k8s.ovn.org/pod-networks": "x"}, username, "CREATE")


def test_a_template_is_judged_whoever_changes_it_and_from_whatever() -> None:
    value = annotated(**{ROLE: "x"})
    request = Request("system:serviceaccount:kube-system:x", operation="UPDATE", old=value)

    assert 1 == len(list(restrict_pod_metadata.violations(Workload(value, request), TEAM_A, PLATFORM)))


def test_people_read_what_it_gives_and_how_to_allow_it() -> None:
    (role,) = told(restrict_pod_metadata, bare({ROLE: "x"}))
    (network,) = told(restrict_pod_metadata, bare({ATTACHED[0]: "x"}))

    assert f"{ROLE} gives the pod another cloud role (kube2iam and kiam)" in role
    assert role.endswith("under allow.podAnnotations")
    assert network.endswith("under allow.networks or allow.podAnnotations")


def test_the_tables_keys_can_stand_in_a_policy() -> None:
    keys = [key for family in FAMILIES.values() for key in family.keys]

    assert [] == [key for key in keys if not re.fullmatch(r"\*?[A-Za-z0-9./_-]+\*?", key)]
    assert len(keys) == len(set(keys))


def test_a_policy_asks_about_every_key_in_its_table() -> None:
    names, starts, ends, parts = (re.findall(r"'([^']*)'", each) for each in is_one("k").split(" || "))

    asked = [*names, *(f"{each}*" for each in starts), *(f"*{each}" for each in ends), *(f"*{each}*" for each in parts)]
    assert sorted(EVERY) == sorted(asked)
    assert all((names, starts, ends, parts))


def test_a_longer_key_is_no_key_whatever_it_ends_in() -> None:
    # In Python `$` would match before a line break.
    assert "" == family_of(f"{ATTACHED[0]}\n")
    assert "Calico" == family_of("cni.projectcalico.org/x\n")
