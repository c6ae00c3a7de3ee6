"""The worst case of one Ray object stays within its tenant's quota."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Quota, Tenant
from rayfence.rules import limit_total_resources
from rayfence.workload import Request, Workload

from .objects import (
    PLATFORM,
    TEAM_A,
    TEAM_B,
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

ID = limit_total_resources.ID
TOO_MUCH = f"[{ID}] spec"


def at(*places: str) -> list[str]:
    return [f"[{ID}] {place}" for place in places]


def limited(**limits: Any) -> Json:
    """A container with these limits; `gpu` is nvidia.com/gpu, and so on."""
    return {"name": "ray", "resources": {"limits": {_name(key): value for key, value in limits.items()}}}


def _name(key: str) -> str:
    return {"gpu": "nvidia.com/gpu", "mig": "nvidia.com/mig-1g.5gb", "tpu": "google.com/tpu"}.get(key, key)


def workers(*containers: Json, inits: list[Json] | None = None, **fields: Any) -> Json:
    return group(pod(containers=[*containers], initContainers=inits), **({"maxReplicas": 1} | fields))


def quota(**limits: Any) -> Tenant:
    return replace(TEAM_B, quota=Quota(**limits))


def within(tenant: Tenant, *groups: Json, head: Json | None = None, **spec: Any) -> list[str]:
    return broken(limit_total_resources, cluster(*groups, head=head or pod(containers=[]), **spec), tenant)


@pytest.mark.parametrize(
    ("tenant", "limits"),
    [
        (quota(cpu="8"), {"cpu": "2"}),
        (quota(cpu="8000m"), {"cpu": 2}),
        (quota(cpu="2280m"), {"cpu": "570m"}),
        (quota(memory="8Gi"), {"memory": "2048Mi"}),
        (quota(memory="8e9"), {"memory": "2G"}),
        (quota(accelerators=4), {"gpu": 1}),
        (quota(accelerators=4), {"mig": "1"}),
        (quota(workers=4), {}),
    ],
    ids=str,
)
def test_four_workers_may_come_exactly_to_the_quota_and_five_may_not(tenant: Tenant, limits: Json) -> None:
    assert [] == within(tenant, workers(limited(**limits), maxReplicas=4))
    assert [TOO_MUCH] == within(tenant, workers(limited(**limits), maxReplicas=5))


def test_a_thousand_times_570m_is_570_and_not_a_hair_more() -> None:
    group = workers(limited(cpu="570m"), maxReplicas=1000)

    assert [] == within(quota(cpu="570"), group)
    assert [TOO_MUCH] == within(quota(cpu="569999m"), group)


def test_replicas_are_multiplied_by_hosts() -> None:
    assert [] == within(quota(workers=16), workers(maxReplicas=4, numOfHosts=4))
    assert [TOO_MUCH] == within(quota(workers=16), workers(maxReplicas=4, numOfHosts=5))
    assert [TOO_MUCH] == within(quota(cpu="16"), workers(limited(cpu="1"), maxReplicas=17, numOfHosts=1))


def test_groups_head_and_containers_add_up() -> None:
    head = pod(containers=[limited(cpu="1"), limited(cpu="1")])
    groups = [workers(limited(cpu="2"), limited(cpu="1")), workers(limited(cpu="3"))]

    assert [] == within(quota(cpu="8"), *groups, head=head)
    assert [TOO_MUCH] == within(quota(cpu="7999m"), *groups, head=head)


def test_the_head_is_no_worker() -> None:
    assert [] == within(quota(workers=0), workers(maxReplicas=0))
    assert [TOO_MUCH] == within(quota(workers=0), workers())


@pytest.mark.parametrize("most", [{}, {"maxReplicas": None}], ids=str)
def test_without_max_replicas_a_group_may_grow_without_end(most: Json) -> None:
    endless = group(pod(containers=[limited(cpu="1m")])) | most

    assert [TOO_MUCH] == within(quota(workers=2147483646), endless)
    assert [] == within(quota(workers=2147483647), endless)
    assert [] == within(TEAM_A, endless)


def test_min_replicas_count_where_they_are_more() -> None:
    assert [TOO_MUCH] == within(quota(workers=16), workers(minReplicas=17, maxReplicas=1))
    assert [] == within(quota(workers=16), workers(minReplicas=3, maxReplicas=16))


@pytest.mark.parametrize("key", ["maxReplicas", "minReplicas", "numOfHosts"])
@pytest.mark.parametrize("value", [-1, -0.5, "1", "many", True, [], {}, 2147483648, 2**63], ids=repr)
def test_a_factor_is_a_number_that_32_bits_hold(key: str, value: object) -> None:
    wrong = workers(**({"maxReplicas": 0} | {key: value}))

    assert at(f"{WORKERS.format(0)}.{key}") == within(TEAM_A, wrong)


@pytest.mark.parametrize("value", [0, 1, 16, None])
@pytest.mark.parametrize("key", ["maxReplicas", "minReplicas"])
def test_a_plain_number_is_right(key: str, value: object) -> None:
    assert [] == within(TEAM_A, workers(**({"maxReplicas": 0} | {key: value})))


@pytest.mark.parametrize("value", [1, 1.5, 16, None])
def test_a_replica_has_a_host(value: object) -> None:
    assert [] == within(TEAM_A, workers(maxReplicas=0, numOfHosts=value))


@pytest.mark.parametrize("value", [0, 0.0, 0.5])
def test_a_replica_without_a_host_counts_nothing_until_a_write_drops_the_field(value: object) -> None:
    """ray.io/v1alpha1 has no `numOfHosts`: what is written through it has one host."""
    endless: Json = {"maxReplicas": 2147483647, "replicas": 1000}

    assert at(f"{WORKERS.format(0)}.numOfHosts") == within(TEAM_A, workers(numOfHosts=value, **endless))
    assert [TOO_MUCH] == within(quota(workers=16), workers(**endless))


def test_a_negative_factor_makes_no_room_for_others() -> None:
    large, negative = workers(maxReplicas=17), workers(maxReplicas=10, numOfHosts=-1)

    assert at(f"{WORKERS.format(1)}.numOfHosts", "spec") == within(quota(workers=16), large, negative)


def test_two_negatives_are_wrong_twice() -> None:
    places = at(f"{WORKERS.format(0)}.maxReplicas", f"{WORKERS.format(0)}.numOfHosts")

    assert places == within(quota(workers=0), workers(maxReplicas=-2, numOfHosts=-2))


@pytest.mark.parametrize(("most", "hosts"), [(65536, 65536), (65536, 32768), (2147483646, 2)])
def test_factors_that_overflow_32_bits_are_refused_without_a_quota(most: int, hosts: int) -> None:
    assert at(f"{WORKERS.format(0)}.numOfHosts") == within(TEAM_A, workers(maxReplicas=most, numOfHosts=hosts))


def test_the_largest_product_that_does_not_overflow_is_right() -> None:
    assert [] == within(TEAM_A, workers(maxReplicas=1, numOfHosts=2147483647))


def test_init_containers_run_one_after_another() -> None:
    starting = [limited(cpu="4"), limited(cpu="4")]

    assert [] == within(quota(cpu="4"), workers(limited(cpu="4"), inits=starting))
    assert [TOO_MUCH] == within(quota(cpu="4"), workers(limited(cpu="1"), inits=[*starting, limited(cpu="4001m")]))


def test_a_sidecar_that_is_an_init_container_runs_beside_the_rest() -> None:
    sidecar = limited(cpu="1") | {"restartPolicy": "Always"}

    assert [] == within(quota(cpu="5"), workers(limited(cpu="4"), inits=[sidecar]))
    assert [TOO_MUCH] == within(quota(cpu="4"), workers(limited(cpu="4"), inits=[sidecar]))


def test_an_init_container_counts_with_the_sidecars_started_before_it() -> None:
    sidecar, start = limited(cpu="1") | {"restartPolicy": "Always"}, limited(cpu="4")

    assert [TOO_MUCH] == within(quota(cpu="4"), workers(limited(cpu="1"), inits=[sidecar, start]))
    assert [] == within(quota(cpu="4"), workers(limited(cpu="1"), inits=[start, sidecar]))


def test_an_autoscaler_counts_where_it_runs() -> None:
    head = pod(containers=[limited(cpu="1", memory="1Gi")])

    assert [] == within(quota(cpu="1500m"), head=head, enableInTreeAutoscaling=True)
    assert [TOO_MUCH] == within(quota(cpu="1499m"), head=head, enableInTreeAutoscaling=True)
    assert [TOO_MUCH] == within(quota(memory="1Gi"), head=head, enableInTreeAutoscaling=True)
    assert [] == within(quota(cpu="1"), head=head, enableInTreeAutoscaling=False)


def test_an_autoscaler_counts_by_the_size_it_is_given() -> None:
    sized = {"autoscalerOptions": {"resources": {"limits": {"cpu": "2"}}}, "enableInTreeAutoscaling": True}

    assert [] == within(quota(cpu="2"), **sized)
    assert [TOO_MUCH] == within(quota(cpu="1999m"), **sized)
    assert [] == within(quota(cpu="0"), **(sized | {"enableInTreeAutoscaling": None}))


@pytest.mark.parametrize("options", [{}, {"image": "c"}, {"resources": None}], ids=str)
def test_a_history_collector_without_a_size_counts_by_kuberays(options: Json) -> None:
    collecting = {"historyServerOptions": {"collectorOptions": options}}
    three, head = workers(limited(cpu="1", memory="1Gi"), maxReplicas=3), pod(containers=[limited(cpu="1")])

    assert [] == within(quota(cpu="4800m"), three, head=head, **collecting)
    assert [TOO_MUCH] == within(quota(cpu="4799m"), three, head=head, **collecting)
    assert [] == within(quota(memory="4Gi"), three, head=head, **collecting)
    assert [TOO_MUCH] == within(quota(memory="4294967295"), three, head=head, **collecting)


@pytest.mark.parametrize("options", [None, {}, {"collectorOptions": None}], ids=str)
def test_without_its_options_there_is_no_history_collector(options: Any) -> None:
    assert [] == within(quota(cpu="0"), historyServerOptions=options)


def test_a_worker_waits_for_its_head_with_200m_and_256_mib() -> None:
    small = workers(limited(cpu="50m", memory="64Mi"), maxReplicas=16)

    assert [] == within(quota(cpu="3200m", memory="4Gi"), small)
    assert [TOO_MUCH] == within(quota(cpu="3199m"), small)
    assert [TOO_MUCH] == within(quota(memory="4294967295"), small)
    assert [] == within(quota(cpu="50m"), head=pod(containers=[limited(cpu="50m")]))


def test_what_waits_starts_behind_the_init_containers_and_beside_their_sidecars() -> None:
    sidecar, start = limited(cpu="1") | {"restartPolicy": "Always"}, limited(cpu="1100m")

    assert [] == within(quota(cpu="1200m"), workers(limited(cpu="100m"), inits=[start, sidecar]))
    assert [TOO_MUCH] == within(quota(cpu="1199m"), workers(limited(cpu="100m"), inits=[start, sidecar]))
    assert [] == within(quota(cpu="1200m"), workers(limited(cpu="200m"), inits=[sidecar]))


def test_a_history_collector_runs_in_every_pod() -> None:
    options = {"collectorOptions": {"resources": {"limits": {"cpu": "1"}}}}

    assert [] == within(quota(cpu="4"), workers(maxReplicas=3), historyServerOptions=options)
    assert [TOO_MUCH] == within(quota(cpu="3"), workers(maxReplicas=3), historyServerOptions=options)


def test_accelerators_of_all_kinds_count_together() -> None:
    both = workers(limited(gpu=1, tpu="1", mig=1), maxReplicas=1)

    assert [] == within(quota(accelerators=3), both)
    assert [TOO_MUCH] == within(quota(accelerators=2), both)


def test_a_tenant_without_a_quota_has_no_accelerators() -> None:
    assert [TOO_MUCH] == within(TEAM_A, workers(limited(gpu=1)))
    assert [] == within(TEAM_A, workers(limited(gpu=0)))
    assert [] == within(TEAM_A, workers(limited(**{"ephemeral-storage": "10Gi"})))


@pytest.mark.parametrize("amount", [-1, "-1", "one", "", None, True, "{{ 0 }}"], ids=repr)
def test_an_accelerator_that_cannot_be_counted_is_refused(amount: object) -> None:
    value = within(quota(accelerators=4), workers(limited(gpu=amount), maxReplicas=0))

    assert at(f"{WORKERS.format(0)}.template.spec.containers[0].resources.limits") == value


@pytest.mark.parametrize("amount", ["-4", "lots", None], ids=repr)
def test_a_limit_that_cannot_be_counted_takes_nothing_off(amount: object) -> None:
    odd = pod(containers=[limited(cpu="64"), limited(cpu=amount)])

    assert [] == within(quota(cpu="64"), head=odd)
    assert [TOO_MUCH] == within(quota(cpu="63"), head=odd)


def test_what_is_suspended_counts() -> None:
    assert [TOO_MUCH] == within(quota(workers=1), workers(maxReplicas=2, suspend=True), suspend=True)


def test_each_quota_is_named_by_itself() -> None:
    value = cluster(workers(limited(cpu="65", memory="257Gi", gpu=5), maxReplicas=17), head=pod(containers=[]))

    assert [
        "the worst case is 1105, above the quota of team-b, cpu 64; lower maxReplicas or limits",
        "the worst case is 4691178029056, above the quota of team-b, memory 256Gi; lower maxReplicas or limits",
        "the worst case is 85, above the quota of team-b, accelerators 4; lower maxReplicas or limits",
        "the worst case is 17, above the quota of team-b, workers 16; lower maxReplicas or limits",
    ] == told(limit_total_resources, value, TEAM_B)


def test_without_a_quota_a_cluster_may_be_of_any_size() -> None:
    assert [] == within(TEAM_A, workers(container(cpu="4", memory="8Gi"), maxReplicas=100_000))


def test_the_heads_own_factors_are_nobodys() -> None:
    value = cluster(head=pod(containers=[limited(cpu="64")]))
    value["spec"]["headGroupSpec"] |= {"maxReplicas": 5, "numOfHosts": -1}

    assert [] == broken(limit_total_resources, value, TEAM_B)


def shown(value: Json, tenant: Tenant) -> list[tuple[str, str]]:
    """The place that people are shown, and what they read there."""
    found = limit_total_resources.violations(Workload(value), tenant, PLATFORM)
    return [(str(each.about or each.path), each.message) for each in found]


MISSING = "is missing, which KubeRay reads as 2147483647: above the quota of team-b, "


def test_groups_without_a_bound_are_named_once_with_every_quota_they_break() -> None:
    gpus = limited(cpu=1, gpu=1)
    value = cluster(workers(gpus), workers(gpus, maxReplicas=None), workers(limited(cpu=1), maxReplicas=None))

    assert [
        (f"{WORKERS.format(1)}.maxReplicas", f"{MISSING}cpu 8, accelerators 4, workers 16"),
        (f"{WORKERS.format(2)}.maxReplicas", f"{MISSING}cpu 8, workers 16"),
    ] == shown(value, quota(cpu="8", accelerators=4, workers=16))
    assert {TOO_MUCH} == {*broken(limit_total_resources, value, quota(cpu="8", accelerators=4, workers=16))}


def test_a_group_without_a_bound_that_is_not_the_cause_is_not_named() -> None:
    value = cluster(workers(limited(gpu=1), maxReplicas=5), workers(limited(cpu=1), maxReplicas=None))

    ((place, said),) = shown(value, quota(accelerators=4))

    assert ("spec", "the worst case is 5, above") == (place, said[:26])


def test_a_group_without_a_bound_and_without_hosts_is_not_named() -> None:
    endless = workers(limited(gpu=1), maxReplicas=None, numOfHosts=0)
    value = cluster(workers(limited(gpu=1), maxReplicas=5), endless)

    assert [f"{WORKERS.format(1)}.numOfHosts", "spec"] == [place for place, _ in shown(value, quota(accelerators=4))]


def test_an_accelerator_that_cannot_be_counted_is_named() -> None:
    path = f"{WORKERS.format(0)}.template.spec.containers[0].resources.limits"
    value = cluster(workers(limited(gpu="one", mig=1)))

    assert [(f"{path}[nvidia.com/gpu]", "is one; an accelerator must be a whole number of 0 or more")] == shown(
        value, TEAM_B
    )
    assert at(path) == broken(limit_total_resources, value, TEAM_B)


# --- from one update to the next --------------------------------------------------------------------------------------


def updated(old: Json, new: Json, tenant: Tenant = TEAM_A) -> list[str]:
    return broken(limit_total_resources, new, tenant, old=old)


def named(name: str, **fields: Any) -> Json:
    stated: Json = {"groupName": name, "replicas": 2, "maxReplicas": 4}
    return workers(limited(cpu="1"), **(stated | fields))


ONE, TWO = named("one"), named("two")
LEFT = at("spec.workerGroupSpecs")


@pytest.mark.parametrize("new", [[ONE], [ONE, named("renamed")], [ONE, named("Two")], [ONE, ONE]], ids=str)
def test_a_group_with_pods_stays_and_keeps_its_name(new: list[Json]) -> None:
    """KubeRay never deletes the pods of a group that is not in the spec."""
    assert LEFT == updated(cluster(ONE, TWO), cluster(*new))


def test_every_group_that_leaves_is_named() -> None:
    old = cluster(named("one"), named("none", replicas=0), named("two"))
    new = cluster()

    assert LEFT * 2 == updated(old, new)
    assert ["one", "two"] == [
        each.message.split()[2]
        for each in limit_total_resources.violations(
            Workload(new, Request(operation="UPDATE", old=old)), TEAM_A, PLATFORM
        )
    ]


@pytest.mark.parametrize(
    "new", [[ONE, TWO], [TWO, ONE], [TWO, named("new"), ONE], [ONE, named("two", replicas=0, maxReplicas=0)]], ids=str
)
def test_groups_may_come_and_change_and_move(new: list[Json]) -> None:
    assert [] == updated(cluster(ONE, TWO), cluster(*new))


@pytest.mark.parametrize(
    "scaled",
    [
        {"replicas": 0},
        {"replicas": 0, "minReplicas": 0},
        {"replicas": None, "minReplicas": None},
        {"maxReplicas": 0},
        {"replicas": 0, "numOfHosts": 16},
    ],
    ids=str,
)
def test_a_group_that_was_scaled_to_zero_may_leave(scaled: Json) -> None:
    assert [] == updated(cluster(ONE, named("two", **scaled)), cluster(ONE))


@pytest.mark.parametrize(
    "fields",
    [
        {"replicas": 0, "minReplicas": 1},
        {"maxReplicas": 0, "minReplicas": 1},
        {"replicas": "0"},
        {"replicas": False},
        {"suspend": True},
    ],
    ids=str,
)
def test_a_group_that_may_have_pods_may_not(fields: Json) -> None:
    assert LEFT == updated(cluster(ONE, named("two", **fields)), cluster(ONE))


def test_of_groups_with_one_name_both_are_looked_at() -> None:
    twice = cluster(ONE, named("two", replicas=0), TWO)

    assert LEFT == updated(twice, cluster(ONE))
    assert [] == updated(twice, cluster(ONE, TWO))


def test_under_recreate_kuberay_deletes_every_pod() -> None:
    assert [] == updated(cluster(ONE), cluster(TWO, upgradeStrategy={"type": "Recreate"}))
    assert LEFT == updated(cluster(ONE, upgradeStrategy={"type": "Recreate"}), cluster(TWO))
    assert LEFT == updated(cluster(ONE), cluster(TWO, upgradeStrategy={"type": "None"}))


def test_what_is_being_deleted_makes_no_pods() -> None:
    going = cluster(ONE)
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    assert [] == updated(going, cluster())


@pytest.mark.parametrize("make", [job, cron_job, service], ids=lambda make: str(make.__name__))
def test_of_what_embeds_a_cluster_kuberay_makes_a_new_one(make: Any) -> None:
    assert [] == updated(make(cluster(ONE)), make(cluster(TWO)))


def test_the_older_version_shows_names_too() -> None:
    older = {"apiVersion": "ray.io/v1alpha1"}

    assert LEFT == updated(cluster(ONE) | older, cluster(TWO) | older)


def test_without_the_object_as_it_was_nothing_is_said_of_it() -> None:
    request = Request(operation="UPDATE")

    assert [] == list(limit_total_resources.violations(Workload(cluster(TWO), request), TEAM_A, PLATFORM))
    assert [] == broken(limit_total_resources, cluster(TWO))
