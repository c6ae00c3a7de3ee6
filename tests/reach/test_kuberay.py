"""What KubeRay makes of Ray objects: which pods, with which labels, in whose name."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.cases.good import ray_object
from rayfence.model.config import Platform, Tenant
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import CreatedPod, KubeRayObjects, created_from
from rayfence.workload import KINDS, Malformed

from .three import BOUNDS

TEAM = Tenant("team-a", ("ray-a",), BOUNDS)
KIND = {kind.name: kind for kind in KINDS}


def good(kind: str) -> dict[str, Any]:
    return ray_object(KIND[kind], Platform(), TEAM)


def pods(found: KubeRayObjects) -> list[CreatedPod]:
    return [*(found.cluster.pods if found.cluster else ()), *([found.submitter] if found.submitter else [])]


def labels(found: KubeRayObjects, role: Role) -> dict[str, str]:
    return dict(next(pod for pod in pods(found) if pod.role is role).labels)


@pytest.mark.parametrize(
    ("kind", "cluster", "submitter"),
    [
        ("RayCluster", "good", None),
        ("RayJob", "good-aaaaa", "good-submitter"),
        ("RayService", "good-aaaaa", None),
        ("RayCronJob", "good-aaaaa-aaaaa", "good-aaaaa-submitter"),
    ],
)
def test_every_kind_becomes_a_cluster_and_a_job_its_submitter(kind: str, cluster: str, submitter: str | None) -> None:
    found = created_from(good(kind))

    workers = [f"{cluster}-{group}-worker-{number}" for group in ("first", "middle", "last") for number in (0, 1)]
    assert [f"{cluster}-head", *workers, *([submitter] if submitter else [])] == [pod.name for pod in pods(found)]


def test_a_group_that_is_one_pod_for_ever_is_one_pod() -> None:
    cluster = good("RayCluster")
    cluster["spec"]["workerGroupSpecs"] = [
        {**cluster["spec"]["workerGroupSpecs"][0], "maxReplicas": most, "numOfHosts": hosts}
        for most, hosts in ((1, 1), (1, 2), (2, 1))
    ]

    assert 1 + 1 + 2 + 2 == len(pods(created_from(cluster)))


def test_kuberays_own_labels_win_and_is_ray_node_does_not() -> None:
    cluster = good("RayCluster")
    mine = {"ray.io/cluster": "mine", "ray.io/node-type": "mine", "ray.io/group": "mine", "ray.io/is-ray-node": "no"}
    cluster["spec"]["headGroupSpec"]["template"]["metadata"]["labels"] = mine

    found = labels(created_from(cluster), Role.HEAD)

    assert ("good", "head", "headgroup", "no") == tuple(found[key] for key in mine)


def test_a_groups_labels_win_over_its_templates() -> None:
    cluster = good("RayCluster")
    cluster["spec"]["workerGroupSpecs"][0]["labels"] = {"tenant": "other"}

    assert "other" == labels(created_from(cluster), Role.WORKER)["tenant"]


def test_a_jobs_cluster_has_its_labels_and_is_owned_by_it() -> None:
    found = created_from(good("RayJob")).cluster
    assert found is not None
    metadata = found.manifest["metadata"]

    expected = {
        "tenant": "team-a",
        "ray.io/originated-from-cr-name": "good",
        "ray.io/originated-from-crd": "RayJob",
        "ray.io/job-submission-mode": "K8sJobMode",
    }
    assert expected == metadata["labels"]
    assert [("RayJob", "good", True)] == [(o["kind"], o["name"], o["controller"]) for o in metadata["ownerReferences"]]


def test_a_cron_jobs_job_has_none_of_its_labels() -> None:
    found = created_from(good("RayCronJob"))

    assert {"ray.io/cronjob-name": "good"} == found.objects[0]["metadata"]["labels"]
    assert "tenant" not in found.objects[1]["metadata"]["labels"]


def test_a_submitter_is_known_by_its_job() -> None:
    found = labels(created_from(good("RayJob")), Role.SUBMITTER)

    assert ("good", "RayJob") == (found["ray.io/originated-from-cr-name"], found["ray.io/originated-from-crd"])


@pytest.mark.parametrize("mode", ["HTTPMode", "SidecarMode", "InteractiveMode"])
def test_other_ways_to_submit_make_no_pod(mode: str) -> None:
    job = good("RayJob")
    job["spec"]["submissionMode"] = mode

    assert created_from(job).submitter is None


def test_a_job_may_run_on_a_cluster_that_is_there() -> None:
    job = good("RayJob")
    del job["spec"]["rayClusterSpec"]
    job["spec"]["clusterSelector"] = {"ray.io/cluster": "shared"}

    found = created_from(job)

    assert (None, "shared", "good-submitter") == (
        found.cluster,
        found.selects,
        found.submitter and found.submitter.name,
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [("8266", 8266), ("0", 8265), ("65536", 8265), ("x", 8265), ("²", 8265), ("", 8265), (None, 8265), (8266, 8265)],
)
def test_a_dashboard_is_where_the_start_parameters_put_it(written: Any, expected: int) -> None:
    cluster = good("RayCluster")
    cluster["spec"]["headGroupSpec"]["rayStartParams"]["dashboard-port"] = written

    found = created_from(cluster).cluster

    assert expected == (found and found.dashboard)


def test_named_ports_are_the_containers() -> None:
    cluster = good("RayCluster")
    ports = [{"name": "dash", "containerPort": 8266}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}, None]
    cluster["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["ports"] = ports
    cluster["spec"]["headGroupSpec"]["rayStartParams"]["metrics-export-port"] = "8081"

    head = pods(created_from(cluster))[0]

    assert {"metrics": 8081, "dash": 8266, "dns": 53} == head.ports
    assert {"dns": "UDP"} == head.protocols


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(Malformed):
        created_from({**good("RayCluster"), "spec": [1]})
