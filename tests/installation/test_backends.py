"""From each backend to each other: every RayCluster is isolated and judged at every moment, and nothing is left."""

from __future__ import annotations

from functools import cache

import pytest

from rayfence.backends import BACKENDS
from rayfence.backends.resources import CLUSTER_ROLES
from rayfence.cluster.objects import name_of
from rayfence.installation import NotReady, dry_run, install
from rayfence.installation.desired import DesiredObjects, desired_objects
from rayfence.installation.removing import generated, ours
from rayfence.network.layer import CLOSING
from rayfence.network.static import NAMES as ENGINELESS

from ..fake_cluster import FakeCluster
from ..saved_cluster import CONFIG, generated_policies, pod, ray_cluster

PAIRS = [(first, then) for first in BACKENDS for then in BACKENDS]
JUDGES = "enforce-tenant-isolation"


@cache
def bundle_of(backend: str) -> DesiredObjects:
    """What is to be installed; a cluster keeps copies of it."""
    return desired_objects(CONFIG, backend)


class Watch:
    """What was wrong at any moment, once the first installation was there."""

    def __init__(self) -> None:
        self.wrong: set[str] = set()

    def __call__(self, cluster: FakeCluster) -> None:
        if cluster.generators() and not cluster.may_generate():
            self.wrong.add("a generator without its rights")
        if not cluster.judges(JUDGES):
            self.wrong.add("nothing judges")
        for place in CONFIG.by_namespace():
            if not set(CLOSING) <= cluster.policies(place):
                self.wrong.add(f"{place} is not closed")
        for each in running(cluster):
            if not (has_its_own(cluster, each) or stands_in(cluster, each)):
                self.wrong.add(f"{name_of(each)} cannot run")


def running(cluster: FakeCluster):
    return [each for each in list(cluster.there.values()) if each["kind"] == "RayCluster"]


def has_its_own(cluster: FakeCluster, ray) -> bool:
    return {name_of(each) for each in generated_policies(ray)} <= cluster.policies(ray["metadata"]["namespace"])


def stands_in(cluster: FakeCluster, ray) -> bool:
    return "rayfence-ray" in cluster.policies(ray["metadata"]["namespace"])


def start(cluster: FakeCluster, name: str) -> None:
    ray = ray_cluster(name)
    cluster.put(ray)
    cluster.put(pod(ray))


def silent(said: str) -> None:
    """Nobody is told."""


def moved(first: str, then: str, **how: bool) -> tuple[FakeCluster, Watch]:
    cluster, watch = FakeCluster(CONFIG, **how), Watch()
    start(cluster, "before")
    install(cluster, bundle_of(first), silent, cluster.clock)
    cluster.clock.sleep(1)
    cluster.watch = watch
    start(cluster, "between")
    cluster.clock.sleep(1) if BACKENDS[first].generates else None
    install(cluster, bundle_of(then), silent, cluster.clock)
    cluster.watch = lambda cluster: None
    start(cluster, "after")
    cluster.clock.sleep(1)
    return cluster, watch


ODD = [
    pytest.param(how, marks=pytest.mark.slow)
    for how in ({"eager": False}, {"late": True}, {"eager": False, "late": True})
]


@pytest.mark.parametrize("how", [{}, *ODD], ids=str)
@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_every_cluster_is_isolated_and_nothing_is_left_over(first, then, how):
    cluster, watch = moved(first, then, **how)
    generates = BACKENDS[then].generates
    parts = bundle_of(then)

    assert set() == watch.wrong
    assert parts.keys == set(ours(cluster))
    assert generates == bool(list(generated(cluster)))
    for each in running(cluster):
        assert (generates, not generates) == (has_its_own(cluster, each), stands_in(cluster, each))
    assert 3 == len(running(cluster))


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_dry_run_names_what_will_go(first, then):
    cluster, _ = FakeCluster(CONFIG), None
    start(cluster, "before")
    install(cluster, bundle_of(first), silent, cluster.clock)
    before = set(cluster.there)
    told = {each.name for each in dry_run(cluster, bundle_of(then)) if each.what == "remove"}
    assert before == set(cluster.there)
    install(cluster, bundle_of(then), silent, cluster.clock)
    gone = before - set(cluster.there)

    assert {f"{kind} {place}/{name}" if place else f"{kind} {name}" for _, kind, place, name in gone} == told


def test_what_stands_in_stays_until_each_cluster_has_its_own():
    cluster = FakeCluster(CONFIG)
    start(cluster, "before")
    install(cluster, bundle_of("validatingadmissionpolicy"), silent, cluster.clock)
    cluster._kyverno = lambda: None  # type: ignore[method-assign]

    with pytest.raises(NotReady, match="2 NetworkPolicies are not generated after 30 s, ray-a/rayfence-before-head"):
        install(cluster, bundle_of("validatingpolicy"), silent, cluster.clock)
    assert set(ENGINELESS) <= cluster.policies("ray-a")


def test_a_generator_that_an_earlier_version_left_without_rights_goes():
    cluster = FakeCluster(CONFIG)
    start(cluster, "before")
    install(cluster, bundle_of("validatingpolicy"), silent, cluster.clock)
    left = [*cluster.generators(), *(each for each in running(cluster))]
    install(cluster, bundle_of("validatingadmissionpolicy"), silent, cluster.clock)
    for each in (*left, *generated_policies(ray_cluster("before"))):
        cluster.put(each)
    install(cluster, bundle_of("validatingadmissionpolicy"), silent, cluster.clock)

    assert ([], []) == (cluster.generators(), list(generated(cluster)))
    assert [] == [name_of(each) for each in cluster.kinds(CLUSTER_ROLES) if name_of(each).startswith("rayfence:")]
