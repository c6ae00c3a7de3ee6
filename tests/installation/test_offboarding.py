"""Namespaces that leave the config: closed at every moment while anything runs there, and free once nothing does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from rayfence.backends import BACKENDS
from rayfence.backends.resources import RESOURCE_QUOTAS
from rayfence.cluster.objects import name_of
from rayfence.installation import Change, Offboarding, dry_run, install
from rayfence.installation.desired import desired_objects
from rayfence.manifests.quota import NAME as QUOTA
from rayfence.manifests.quota import POD_AFFINITY
from rayfence.model.config import Config, Network, Platform
from rayfence.network.layer import CLOSING

from ..fake_cluster import FakeCluster
from ..saved_cluster import CONFIG, TEAM_A, TEAM_B, object_of, pod, ray_cluster

GONE = "ray-a2"
WITHOUT = replace(CONFIG, tenants=(replace(TEAM_A, namespaces=("ray-a",)), TEAM_B))
RETIRED = replace(WITHOUT, platform=Platform(retired=(GONE,)))


def silent(said: str) -> None:
    """Nobody is told."""


def put(cluster: FakeCluster, config: Config, backend: str = "validatingpolicy"):
    return install(cluster, desired_objects(config, backend), silent, cluster.clock)


def running(name: str = "one", phase: str = "Running", place: str = GONE) -> Any:
    return pod(ray_cluster(name, place)) | {"status": {"phase": phase}}


@pytest.fixture
def cluster() -> FakeCluster:
    """One on which the whole config was installed."""
    found = FakeCluster(CONFIG)
    put(found, CONFIG)
    return found


def quota(cluster: FakeCluster) -> list[Any]:
    """The ceiling on the namespace, which is not what an enforced tenant has for pod affinity."""
    quotas = (each for each in cluster.kinds(RESOURCE_QUOTAS) if each["metadata"]["namespace"] == GONE)
    return [each["spec"]["hard"] for each in quotas if name_of(each) == QUOTA]


def watched(cluster: FakeCluster) -> list[str]:
    """Grows whenever a pod runs in a namespace that is not closed."""
    wrong: list[str] = []

    def look(at: FakeCluster) -> None:
        places = {value["metadata"]["namespace"] for value in at.there.values() if value["kind"] == "Pod"}
        wrong.extend(place for place in places if not set(CLOSING) <= at.policies(place))

    cluster.watch = look
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("config", [WITHOUT, RETIRED], ids=["dropped", "retired"])
@pytest.mark.parametrize("then", BACKENDS)
def test_a_namespace_with_running_pods_stays_closed_and_nothing_else_is_left_there(cluster, config, then):
    cluster.put(running())
    wrong = watched(cluster)
    found = put(cluster, config, then).offboarding
    again = put(cluster, config, then)

    assert [] == wrong
    assert set(CLOSING) == cluster.policies(GONE)
    assert [{"pods": "0"}] == quota(cluster)
    assert (Offboarding(left=(GONE,)) if config is WITHOUT else Offboarding(retired=(GONE,))) == found
    assert (found, ()) == (again.offboarding, again.removed)


@pytest.mark.parametrize("there", [[], [running(phase="Succeeded")], [running(phase="Failed")]])
def test_a_namespace_in_which_nothing_runs_is_let_go_at_once(cluster, there):
    for each in there:
        cluster.put(each)
    found = put(cluster, WITHOUT)

    assert (Offboarding(), set(), []) == (found.offboarding, cluster.policies(GONE), quota(cluster))


@pytest.mark.slow
@pytest.mark.parametrize(
    "there", [running(), running(phase="Pending"), pod(ray_cluster("x", GONE)), ray_cluster("x", GONE)]
)
def test_it_is_let_go_once_the_last_pod_and_the_last_ray_object_are_gone(cluster, there):
    cluster.put(there)
    before = put(cluster, WITHOUT).offboarding
    cluster.take(there)
    after = put(cluster, WITHOUT)

    assert (Offboarding(left=(GONE,)), Offboarding()) == (before, after.offboarding)
    assert {f"rayfence-{each}" for each in ("backstop", "default-deny", "quota")} == {
        name for *_, name in after.removed
    }
    assert cluster.policies(GONE).isdisjoint(CLOSING)


def test_a_retired_namespace_stays_closed_until_the_config_lets_it_go(cluster):
    found = put(cluster, RETIRED)

    assert Offboarding(retired=(GONE,), empty=(GONE,)) == found.offboarding
    assert set(CLOSING) == cluster.policies(GONE)
    assert (Offboarding(), set()) == (put(cluster, WITHOUT).offboarding, cluster.policies(GONE))


def test_a_pod_that_comes_while_the_policies_change_is_not_left_open(cluster):
    wrong = watched(cluster)
    look: Callable[[FakeCluster], None] = cluster.watch
    writes = 0

    def come(at: FakeCluster) -> None:
        nonlocal writes
        writes += 1
        if writes == 20:
            at.put(running("late"))
        look(at)

    cluster.watch = come
    found = put(cluster, WITHOUT)

    assert writes > 20
    assert ([], Offboarding(left=(GONE,))) == (wrong, found.offboarding)


def test_a_namespace_that_another_tenant_takes_over_is_that_tenants(cluster):
    cluster.put(running())
    moved = replace(
        CONFIG,
        tenants=(replace(TEAM_A, namespaces=("ray-a",)), replace(TEAM_B, namespaces=("ray-b", GONE))),
    )
    wrong = watched(cluster)

    assert (Offboarding(), []) == (put(cluster, moved).offboarding, wrong)
    assert {"rayfence-tenant", *CLOSING} <= cluster.policies(GONE)
    assert [] == quota(cluster)


def test_a_namespace_comes_back_as_it_was(cluster):
    before = cluster.policies(GONE)
    cluster.put(running())
    put(cluster, RETIRED)
    put(cluster, CONFIG)

    assert (before, []) == (cluster.policies(GONE), quota(cluster))


def test_a_namespace_that_was_never_closed_is_not_closed_now():
    config = replace(CONFIG, tenants=(replace(TEAM_A, network=Network(enforce=False)), TEAM_B))
    cluster = FakeCluster(CONFIG)
    put(cluster, config)
    cluster.put(running())

    assert (Offboarding(), set()) == (put(cluster, WITHOUT).offboarding, cluster.policies(GONE))


def test_a_namespace_that_the_platform_took_over_is_left_alone(cluster):
    cluster.put(running())
    for each in [*cluster.there.values()]:
        if each["metadata"].get("namespace") == GONE and each["kind"] == "NetworkPolicy":
            cluster.take(each)

    assert (Offboarding(), set()) == (put(cluster, WITHOUT).offboarding, cluster.policies(GONE))


@pytest.mark.parametrize("config", [WITHOUT, RETIRED], ids=["dropped", "retired"])
def test_a_namespace_that_is_being_deleted_gets_nothing_new_and_loses_nothing_that_closes(cluster, config):
    cluster.put(running())
    cluster.put(object_of("v1", "Namespace", GONE, status={"phase": "Terminating"}))
    put(cluster, config)

    assert (set(CLOSING), []) == (cluster.policies(GONE), quota(cluster))


def test_a_retired_namespace_that_is_gone_is_no_matter(cluster):
    config = replace(CONFIG, platform=Platform(retired=("ray-long-ago",)))

    assert Offboarding() == put(cluster, config).offboarding


def test_a_dry_run_tells_what_stays_and_what_goes(cluster):
    cluster.put(running())
    changes = [each for each in dry_run(cluster, desired_objects(WITHOUT, "validatingpolicy")) if GONE in each.name]

    assert Change("add", f"ResourceQuota {GONE}/rayfence-quota") in changes
    opening = {f"NetworkPolicy {GONE}/{name}" for name in cluster.policies(GONE) - set(CLOSING)}
    assert {*opening, f"ResourceQuota {GONE}/{POD_AFFINITY}"} == {
        each.name for each in changes if each.what == "remove"
    }


def test_namespaces_that_are_not_there_are_no_trouble_of_each_object():
    cluster = FakeCluster(CONFIG)
    cluster.there = {key: value for key, value in cluster.there.items() if name_of(value) != GONE}
    changes = [
        each for each in dry_run(cluster, desired_objects(CONFIG, "validatingpolicy")) if f" {GONE}/" in each.name
    ]

    assert len(changes) > 5
    assert {("add", "")} == {(each.what, each.refusal) for each in changes}
