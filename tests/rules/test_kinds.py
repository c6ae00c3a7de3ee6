"""The rules on every kind of Ray object, and on the pod that submits a job."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from rayfence.admission.evaluate import Evaluator
from rayfence.model.config import Config, Quota
from rayfence.rules import limit_total_resources
from rayfence.rules.shared import worst_case
from rayfence.workload import Request, Workload

from .objects import (
    PLATFORM,
    TEAM_A,
    TEAM_B,
    Json,
    broken,
    cluster,
    container,
    cron_job,
    group,
    job,
    pod,
    service,
    submitter,
)

CONFIG = Config(PLATFORM, (TEAM_A, TEAM_B))
JOBS = pytest.mark.parametrize(
    ("make", "place"), [(job, "spec"), (cron_job, "spec.jobTemplate")], ids=["RayJob", "RayCronJob"]
)


def said(value: Json, username: str = "") -> list[str]:
    return [f"{each.rule}: {each.path}" for each in Evaluator(CONFIG, Request(username)).violations(value)]


@pytest.mark.parametrize(
    "value",
    [
        service(cluster(group())),
        job(cluster(group()), submitterPodTemplate=submitter()),
        cron_job(cluster(group()), submitterPodTemplate=submitter()),
        job(None, clusterSelector={"ray.io/cluster": "shared"}, submitterPodTemplate=submitter()),
        *(job(cluster(group()), submissionMode=mode) for mode in ("HTTPMode", "InteractiveMode", "SidecarMode")),
    ],
    ids=lambda value: f"{value['kind']} {value['spec'].get('submissionMode', '')}",
)
def test_good_objects_of_every_kind_break_nothing(value: Json) -> None:
    assert [] == said(value)


@JOBS
@pytest.mark.parametrize("mode", [{}, {"submissionMode": "K8sJobMode"}, {"submissionMode": None}], ids=str)
@pytest.mark.parametrize("own", [cluster(group()), None], ids=["a cluster of its own", "another's cluster"])
def test_a_submitter_of_kuberays_own_is_on_nobodys_nodes(make: Any, place: str, mode: Json, own: Json | None) -> None:
    template = f"{place}.submitterPodTemplate"

    assert [
        f"require-pod-tenant-label: {template}.metadata.labels.tenant",
        f"require-tenant-nodes: {template}.spec.nodeSelector.tenant",
        f"require-tenant-toleration: {template}.spec.tolerations",
    ] == said(make(own, **mode))


@JOBS
@pytest.mark.parametrize(
    ("template", "violation"),
    [
        (submitter() | {"metadata": {}}, "require-pod-tenant-label: {}.metadata.labels.tenant"),
        (submitter(nodeSelector=None), "require-tenant-nodes: {}.spec.nodeSelector.tenant"),
        (submitter(nodeName="node-1"), "require-tenant-nodes: {}.spec.nodeName"),
        (submitter(tolerations=[]), "require-tenant-toleration: {}.spec.tolerations"),
        (
            submitter(tolerations=[*submitter()["spec"]["tolerations"], {"operator": "Exists"}]),
            "restrict-tolerations: {}.spec.tolerations[1].key",
        ),
        (
            submitter(containers=[container("ray-job-submitter", cpu="5")]),
            "limit-resources: {}.spec.containers[0].resources.limits.cpu",
        ),
        (
            submitter(initContainers=[container(memory="9Gi")]),
            "limit-resources: {}.spec.initContainers[0].resources.limits.memory",
        ),
        (submitter(resources={"limits": {"cpu": "1"}}), "limit-resources: {}.spec.resources"),
    ],
    ids=["label", "nodes", "nodeName", "toleration", "another toleration", "limits", "init container", "pod level"],
)
def test_a_submitter_is_judged_as_any_other_pod(make: Any, place: str, template: Json, violation: str) -> None:
    expected = violation.format(f"{place}.submitterPodTemplate")

    assert [expected] == said(make(cluster(), submitterPodTemplate=template))


@pytest.mark.parametrize(
    ("make", "place"),
    [
        (service, "spec.rayClusterConfig"),
        (lambda own: job(own, submitterPodTemplate=submitter()), "spec.rayClusterSpec"),
        (lambda own: cron_job(own, submitterPodTemplate=submitter()), "spec.jobTemplate.rayClusterSpec"),
    ],
    ids=["RayService", "RayJob", "RayCronJob"],
)
def test_only_the_last_worker_group_of_an_embedded_cluster_may_be_wrong(make: Any, place: str) -> None:
    wrong = group(pod(nodeSelector={}), labels={"tenant": "team-b"})

    assert [
        f"require-pod-tenant-label: {place}.workerGroupSpecs[1].labels.tenant",
        f"require-tenant-nodes: {place}.workerGroupSpecs[1].template.spec.nodeSelector.tenant",
    ] == said(make(cluster(group(), wrong)))


@pytest.mark.parametrize(
    "decoy",
    [
        cluster(group())["spec"],
        {"rayClusterConfig": cluster()["spec"]},
        {"jobTemplate": {"rayClusterSpec": cluster()["spec"]}},
    ],
    ids=["groups", "a service's cluster", "a job template"],
)
def test_a_good_decoy_hides_nothing(decoy: Json) -> None:
    wrong = cluster(group(pod(nodeSelector={})))
    value = job(wrong, submitterPodTemplate=submitter(), **decoy)

    assert ["require-tenant-nodes: spec.rayClusterSpec.workerGroupSpecs[0].template.spec.nodeSelector.tenant"] == said(
        value
    )


def test_a_bad_decoy_breaks_nothing() -> None:
    wrong = cluster(group(pod(nodeSelector={})))["spec"]

    assert [] == said(cluster(group(), rayClusterSpec=wrong, submitterPodTemplate={}))
    assert [] == said(job(cluster(group()), submitterPodTemplate=submitter(), **wrong))


# --- what a job counts ------------------------------------------------------------------------------------------------


def totals(value: Json) -> dict[str, Decimal]:
    return dict(worst_case.totals(Workload(value)))


def more(value: Json, than: Json) -> dict[str, Decimal]:
    """What one object comes to beyond another."""
    first, second = totals(value), totals(than)
    return {resource: first[resource] - second[resource] for resource in first if first[resource] != second[resource]}


OWN = cluster(group(pod(containers=[container(cpu="2")]), maxReplicas=3))
GIB = 1024**3


def test_a_cluster_counts_the_same_wherever_it_is_embedded() -> None:
    assert {"cpu": 7, "memory": 8 * GIB, "accelerators": 0, "workers": 3} == totals(OWN)
    assert totals(OWN) == totals(service(OWN))


@JOBS
def test_a_submitter_counts_once_and_is_no_worker(make: Any, place: str) -> None:
    template = submitter(containers=[container("ray-job-submitter", cpu="3", memory="4Gi")])

    assert {"cpu": 3, "memory": 4 * GIB} == more(make(OWN, submitterPodTemplate=template), OWN)
    assert {"cpu": 3, "memory": 4 * GIB, "accelerators": 0, "workers": 0} == totals(
        make(None, submitterPodTemplate=template)
    )


@JOBS
def test_a_submitter_beside_the_head_counts_by_kuberays_own_limits(make: Any, place: str) -> None:
    assert {"cpu": 1, "memory": GIB} == more(make(OWN, submissionMode="SidecarMode"), OWN)


@JOBS
@pytest.mark.parametrize("mode", ["HTTPMode", "InteractiveMode"])
def test_without_a_submitter_there_is_nothing_more_to_count(make: Any, place: str, mode: str) -> None:
    assert {} == more(make(OWN, submissionMode=mode), OWN)


def test_only_jobs_have_a_submitter_to_count() -> None:
    assert {} == more(cluster(*OWN["spec"]["workerGroupSpecs"], submissionMode="SidecarMode"), OWN)


@JOBS
def test_no_history_collector_runs_beside_a_submitter(make: Any, place: str) -> None:
    options = {"collectorOptions": {"resources": {"limits": {"cpu": "1"}}}}
    collected = cluster(*OWN["spec"]["workerGroupSpecs"], historyServerOptions=options)

    assert {"cpu": 4} == more(collected, OWN)
    assert {"cpu": 4} == more(
        make(collected, submitterPodTemplate=submitter()), make(OWN, submitterPodTemplate=submitter())
    )


@JOBS
def test_an_autoscaler_counts_in_an_embedded_cluster(make: Any, place: str) -> None:
    scaled = cluster(*OWN["spec"]["workerGroupSpecs"], enableInTreeAutoscaling=True)
    beside = {"enableInTreeAutoscaling": True, "submissionMode": "HTTPMode"}

    assert {"cpu": Decimal("0.5"), "memory": GIB // 2} == more(make(scaled, submissionMode="HTTPMode"), OWN)
    assert {} == more(make(OWN, **beside), OWN)


@JOBS
def test_a_submitter_may_be_what_passes_the_quota(make: Any, place: str) -> None:
    exactly, short = (replace(TEAM_A, quota=Quota(cpu=cpu)) for cpu in ("8", "7999m"))
    value = make(OWN, submitterPodTemplate=submitter())

    assert [] == broken(limit_total_resources, value, exactly)
    assert [f"[{limit_total_resources.ID}] spec"] == broken(limit_total_resources, value, short)


# --- what the operator writes -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("username", "expected"),
    [
        (PLATFORM.operator.username, []),
        ("somebody", ["require-tenant-label: metadata.labels.tenant"]),
        ("", ["require-tenant-label: metadata.labels.tenant"]),
    ],
    ids=["the operator", "somebody", "nobody"],
)
def test_a_job_made_for_a_cron_job_lacks_the_label(username: str, expected: list[str]) -> None:
    value = job(cluster(group()), submitterPodTemplate=submitter())
    value["metadata"] = {"name": "one", "namespace": "ray-a", "labels": {"ray.io/cronjob-name": "nightly"}}

    assert expected == said(value, username)


def test_nothing_else_is_excused_where_the_operator_writes() -> None:
    value = job(cluster(group(pod(nodeSelector={}))))

    assert [
        "require-pod-tenant-label: spec.submitterPodTemplate.metadata.labels.tenant",
        "require-tenant-nodes: spec.rayClusterSpec.workerGroupSpecs[0].template.spec.nodeSelector.tenant",
        "require-tenant-nodes: spec.submitterPodTemplate.spec.nodeSelector.tenant",
        "require-tenant-toleration: spec.submitterPodTemplate.spec.tolerations",
    ] == said(value, PLATFORM.operator.username)
