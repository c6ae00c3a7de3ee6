"""Every container asks for cpu and memory within its tenant's bounds (here 1 to 4 cpus, 2Gi to 8Gi)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Bounds, Container, Tenant
from rayfence.rules import limit_resources
from rayfence.workload import INJECTED

from .objects import (
    HEAD,
    TEAM_A,
    WORKERS,
    Json,
    broken,
    cluster,
    container,
    cron_job,
    group,
    job,
    pod,
    service,
    told,
)

ID = limit_resources.ID
FIRST = f"{HEAD}.template.spec.containers[0].resources"


def at(*places: str) -> list[str]:
    return [f"[{ID}] {place}" for place in places]


def head_with(**resources: Any) -> Json:
    return cluster(head=pod(containers=[{"name": "ray", "resources": resources}]))


def amounts(side: str, resource: str, amount: Any) -> Json:
    value = cluster(head=pod(containers=[container()]))
    given = value["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"]
    # The other side leaves room in both directions.
    given["requests"] |= {"cpu": "1", "memory": "2Gi"}
    given["limits"] |= {"cpu": "4", "memory": "8Gi"}
    given[side][resource] = amount
    return value


@pytest.mark.parametrize("resources", [None, {}, "large", 5, {"requests": None, "limits": {}}], ids=str)
def test_all_four_amounts_must_be_there(resources: Any) -> None:
    value = cluster(head=pod(containers=[{"name": "ray", "resources": resources}]))

    assert at(
        f"{FIRST}.requests.cpu", f"{FIRST}.limits.cpu", f"{FIRST}.requests.memory", f"{FIRST}.limits.memory"
    ) == broken(limit_resources, value)


@pytest.mark.parametrize("side", ["requests", "limits"])
@pytest.mark.parametrize("resource", ["cpu", "memory"])
@pytest.mark.parametrize("amount", [None, "", True, [], {}, {"amount": "1"}], ids=repr)
def test_an_amount_that_says_nothing_is_missing(side: str, resource: str, amount: object) -> None:
    assert at(f"{FIRST}.{side}.{resource}") == broken(limit_resources, amounts(side, resource, amount))


@pytest.mark.parametrize(
    ("resource", "amount"),
    [
        ("cpu", 4),
        ("cpu", 1.5),
        ("cpu", "4.0"),
        ("cpu", "4000m"),
        ("cpu", "4e0"),
        ("cpu", "4000000000n"),
        ("cpu", "+4"),
        ("cpu", "00004"),
        ("memory", 8589934592),
        ("memory", 8e9),
        ("memory", "8192Mi"),
        ("memory", "8G"),
        ("memory", "8E9"),
        ("memory", "8589934592000m"),
    ],
)
def test_a_limit_up_to_the_maximum_is_right_in_any_spelling(resource: str, amount: object) -> None:
    assert [] == broken(limit_resources, amounts("limits", resource, amount))


@pytest.mark.parametrize(
    ("resource", "amount"),
    [
        ("cpu", 5),
        ("cpu", 4.001),
        ("cpu", "4001m"),
        ("cpu", "4000000001n"),
        ("cpu", "4.0000000001"),
        ("cpu", "999"),
        ("memory", 8589934593),
        ("memory", "8Gi1"),
        ("memory", "35e9"),
        ("memory", "1E"),
        ("memory", "9G"),
        ("memory", "1e999999999"),
        ("cpu", "4 cores"),
        ("cpu", "0x4"),
        ("cpu", "1_0"),
        ("cpu", "٤"),
        ("cpu", "1 | 400"),
        ("cpu", "{{ request.object }}"),
        ("cpu", "NaN"),
        ("cpu", "inf"),
    ],
)
def test_a_limit_above_the_maximum_or_no_quantity_is_a_violation(resource: str, amount: object) -> None:
    assert at(f"{FIRST}.limits.{resource}") == broken(limit_resources, amounts("limits", resource, amount))


@pytest.mark.parametrize(
    ("resource", "amount"),
    [("cpu", "1000m"), ("cpu", 1), ("memory", "2048Mi"), ("memory", 2147483648), ("memory", "3G")],
)
def test_a_request_from_the_minimum_on_is_right(resource: str, amount: object) -> None:
    assert [] == broken(limit_resources, amounts("requests", resource, amount))


@pytest.mark.parametrize(
    ("resource", "amount"),
    [("cpu", "999m"), ("cpu", 0), ("cpu", -1), ("cpu", "-1"), ("cpu", "1n"), ("memory", "2G"), ("memory", 2147483647)],
)
def test_a_request_below_the_minimum_is_a_violation(resource: str, amount: object) -> None:
    assert at(f"{FIRST}.requests.{resource}") == broken(limit_resources, amounts("requests", resource, amount))


def test_a_request_above_its_limit_is_a_violation() -> None:
    value = head_with(requests={"cpu": "2001m", "memory": "2Gi"}, limits={"cpu": "2", "memory": "2Gi"})

    assert at(f"{FIRST}.requests.cpu") == broken(limit_resources, value)
    assert ["2001m is above its limit 2"] == told(limit_resources, value)


def test_people_read_what_was_found_and_what_is_allowed() -> None:
    value = head_with(requests={"cpu": "500m"}, limits={"cpu": "5", "memory": "8 GB"})

    assert {
        "500m is below the minimum of team-a, 1",
        "5 is above the maximum of team-a, 4",
        "is missing, allowed is 2Gi to 8Gi",
        "8 GB is not a quantity, allowed is 2Gi to 8Gi",
    } == set(told(limit_resources, value))


def test_every_container_of_every_template_is_bounded() -> None:
    large = container(cpu="5")
    value = cluster(
        group(pod(containers=[container(), large])),
        group(pod(initContainers=[container(), large])),
        head=pod(initContainers=[large | {"restartPolicy": "Always"}]),
    )

    assert at(
        f"{HEAD}.template.spec.initContainers[0].resources.limits.cpu",
        f"{WORKERS.format(0)}.template.spec.containers[1].resources.limits.cpu",
        f"{WORKERS.format(1)}.template.spec.initContainers[1].resources.limits.cpu",
    ) == broken(limit_resources, value)


def test_a_group_that_runs_nothing_is_bounded_too() -> None:
    idle = group(pod(containers=[container(memory="9Gi")]), replicas=0, maxReplicas=0, suspend=True)

    assert at(f"{WORKERS.format(0)}.template.spec.containers[0].resources.limits.memory") == broken(
        limit_resources, cluster(idle)
    )


@pytest.mark.parametrize("name", INJECTED)
def test_what_the_operator_injects_may_stay_below_the_minimum(name: str) -> None:
    value = cluster(head=pod(containers=[container(), container(name, cpu="50m", memory="64Mi")]))

    assert [] == broken(limit_resources, value)


@pytest.mark.parametrize("name", INJECTED)
def test_what_the_operator_injects_may_not_pass_the_maximum(name: str) -> None:
    value = cluster(head=pod(containers=[container(name, cpu="50m", memory="9Gi")]))

    assert at(f"{FIRST}.limits.memory") == broken(limit_resources, value)


@pytest.mark.parametrize("name", ["autoscaler-2", "my-autoscaler", "Autoscaler", "", None, 5, ["autoscaler"]], ids=repr)
def test_a_name_that_only_looks_like_the_operators_excuses_nothing(name: Any) -> None:
    value = cluster(head=pod(containers=[container(name, cpu="999m")]))

    assert at(f"{FIRST}.requests.cpu") == broken(limit_resources, value)


@pytest.mark.parametrize("side", ["requests", "limits"])
def test_huge_pages_are_refused(side: str) -> None:
    assert at(f"{FIRST}.{side}") == broken(limit_resources, amounts(side, "hugepages-2Mi", "4Mi"))


@pytest.mark.parametrize("resource", ["ephemeral-storage", "nvidia.com/gpu", "hugepages"])
def test_other_resources_are_not_bounded_here(resource: str) -> None:
    assert [] == broken(limit_resources, amounts("limits", resource, "1"))


def test_claims_on_devices_are_refused() -> None:
    claimed = container() | {"resources": container()["resources"] | {"claims": [{"name": "gpu"}]}}
    value = cluster(head=pod(containers=[claimed], resourceClaims=[{"name": "gpu"}]))

    assert at(f"{FIRST}.claims", f"{HEAD}.template.spec.resourceClaims") == broken(limit_resources, value)


def test_resources_of_a_pod_as_a_whole_are_refused() -> None:
    value = cluster(group(pod(resources={"limits": {"cpu": "1"}})))

    assert at(f"{WORKERS.format(0)}.template.spec.resources") == broken(limit_resources, value)


@pytest.mark.parametrize("nothing", [None, {}, []], ids=repr)
def test_what_is_empty_claims_nothing(nothing: Any) -> None:
    quiet = container() | {"resources": container()["resources"] | {"claims": [] if nothing == {} else nothing}}

    assert [] == broken(
        limit_resources, cluster(head=pod(containers=[quiet], resources=nothing, resourceClaims=nothing))
    )


SMALL = {"requests": {"cpu": "1m", "memory": "1Mi"}, "limits": {"cpu": "1m", "memory": "1Mi"}}


@pytest.mark.parametrize(
    "options", [{}, None, {"resources": None}, {"resources": SMALL}, {"version": "v2", "resources": SMALL}], ids=str
)
def test_an_autoscaler_may_be_small(options: Any) -> None:
    assert [] == broken(limit_resources, cluster(autoscalerOptions=options, enableInTreeAutoscaling=True))


@pytest.mark.parametrize("enabled", [True, False, None])
def test_an_autoscaler_is_bounded_whether_it_runs_or_not(enabled: object) -> None:
    options = {"resources": SMALL | {"limits": {"cpu": "5", "memory": "1Mi"}}}
    value = cluster(autoscalerOptions=options, enableInTreeAutoscaling=enabled)

    assert at("spec.autoscalerOptions.resources.limits.cpu") == broken(limit_resources, value)


def test_a_history_collector_is_bounded() -> None:
    options = {"collectorOptions": {"resources": {"limits": {"memory": "1Mi", "cpu": "1m"}}}}
    path = "spec.historyServerOptions.collectorOptions.resources"

    assert at(f"{path}.requests.cpu", f"{path}.requests.memory") == broken(
        limit_resources, cluster(historyServerOptions=options)
    )


def test_what_ray_is_told_binds_nobody() -> None:
    value = cluster(group(resources={"CPU": "512"}, rayStartParams={"num-cpus": "512"}))

    assert [] == broken(limit_resources, value)


@pytest.mark.parametrize("name", INJECTED)
@pytest.mark.parametrize("resource", ["cpu", "memory"])
def test_a_limit_of_zero_is_no_limit_whatever_the_containers_name(name: str, resource: str) -> None:
    value = cluster(head=pod(containers=[container(name, **{resource: "0"})]))

    assert at(f"{FIRST}.limits.{resource}") == broken(limit_resources, value)


def test_an_autoscaler_without_end_is_refused() -> None:
    value = cluster(autoscalerOptions={"resources": {side: {"cpu": 0, "memory": 0} for side in ("requests", "limits")}})
    limits = "spec.autoscalerOptions.resources.limits"

    assert at(f"{limits}.cpu", f"{limits}.memory") == broken(limit_resources, value)


@pytest.mark.parametrize("none", [None, [], "absent"])
def test_a_template_without_a_container_is_refused(none: object) -> None:
    empty = pod(containers=none)
    if none == "absent":
        del empty["spec"]["containers"]
    value = job(cluster(group(empty), head=empty), submitterPodTemplate=empty)
    paths = (
        "rayClusterSpec.headGroupSpec.template",
        "rayClusterSpec.workerGroupSpecs[0].template",
        "submitterPodTemplate",
    )

    assert [f"[{ID}] spec.{path}.spec.containers" for path in paths] == broken(limit_resources, value)


def test_of_a_submitter_that_is_missing_other_rules_tell() -> None:
    assert [] == broken(limit_resources, job(cluster()))


# --- what KubeRay adds by itself --------------------------------------------------------------------------------------


def below(cpu: str, memory: str) -> Tenant:
    return replace(TEAM_A, container=Container(Bounds("1m", cpu), Bounds("1", memory)))


BARE = cluster(head=pod(containers=[container(cpu="1m", memory="1Mi")]))
ADDED = [
    ({"enableInTreeAutoscaling": True}, "enableInTreeAutoscaling", "500m", "512Mi"),
    (
        {"historyServerOptions": {"collectorOptions": {"image": "c"}}},
        "historyServerOptions.collectorOptions",
        "200m",
        "256Mi",
    ),
]


@pytest.mark.parametrize(("fields", "place", "cpu", "memory"), ADDED, ids=["autoscaler", "collector"])
def test_what_kuberay_adds_fits_under_the_maximum(fields: Json, place: str, cpu: str, memory: str) -> None:
    """Or `guard-pods` would refuse the pods that KubeRay makes with it."""
    value = {**BARE, "spec": BARE["spec"] | fields}
    more, less = "1", "1Mi"

    assert [] == broken(limit_resources, value, below(cpu, memory))
    assert [f"[limit-resources] spec.{place}"] == broken(limit_resources, value, below("1m", memory))
    assert [f"[limit-resources] spec.{place}"] == broken(limit_resources, value, below(more, less))
    assert [f"[limit-resources] spec.rayClusterConfig.{place}"] == broken(
        limit_resources, service(value), below(more, less)
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"enableInTreeAutoscaling": False},
        {"autoscalerOptions": {}},
        {"historyServerOptions": {}},
        {"historyServerOptions": {"collectorOptions": None}},
    ],
    ids=str,
)
def test_what_is_not_asked_for_is_not_added(fields: Json) -> None:
    assert [] == broken(limit_resources, {**BARE, "spec": BARE["spec"] | fields}, below("1m", "1Mi"))


def test_what_is_sized_is_bounded_as_it_is() -> None:
    tiny = {"resources": {side: {"cpu": "1m", "memory": "1Mi"} for side in ("requests", "limits")}}
    fields = {
        "enableInTreeAutoscaling": True,
        "autoscalerOptions": tiny,
        "historyServerOptions": {"collectorOptions": tiny},
    }

    assert [] == broken(limit_resources, {**BARE, "spec": BARE["spec"] | fields}, below("1m", "1Mi"))


@pytest.mark.parametrize(("make", "place"), [(job, "spec"), (cron_job, "spec.jobTemplate")], ids=["job", "cron job"])
def test_a_submitter_beside_the_head_fits_under_the_maximum(make: Any, place: str) -> None:
    beside, alone = make(BARE, submissionMode="SidecarMode"), make(BARE, submissionMode="HTTPMode")
    said = [f"[limit-resources] {place}.submissionMode"]

    assert [] == broken(limit_resources, beside, below("1", "1Gi"))
    assert said == broken(limit_resources, beside, below("999m", "1Gi"))
    assert said == broken(limit_resources, beside, below("1", "1073741823"))
    assert said * 2 == broken(limit_resources, beside, below("1m", "1Mi"))
    assert [] == broken(limit_resources, alone, below("1m", "1Mi"))


def test_people_read_what_kuberay_adds_and_what_to_write() -> None:
    value = job({**BARE, "spec": BARE["spec"] | {"enableInTreeAutoscaling": True}}, submissionMode="SidecarMode")

    assert [
        "KubeRay adds memory 512Mi, above the maximum of team-a, 1Mi; write autoscalerOptions.resources",
        "KubeRay adds memory 1Gi, above the maximum of team-a, 1Mi; use K8sJobMode with a submitterPodTemplate",
    ] == told(limit_resources, value, below("1", "1Mi"))
