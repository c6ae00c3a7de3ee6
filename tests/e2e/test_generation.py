"""NetworkPolicies of RayClusters on a live server: made, kept, repaired, and taken away with their cluster."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from controlplane.client import Client
from controlplane.kyverno import Kyverno
from controlplane.processes import NotUp, until

from rayfence import admission
from rayfence.model.config import Config

from . import isolation
from .bundled import Bundled

BACKENDS = ("validatingpolicy", "clusterpolicy")
GUARD = "guard-network-policies"
SECONDS_TO_SETTLE, SECONDS_TO_TIDY_UP, SECONDS_TO_PUT_RIGHT = 5, 30, 20
OPEN = {"spec": {"ingress": [{}]}}

Start = Callable[[str], dict[str, Any]]


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest, bundled: Bundled) -> str:
    bundled.use(request.param)
    return str(request.param)


@pytest.fixture
def start(backend: str, admin: Client, tenant: Client, config: Config) -> Iterator[Start]:
    """Start a RayCluster as a tenant and wait until it is isolated; all are deleted afterwards."""
    started: list[dict[str, Any]] = []

    def create(name: str) -> dict[str, Any]:
        value = isolation.new_cluster(config, name)
        started.append(value)
        isolation.start(admin, tenant, config, value)
        return value

    yield create
    for value in started:
        admin.delete(value)
    until("policies gone", lambda: not any(isolation.found(admin, each) for each in started), SECONDS_TO_TIDY_UP)


def put_right(backend: str, admin: Client, config: Config, cluster: dict[str, Any]) -> None:
    """Wait until Kyverno has made good a change, of a ClusterPolicy's at the latest after the next status.

    It looks at a policy of its own while the request that changes it is still being judged. Where that takes long, it
    finds nothing to do.
    """
    try:
        isolation.isolate(admin, config, cluster, SECONDS_TO_PUT_RIGHT)
    except NotUp:
        if backend != "clusterpolicy":
            raise
        isolation.notice(admin, config, cluster)
        isolation.isolate(admin, config, cluster)


def test_a_new_cluster_gets_exactly_its_policies(start, admin, config):
    cluster = start("made")

    assert isolation.wanted(config, cluster) == isolation.found(admin, cluster)
    assert 2 == len(isolation.found(admin, cluster))


def test_an_older_version_gets_them_too(backend, admin, tenant, config):
    cluster = isolation.new_cluster(config, "older") | {"apiVersion": "ray.io/v1alpha1"}

    isolation.start(admin, tenant, config, cluster)

    admin.delete(cluster).or_raise()


def test_one_that_has_none_yet_is_closed(backend, admin, tenant, config):
    """The namespace's own layer is there before, and lets nothing in or out that only a cluster's own policies do."""
    cluster = isolation.new_cluster(config, "closed")
    tenant.create(cluster).or_raise()

    assert isolation.must_be_static(config) == isolation.static(admin, config)

    admin.delete(cluster).or_raise()


def test_one_that_was_opened_is_closed_again(backend, start, admin, config):
    cluster = start("opened")

    admin.patch(isolation.named(cluster, "head"), OPEN).or_raise()

    put_right(backend, admin, config, cluster)


def test_one_that_was_deleted_comes_back(backend, start, admin, config):
    cluster = start("deleted")

    admin.delete(isolation.named(cluster, "worker")).or_raise()

    put_right(backend, admin, config, cluster)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(OPEN, id="opens it"),
        pytest.param(
            {"metadata": {"labels": {"generate.kyverno.io/policy-name": None, "app.kubernetes.io/managed-by": None}}},
            id="strips Kyverno's labels",
        ),
        pytest.param({"metadata": {"ownerReferences": []}}, id="disowns it"),
        pytest.param({"metadata": {"finalizers": ["example.com/mine"]}}, id="holds on to it"),
    ],
)
def test_a_tenant_may_not_change_one(change, start, admin, tenant, config):
    cluster = start("guarded")

    answer = tenant.patch(isolation.named(cluster, "head"), change)

    assert {GUARD} == set(admission.read(answer.message)[0]), answer.message
    assert isolation.wanted(config, cluster) == isolation.found(admin, cluster)


def test_a_tenant_may_not_delete_one_nor_all(start, admin, tenant, config):
    cluster = start("kept")
    one = isolation.named(cluster, "head")
    everything = f"/apis/networking.k8s.io/v1/namespaces/{one['metadata']['namespace']}/networkpolicies"

    answers = [tenant.delete(one), tenant.request("DELETE", everything)]

    assert [{GUARD}, {GUARD}] == [set(admission.read(answer.message)[0]) for answer in answers]
    assert isolation.wanted(config, cluster) == isolation.found(admin, cluster)
    assert isolation.must_be_static(config) == isolation.static(admin, config)


def test_an_update_of_the_cluster_keeps_them(start, admin, tenant, config):
    cluster = start("updated")
    before = [admin.get(isolation.named(cluster, role)).or_raise()["metadata"]["uid"] for role in ("head", "worker")]

    tenant.patch(cluster, {"metadata": {"annotations": {"example.com/note": "hello"}}}).or_raise()
    time.sleep(SECONDS_TO_SETTLE)

    after = [admin.get(isolation.named(cluster, role)).or_raise()["metadata"]["uid"] for role in ("head", "worker")]
    assert before == after
    assert isolation.wanted(config, cluster) == isolation.found(admin, cluster)


def test_they_go_with_their_cluster(start, admin, config):
    cluster = start("removed")

    admin.delete(cluster).or_raise()

    until("the policies go", lambda: not isolation.found(admin, cluster), isolation.SECONDS_TO_ISOLATE)
    assert isolation.must_be_static(config) == isolation.static(admin, config)


def test_one_that_takes_the_name_of_another_gets_its_own(start, admin, tenant, config):
    """Kyverno takes away the policies of the one while it makes those of the other."""
    cluster = start("again")

    admin.delete(cluster).or_raise()
    tenant.create(cluster).or_raise()
    time.sleep(SECONDS_TO_SETTLE)
    isolation.notice(admin, config, cluster)

    isolation.isolate(admin, config, cluster)
    time.sleep(SECONDS_TO_SETTLE)
    assert isolation.wanted(config, cluster) == isolation.found(admin, cluster)


def test_nothing_is_lost_while_the_background_controller_is_away(start, kyverno: Kyverno, admin, tenant, config):
    """What is new is made up for at once; what became of old ones is mended with the next status of their cluster."""
    cluster, late = start("drifting"), isolation.new_cluster(config, "late")
    kyverno.background.stop()
    try:
        admin.patch(isolation.named(cluster, "head"), OPEN).or_raise()
        admin.delete(isolation.named(cluster, "worker")).or_raise()
        tenant.create(late).or_raise()
        isolation.notice(admin, config, late)
        time.sleep(SECONDS_TO_SETTLE)
        assert [] == isolation.found(admin, late)
        assert isolation.must_be_static(config) == isolation.static(admin, config)
    finally:
        kyverno.background.start()

    isolation.isolate(admin, config, late)
    isolation.notice(admin, config, cluster)
    isolation.isolate(admin, config, cluster)
    admin.delete(late).or_raise()
