"""Each of KubeRay's kinds: where its cluster is, where its job is, and who submits it."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.workload import KINDS, SERVED, Malformed, Role, Workload

CLUSTER = {"headGroupSpec": {}, "workerGroupSpecs": [{}, {}]}
GROUPS = ("headGroupSpec", "workerGroupSpecs[0]", "workerGroupSpecs[1]")
EMBEDDED = {
    "RayJob": "spec.rayClusterSpec",
    "RayService": "spec.rayClusterConfig",
    "RayCronJob": "spec.jobTemplate.rayClusterSpec",
}
SUBMITTERS = {"RayJob": "spec.submitterPodTemplate", "RayCronJob": "spec.jobTemplate.submitterPodTemplate"}


def of_kind(kind: str, spec: Any) -> Workload:
    return Workload({"kind": kind, "metadata": {"namespace": "ray-a"}, "spec": spec})


def with_job(kind: str, **job: Any) -> Workload:
    """A RayJob with this spec, or a RayCronJob with this template of one."""
    return of_kind(kind, job if kind == "RayJob" else {"jobTemplate": job})


def sites(work: Workload) -> list[tuple[str, Role]]:
    return [(str(site.path), site.role) for site in work.sites]


def groups(path: str) -> list[tuple[str, Role]]:
    """The sites of CLUSTER where it stands at `path`."""
    roles = (Role.HEAD, Role.WORKER, Role.WORKER)
    return [(f"{path}.{group}.template", role) for group, role in zip(GROUPS, roles, strict=True)]


def test_all_that_kuberay_serves_is_known_and_nothing_else() -> None:
    assert {
        ("ray.io/v1", "RayCluster"),
        ("ray.io/v1alpha1", "RayCluster"),
        ("ray.io/v1", "RayJob"),
        ("ray.io/v1alpha1", "RayJob"),
        ("ray.io/v1", "RayService"),
        ("ray.io/v1alpha1", "RayService"),
        ("ray.io/v1", "RayCronJob"),
    } == set(SERVED)
    assert all(kind == served.name for (_, kind), served in SERVED.items())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_only_a_ray_cluster_is_itself_the_cluster(kind: Any) -> None:
    assert (kind.name == "RayCluster") == kind.is_cluster


# --- the cluster ------------------------------------------------------------------------------------------------------


def test_a_ray_service_has_a_head_and_workers_and_nobody_to_submit() -> None:
    work = of_kind("RayService", {"rayClusterConfig": CLUSTER, "submitterPodTemplate": {}})

    assert groups("spec.rayClusterConfig") == sites(work)


@pytest.mark.parametrize("kind", SUBMITTERS)
def test_a_job_has_a_head_workers_and_then_its_submitter(kind: str) -> None:
    work = with_job(kind, rayClusterSpec=CLUSTER, submitterPodTemplate={})

    assert [*groups(EMBEDDED[kind]), (SUBMITTERS[kind], Role.SUBMITTER)] == sites(work)


DECOY = {"headGroupSpec": {"labels": {"tenant": "decoy"}}, "workerGroupSpecs": [{}] * 5}
DECOYS: dict[str, Any] = {
    "rayClusterSpec": DECOY,
    "rayClusterConfig": DECOY,
    "jobTemplate": {"rayClusterSpec": DECOY, "submitterPodTemplate": {}},
    "submissionMode": "HTTPMode",
    **DECOY,
}


@pytest.mark.parametrize(
    ("kind", "spec", "place"),
    [
        ("RayCluster", {**DECOYS, **CLUSTER}, "spec"),
        ("RayJob", {**DECOYS, "rayClusterSpec": CLUSTER}, EMBEDDED["RayJob"]),
        ("RayService", {**DECOYS, "rayClusterConfig": CLUSTER}, EMBEDDED["RayService"]),
        (
            "RayCronJob",
            {**DECOYS, "jobTemplate": {**DECOYS, "rayClusterSpec": CLUSTER}},
            EMBEDDED["RayCronJob"],
        ),
    ],
    ids=["RayCluster", "RayJob", "RayService", "RayCronJob"],
)
def test_the_kind_says_where_the_cluster_is_and_fields_of_other_kinds_do_not(kind: str, spec: Any, place: str) -> None:
    assert groups(place) == sites(of_kind(kind, spec))


@pytest.mark.parametrize("kind", EMBEDDED)
@pytest.mark.parametrize("spec", [None, {}, "odd", DECOY], ids=["null", "nothing", "a text", "groups at the top"])
def test_without_an_embedded_cluster_there_are_no_groups(kind: str, spec: Any) -> None:
    work = of_kind(kind, spec)

    assert not work.has_cluster
    assert set() == {site.role for site in work.sites} - {Role.SUBMITTER}
    assert work.get("headGroupSpec") is None


@pytest.mark.parametrize("kind", EMBEDDED)
@pytest.mark.parametrize("cluster", [{}, "odd", {"headGroupSpec": None}], ids=str)
def test_an_embedded_cluster_always_has_a_head(kind: str, cluster: Any) -> None:
    *way, last = EMBEDDED[kind].split(".")[1:]
    work = of_kind(kind, {way[0]: {last: cluster}} if way else {last: cluster})

    assert work.has_cluster
    assert [f"{EMBEDDED[kind]}.headGroupSpec.template"] == [
        path for path, role in sites(work) if role is not Role.SUBMITTER
    ]


@pytest.mark.parametrize("spec", [None, {}, "odd"], ids=repr)
def test_a_ray_cluster_has_a_cluster_whatever_it_says(spec: Any) -> None:
    assert of_kind("RayCluster", spec).has_cluster


@pytest.mark.parametrize(
    ("kind", "spec", "where"),
    [
        ("RayJob", {"rayClusterSpec": []}, "spec.rayClusterSpec"),
        ("RayService", {"rayClusterConfig": [{}]}, "spec.rayClusterConfig"),
        ("RayCronJob", {"jobTemplate": [{"rayClusterSpec": CLUSTER}]}, "spec.jobTemplate"),
        ("RayJob", [{"rayClusterSpec": CLUSTER}], "spec"),
    ],
    ids=["a job's cluster", "a service's cluster", "a job template", "a spec"],
)
def test_a_list_where_a_cluster_or_job_belongs_is_malformed(kind: str, spec: Any, where: str) -> None:
    with pytest.raises(Malformed) as raised:
        _ = of_kind(kind, spec).sites

    assert where == str(raised.value.path)


@pytest.mark.parametrize("kind", EMBEDDED)
def test_what_the_operator_adds_is_sized_inside_the_embedded_cluster(kind: str) -> None:
    sized = {"autoscalerOptions": {"resources": {}}, "historyServerOptions": {"collectorOptions": {"resources": {}}}}
    *way, last = EMBEDDED[kind].split(".")[1:]
    spec = {**sized, way[0]: {**sized, last: sized}} if way else {**sized, last: sized}

    assert [
        f"{EMBEDDED[kind]}.autoscalerOptions",
        f"{EMBEDDED[kind]}.historyServerOptions.collectorOptions",
    ] == [str(option.path) for option in of_kind(kind, spec).options]


# --- the job ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SUBMITTERS)
def test_a_job_on_a_cluster_that_is_there_has_a_submitter_alone(kind: str) -> None:
    chosen = {"ray.io/cluster": "shared"}

    assert [(SUBMITTERS[kind], Role.SUBMITTER)] == sites(with_job(kind, clusterSelector=chosen))
    assert [(SUBMITTERS[kind], Role.SUBMITTER)] == sites(
        with_job(kind, clusterSelector=chosen, submitterPodTemplate={"spec": {}})
    )


@pytest.mark.parametrize("kind", SUBMITTERS)
@pytest.mark.parametrize("template", [{}, {"submitterPodTemplate": None}], ids=["left out", "null"])
@pytest.mark.parametrize("mode", [None, "", "K8sJobMode"], ids=repr)
def test_a_pod_of_kuberays_own_submits_where_nothing_else_is_said(kind: str, template: Any, mode: Any) -> None:
    work = with_job(kind, submissionMode=mode, **template)

    assert "K8sJobMode" == work.submission_mode
    assert [(SUBMITTERS[kind], Role.SUBMITTER)] == sites(work)
    assert [] == work.sites[0].containers("containers")


@pytest.mark.parametrize("kind", SUBMITTERS)
@pytest.mark.parametrize("mode", ["HTTPMode", "InteractiveMode", "SidecarMode"])
def test_in_other_modes_no_pod_submits(kind: str, mode: str) -> None:
    work = with_job(kind, rayClusterSpec=CLUSTER, submissionMode=mode)

    assert mode == work.submission_mode
    assert groups(EMBEDDED[kind]) == sites(work)


@pytest.mark.parametrize("kind", SUBMITTERS)
@pytest.mark.parametrize("mode", ["HTTPMode", "InteractiveMode", "SidecarMode", "k8sjobmode", 5, {}], ids=repr)
def test_a_template_counts_in_every_mode(kind: str, mode: Any) -> None:
    work = with_job(kind, submissionMode=mode, submitterPodTemplate={})

    assert [(SUBMITTERS[kind], Role.SUBMITTER)] == sites(work)


@pytest.mark.parametrize("kind", ["RayCluster", "RayService"])
def test_kinds_without_a_job_have_no_mode_and_no_submitter(kind: str) -> None:
    work = of_kind(kind, {"submissionMode": "SidecarMode", "submitterPodTemplate": {}})

    assert "" == work.submission_mode
    assert work.job("submissionMode") is None
    assert Role.SUBMITTER not in {site.role for site in work.sites}


def test_a_cron_jobs_mode_is_its_job_templates() -> None:
    work = of_kind("RayCronJob", {"submissionMode": "HTTPMode", "jobTemplate": {"submissionMode": "SidecarMode"}})

    assert "SidecarMode" == work.submission_mode


@pytest.mark.parametrize("kind", SUBMITTERS)
def test_a_submitters_label_is_its_templates_own(kind: str) -> None:
    labelled = {"metadata": {"labels": {"tenant": "a"}}, "labels": {"tenant": "b"}}
    (site,) = with_job(kind, labels={"tenant": "c"}, submitterPodTemplate=labelled).sites
    ((where, label),) = site.labels("tenant")

    assert (f"{SUBMITTERS[kind]}.metadata.labels.tenant", "a") == (str(where), label)


@pytest.mark.parametrize("kind", SUBMITTERS)
def test_a_submitters_containers_are_containers(kind: str) -> None:
    template = {"spec": {"containers": [{"name": "ray-job-submitter"}], "initContainers": [{}]}}
    found = list(with_job(kind, submitterPodTemplate=template).containers())

    assert [
        (f"{SUBMITTERS[kind]}.spec.containers[0]", True),
        (f"{SUBMITTERS[kind]}.spec.initContainers[0]", False),
    ] == [(str(container.path), container.injected) for container in found]


def test_a_list_in_a_submitters_place_is_malformed() -> None:
    (site,) = with_job("RayJob", submitterPodTemplate=[]).sites

    with pytest.raises(Malformed, match=r"^spec\.submitterPodTemplate: "):
        site.get("nodeName")
