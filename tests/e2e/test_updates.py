"""What changes on a live server, with real old objects: every way to write is judged, and old violators can go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from controlplane.client import Answer, Client
from controlplane.processes import until

from rayfence import admission
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good
from rayfence.model.config import Config
from rayfence.model.subjects import PODS
from rayfence.workload import Request

from . import isolation
from .bundled import Bundled

BACKENDS = ("validatingpolicy", "validatingadmissionpolicy", "clusterpolicy")
FINALIZER = "example.com/waits"

ELSEWHERE = {"spec": {"headGroupSpec": {"template": {"spec": {"nodeSelector": {"tenant": "team-b"}}}}}}


@pytest.fixture(scope="module", params=BACKENDS)
def old_violator(
    request: pytest.FixtureRequest, bundled: Bundled, admin: Client, tenant: Client, config: Config
) -> Iterator[dict[str, Any]]:
    """A RayCluster on another tenant's nodes, from before the policies came; one backend's policies after it."""
    bundled.remove()
    value = isolation.new_cluster(config, "violator")
    value["metadata"]["finalizers"] = [FINALIZER]
    value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {"tenant": "team-b"}
    admin.create(value).or_raise()
    bundled.use(request.param)
    yield value
    bundled.remove()
    if admin.patch(value, {"metadata": {"finalizers": None}}).ok:
        admin.delete(value)


@pytest.fixture
def cluster(old_violator: dict[str, Any], admin: Client, tenant: Client, config: Config) -> Iterator[dict[str, Any]]:
    """A good RayCluster."""
    value = isolation.new_cluster(config, "changing")
    tenant.create(value).or_raise()
    yield value
    admin.delete(value).or_raise()


@pytest.fixture
def pod(old_violator: dict[str, Any], admin: Client, tenant: Client, config: Config) -> Iterator[dict[str, Any]]:
    """A good worker pod."""
    value = good(PODS, config.platform, config.tenants[0])[0]
    tenant.create(value).or_raise()
    yield value
    admin.delete(value, gracePeriodSeconds="0").or_raise()


def ids(answer: Answer) -> set[str]:
    assert not answer.ok, "was admitted"
    assert 403 == answer.status or "denied the request" in answer.message, answer.message
    return set(admission.read(answer.message)[0])


def test_server_side_apply_is_judged(old_violator, admin, tenant, config):
    fine = isolation.new_cluster(config, "applied")
    bad = isolation.new_cluster(config, "applied")
    bad["spec"]["headGroupSpec"]["template"]["spec"]["tolerations"].append({"operator": "Exists"})

    assert {"restrict-tolerations"} == ids(tenant.apply(bad, manager="kubectl"))
    tenant.apply(fine, manager="kubectl").or_raise()
    assert {"restrict-tolerations"} == ids(tenant.apply(bad, manager="kubectl"))
    assert tenant.apply(fine, manager="kubectl").ok
    admin.delete(fine).or_raise()


def test_the_older_version_is_judged(old_violator, tenant, config):
    old = isolation.new_cluster(config, "older") | {"apiVersion": "ray.io/v1alpha1"}
    bad = old | {"metadata": old["metadata"] | {"labels": {}}}

    assert {"require-tenant-label"} == ids(tenant.create(bad))
    assert tenant.create(old, dry_run=True).ok


@pytest.mark.parametrize("version", ["v1", "v1alpha1"])
def test_a_change_is_judged_in_either_version(version, cluster, admin, tenant, config):
    """Python, told what was there before, says the same of what would be there after."""
    change = ELSEWHERE | {"metadata": {"labels": {"tenant": None}}}
    before = admin.get(cluster).or_raise()
    after = isolation.new_cluster(config, "changing")
    after["metadata"]["labels"] = {}
    after["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {"tenant": "team-b"}
    request = Request(operation="UPDATE", old=before)

    answer = tenant.patch(cluster | {"apiVersion": f"ray.io/{version}"}, change)

    assert {each.rule for each in Evaluator(config, request).violations(after)} == ids(answer)
    assert {"require-tenant-label", "require-tenant-nodes"} == ids(answer)
    assert before == admin.get(cluster).or_raise()


def test_an_old_violator_may_not_be_changed_and_stay_one(old_violator, tenant):
    assert {"require-tenant-nodes"} == ids(tenant.patch(old_violator, {"spec": {"rayVersion": "2.10.0"}}))
    assert {"require-tenant-nodes"} == ids(tenant.patch(old_violator, {"metadata": {"labels": {"more": "yes"}}}))


def test_an_old_violator_may_be_mended(old_violator, tenant):
    own = {"spec": {"headGroupSpec": {"template": {"spec": {"nodeSelector": {"tenant": "team-a"}}}}}}

    assert tenant.patch(old_violator, own, dry_run=True).ok


def test_the_finalizer_of_an_old_violator_can_be_taken_off(old_violator, admin, tenant):
    again = {**old_violator, "metadata": {**old_violator["metadata"], "name": "violator"}}
    admin.delete(again).or_raise()
    assert "deletionTimestamp" in admin.get(again).or_raise()["metadata"]

    tenant.patch(again, {"metadata": {"finalizers": None}}).or_raise()

    until("it goes", lambda: admin.get(again).status == 404, 30)


@pytest.mark.parametrize(
    ("cpu", "rules"), [pytest.param("2", set(), id="within"), pytest.param("5", {"guard-pods"}, id="above")]
)
def test_a_resize_is_judged(cpu, rules, pod, tenant):
    (container,) = pod["spec"]["containers"]
    resources = {side: {**container["resources"][side], "cpu": cpu} for side in ("requests", "limits")}
    change = {"spec": {"containers": [{"name": container["name"], "resources": resources}]}}

    answer = patched(tenant, pod, "resize", change)

    assert rules == (set() if answer.ok else ids(answer)), answer.message


@pytest.mark.parametrize(
    ("privileged", "rules"),
    [pytest.param(False, set(), id="plain"), pytest.param(True, {"guard-pods"}, id="privileged")],
)
def test_an_ephemeral_container_is_judged(privileged, rules, pod, tenant):
    debugger = {"name": "debugger", "image": "busybox", "securityContext": {"privileged": privileged}}

    answer = patched(tenant, pod, "ephemeralcontainers", {"spec": {"ephemeralContainers": [debugger]}})

    assert rules == (set() if answer.ok else ids(answer)), answer.message


def test_a_pod_cannot_drop_its_tenant(pod, tenant):
    assert {"guard-pods"} == ids(tenant.patch(pod, {"metadata": {"labels": {"tenant": None}}}))


def patched(tenant: Client, pod: dict[str, Any], subresource: str, change: dict[str, Any]) -> Answer:
    """A strategic merge, which finds containers by name."""
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/{subresource}"
    return tenant.request("PATCH", path, change, "application/strategic-merge-patch+json", dryRun="All")
