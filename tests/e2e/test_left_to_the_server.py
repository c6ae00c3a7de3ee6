"""What rayfence leaves to the API server and to RBAC: that they do it, for somebody with the role `edit`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from controlplane.client import Client
from controlplane.processes import until

from rayfence.cases.good import good
from rayfence.manifests.quota import NAME
from rayfence.model import quantity
from rayfence.model.config import Config, Tenant
from rayfence.model.subjects import PODS

from . import isolation
from .bundled import Bundled
from .conftest import NATIVE, TENANT

FORBIDDEN = 403
NAME_LABEL = "kubernetes.io/metadata.name"

ADMISSION, POLICIES = "admissionregistration.k8s.io/v1", "policies.kyverno.io/v1"
SWITCHES = [
    (ADMISSION, "ValidatingAdmissionPolicy"),
    (ADMISSION, "ValidatingAdmissionPolicyBinding"),
    (ADMISSION, "ValidatingWebhookConfiguration"),
    (ADMISSION, "MutatingWebhookConfiguration"),
    ("kyverno.io/v1", "ClusterPolicy"),
    ("kyverno.io/v1", "Policy"),
    ("kyverno.io/v2", "PolicyException"),
    (POLICIES, "ValidatingPolicy"),
    (POLICIES, "GeneratingPolicy"),
    (POLICIES, "PolicyException"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("v1", "ResourceQuota"),
]


@pytest.fixture(autouse=True)
def policies(bundled: Bundled) -> None:
    bundled.use(NATIVE)


@pytest.fixture
def limited(config: Config) -> Tenant:
    """A tenant whose namespaces may hold so much and no more."""
    return next(each for each in config.tenants if each.namespace_quota)


@pytest.fixture
def pods(admin: Client, tenant: Client, config: Config, limited: Tenant) -> Iterator[list[dict[str, Any]]]:
    """Good pods as large as may be, of which the last is one too many."""
    assert limited.namespace_quota is not None
    assert limited.namespace_quota.cpu is not None
    largest = limited.container.cpu.max
    count = int(quantity.parse(limited.namespace_quota.cpu) // quantity.parse(largest)) + 1
    yield (made := [_pod(config, limited, largest, number) for number in range(count)])
    for each in made:
        admin.delete(each, gracePeriodSeconds="0")


def _pod(config: Config, owner: Tenant, cpu: str, number: int) -> dict[str, Any]:
    value = good(PODS, config.platform, owner)[0]
    value["metadata"]["name"] = f"one-of-many-{number}"
    for side in ("requests", "limits"):
        value["spec"]["containers"][0]["resources"][side]["cpu"] = cpu
    return value


def test_pods_that_are_good_one_by_one_stop_at_the_quota_of_their_namespace(pods, admin, tenant):
    space = pods[0]["metadata"]["namespace"]
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": NAME, "namespace": space}}
    until("the quota is counted", lambda: admin.get(quota).or_raise().get("status", {}).get("hard"), 30)

    *within, last = [tenant.create(each) for each in pods]

    assert [True] * len(within) == [answer.ok for answer in within]
    assert FORBIDDEN == last.status
    assert f"exceeded quota: {NAME}" in last.message


@pytest.mark.parametrize(("api_version", "kind"), SWITCHES)
def test_an_editor_may_not_touch_what_fences_editors_in(api_version, kind, tenant, config):
    namespace = config.tenants[0].namespaces[0]
    value = {"apiVersion": api_version, "kind": kind, "metadata": {"name": "mine", "namespace": namespace}}

    answers = [tenant.create(value), tenant.patch(value, {"spec": {}}), tenant.delete(value)]

    assert [FORBIDDEN] * 3 == [answer.status for answer in answers]
    assert all("cannot" in answer.message for answer in answers)


@pytest.mark.parametrize("account", ["system:serviceaccount:kuberay-operator:kuberay-operator", "system:admin"])
def test_an_editor_may_be_nobody_else(account, admin, tenant):
    """To act as somebody is a right, which the server asks for before anything else."""
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": TENANT,
            "resourceAttributes": {"verb": "impersonate", "resource": "users", "name": account},
        },
    }

    answer = admin.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review).or_raise()

    assert answer["status"]["allowed"] is False


def test_the_label_that_peers_go_by_is_the_servers(admin, tenant, config):
    """Neither a tenant nor, by mistake, an administrator gives a namespace another one's name."""
    first, second = config.tenants[0].namespaces[0], config.tenants[1].namespaces[0]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": first}}
    change = {"metadata": {"labels": {NAME_LABEL: second}}}

    assert FORBIDDEN == tenant.patch(namespace, change).status
    admin.patch(namespace, change).or_raise()
    assert first == admin.get(namespace).or_raise()["metadata"]["labels"][NAME_LABEL]


def test_nothing_but_the_status_comes_in_through_the_status(admin, tenant, config):
    cluster = isolation.new_cluster(config, "by-status")
    tenant.create(cluster).or_raise()
    elsewhere = {"headGroupSpec": {"template": {"spec": {"nodeSelector": {"tenant": "team-b"}}}}}
    change = {"metadata": {"labels": {"tenant": "team-b"}}, "spec": elsewhere, "status": {"state": "ready"}}

    tenant.patch(cluster, change, subresource="status").or_raise()

    there = admin.get(cluster).or_raise()
    admin.delete(cluster).or_raise()
    assert "ready" == there["status"]["state"]
    assert cluster["spec"] == there["spec"]
    assert cluster["metadata"]["labels"] == there["metadata"]["labels"]
