"""What KubeRay's own controller makes of `spec.networkPolicy`, object by object."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.backends import BACKENDS
from rayfence.manifests import bundle
from rayfence.model.config import Config, Network, Platform, Provider, Tenant
from rayfence.network import generated, made_by_kuberay, static_layer
from rayfence.network.kuberay import dashboard_port, policy_names

from ..builders import BOUNDS

Json = dict[str, Any]

LET_IN = {"rayfence-operator": [8265, 8000], "rayfence-monitoring": [8080]}
OWN = {"podSelector": {"matchLabels": {"ray.io/cluster": "one"}}}
DNS = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 53, "protocol": "UDP"}]}
CLIENT = {"from": [{"podSelector": {"matchLabels": {"app": "client"}}}], "ports": [{"port": 10001}]}
JOB = {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "train", "uid": "1", "controller": True}
JOBS_MODE = {"ray.io/job-submission-mode": "K8sJobMode"}


def ray_cluster(policy: Any, *, groups: tuple[str, ...] = ("small", "large"), **metadata: Any) -> Json:
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "one", "namespace": "ray-a"} | metadata,
        "spec": {
            "networkPolicy": policy,
            "headGroupSpec": {"rayStartParams": {}},
            "workerGroupSpecs": [{"groupName": name} for name in groups],
        },
    }


def specs(value: Json) -> dict[str, Json]:
    return {each["metadata"]["name"]: each["spec"] for each in made_by_kuberay(value)}


def labels(group: str) -> Json:
    by = {"app.kubernetes.io/name": "kuberay", "app.kubernetes.io/created-by": "kuberay-operator"}
    return {"ray.io/cluster": "one", "ray.io/group": group, **by}


def test_a_head_and_a_worker_group_have_one_policy_each() -> None:
    head = {"ray.io/cluster": "one", "ray.io/node-type": "head"}
    workers = {"ray.io/cluster": "one", "ray.io/node-type": "worker", "ray.io/group": "small"}
    open_inside = {"policyTypes": ["Ingress", "Egress"], "ingress": [{"from": [OWN]}], "egress": [{"to": [OWN]}]}

    assert [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "one-head", "namespace": "ray-a", "labels": labels("headgroup")},
            "spec": {"podSelector": {"matchLabels": head}, **open_inside},
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "one-workers-small", "namespace": "ray-a", "labels": labels("small")},
            "spec": {"podSelector": {"matchLabels": workers}, **open_inside},
        },
    ] == made_by_kuberay(ray_cluster({"mode": "DenyAll"}, groups=("small",)))


def test_every_worker_group_has_a_policy_of_its_own() -> None:
    assert ["one-head", "one-workers-small", "one-workers-large"] == list(specs(ray_cluster({"mode": "DenyAll"})))


def test_a_cluster_without_worker_groups_has_the_heads_alone() -> None:
    value = ray_cluster({"mode": "DenyAll"})
    del value["spec"]["workerGroupSpecs"]

    assert ["one-head"] == list(specs(value))


@pytest.mark.parametrize("policy", [{}, {"mode": None}, {"mode": "DenyAll"}], ids=repr)
def test_a_policy_without_a_mode_denies_all(policy: Json) -> None:
    assert [["Ingress", "Egress"]] * 3 == [each["policyTypes"] for each in specs(ray_cluster(policy)).values()]


@pytest.mark.parametrize(("mode", "closed"), [("DenyAllIngress", "Ingress"), ("DenyAllEgress", "Egress")])
def test_a_mode_of_one_direction_says_nothing_of_the_other(mode: str, closed: str) -> None:
    wanted = {"Ingress": [{"from": [OWN]}], "Egress": [{"to": [OWN]}]}[closed]

    for spec in specs(ray_cluster({"mode": mode})).values():
        assert {"policyTypes": [closed], closed.lower(): wanted} == {
            k: v for k, v in spec.items() if k != "podSelector"
        }


def test_rules_of_a_direction_that_is_open_are_not_taken_over() -> None:
    value = ray_cluster({"mode": "DenyAllIngress", "head": {"ingressRules": [CLIENT], "egressRules": [DNS]}})

    assert "egress" not in specs(value)["one-head"]


def test_rules_for_heads_and_workers_stand_behind_the_clusters_own() -> None:
    head, worker = {"ingressRules": [CLIENT], "egressRules": [DNS]}, {"egressRules": [DNS]}
    found = specs(ray_cluster({"mode": "DenyAll", "head": head, "worker": worker}))

    on_tcp = {**CLIENT, "ports": [{"port": 10001, "protocol": "TCP"}]}
    assert [{"from": [OWN]}, on_tcp] == found["one-head"]["ingress"]
    assert [{"to": [OWN]}, DNS] == found["one-head"]["egress"]
    for name in ("one-workers-small", "one-workers-large"):
        assert [{"from": [OWN]}] == found[name]["ingress"]
        assert [{"to": [OWN]}, DNS] == found[name]["egress"]


def test_an_entry_for_a_group_stands_in_place_of_what_all_workers_have() -> None:
    groups = [{"groupName": "large", "ingressRules": [CLIENT]}]
    found = specs(ray_cluster({"worker": {"egressRules": [DNS]}, "workerGroups": groups}))

    assert [{"to": [OWN]}, DNS] == found["one-workers-small"]["egress"]
    assert [{"to": [OWN]}] == found["one-workers-large"]["egress"]
    assert 2 == len(found["one-workers-large"]["ingress"])


def test_a_port_without_a_protocol_is_tcps_and_the_manifest_is_left_alone() -> None:
    value = ray_cluster({"head": {"ingressRules": [CLIENT]}})
    made_by_kuberay(value)

    assert {"port": 10001} == value["spec"]["networkPolicy"]["head"]["ingressRules"][0]["ports"][0]


def test_the_pod_that_submits_the_job_reaches_the_dashboard_of_its_own_cluster() -> None:
    value = ray_cluster({"mode": "DenyAll"}, labels=JOBS_MODE, ownerReferences=[JOB])
    value["spec"]["headGroupSpec"]["rayStartParams"]["dashboard-port"] = "9265"
    job = {"ray.io/originated-from-cr-name": "train", "ray.io/originated-from-crd": "RayJob"}
    found = specs(value)

    submitter = {"from": [{"podSelector": {"matchLabels": job}}], "ports": [{"port": 9265, "protocol": "TCP"}]}
    assert [{"from": [OWN]}, submitter] == found["one-head"]["ingress"]
    assert [{"from": [OWN]}] == found["one-workers-small"]["ingress"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": JOBS_MODE},
        {"ownerReferences": [JOB]},
        {"labels": {"ray.io/job-submission-mode": "SidecarMode"}, "ownerReferences": [JOB]},
        {"labels": JOBS_MODE, "ownerReferences": [{**JOB, "controller": False}]},
        {"labels": JOBS_MODE, "ownerReferences": [{**JOB, "kind": "RayService"}]},
        {"labels": JOBS_MODE, "ownerReferences": [{**JOB, "apiVersion": "batch/v1"}]},
    ],
    ids=["no owner", "no label", "another mode", "not controlling", "another kind", "another group"],
)
def test_nobody_submits_to_a_cluster_that_no_job_controls(metadata: Json) -> None:
    assert [{"from": [OWN]}] == specs(ray_cluster({"mode": "DenyAll"}, **metadata))["one-head"]["ingress"]


@pytest.mark.parametrize(
    ("written", "port"),
    [("9000", 9000), ("+9000", 9000), ("", 8265), ("x", 8265), ("9_000", 8265), (" 9000", 8265), ("99999999999", 8265)],
)
def test_a_dashboard_port_is_read_as_go_reads_numbers(written: str, port: int) -> None:
    value = ray_cluster({})
    value["spec"]["headGroupSpec"]["rayStartParams"]["dashboard-port"] = written

    assert port == dashboard_port(value)


def test_without_the_field_there_is_nothing() -> None:
    absent = ray_cluster(None)
    del absent["spec"]["networkPolicy"]

    assert ([], []) == (made_by_kuberay(absent), made_by_kuberay(ray_cluster(None)))


def test_only_a_ray_cluster_of_v1_has_the_field() -> None:
    value = ray_cluster({"mode": "DenyAll"})

    assert [] == made_by_kuberay({**value, "apiVersion": "ray.io/v1alpha1"})
    assert [] == made_by_kuberay({**value, "kind": "RayService"})


def test_a_cluster_that_another_controller_manages_has_nothing() -> None:
    value = ray_cluster({"mode": "DenyAll"})

    assert 3 == len(made_by_kuberay({**value, "spec": value["spec"] | {"managedBy": "ray.io/kuberay-operator"}}))
    assert [] == made_by_kuberay({**value, "spec": value["spec"] | {"managedBy": "kueue.x-k8s.io/multikueue"}})


@pytest.mark.parametrize("provider", Provider)
def test_a_namespace_lets_in_by_name_who_asks_for_ports_that_kuberay_does_not_open(provider: Provider) -> None:
    tenant = Tenant("team-a", ("ray-a",), BOUNDS, network=Network(provider=provider))
    layer = {each["metadata"]["name"]: each["spec"] for each in static_layer(Platform(), tenant)}
    ports = {name: [each["port"] for each in layer[name]["ingress"][0]["ports"]] for name in LET_IN}

    by_name = {"rayfence-operator": ["dashboard"], "rayfence-monitoring": ["metrics"]}
    moved = by_name if provider is Provider.KUBERAY else {name: [] for name in LET_IN}
    assert {name: [*LET_IN[name], *moved[name]] for name in LET_IN} == ports


@pytest.mark.parametrize("backend", BACKENDS)
def test_nothing_of_rayfences_stands_beside_what_kuberay_makes(backend: str) -> None:
    tenant = Tenant("team-a", ("ray-a",), BOUNDS, network=Network(provider=Provider.KUBERAY))
    value = ray_cluster({"mode": "DenyAll"}, labels={"tenant": "team-a"})
    files = bundle.files(Config(Platform(), (tenant,)), [backend])

    assert [] == generated(Platform(), tenant, value)
    assert "rayfence-ray" not in "".join(files.values())
    assert "ray-a" not in files.get(f"{backend}/generate-network-policies.yaml", "")


def test_two_clusters_can_come_to_one_name() -> None:
    assert policy_names("x", ["y-workers-z"])[1] == policy_names("x-workers-y", ["z"])[1]
