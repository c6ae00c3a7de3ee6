"""Where KubeRay isolates a tenant's clusters, each asks for it, in the tenant's mode."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from rayfence.admission.evaluate import Evaluator
from rayfence.model.config import Config, Mode, Network, Provider
from rayfence.rules import require_network_policy
from rayfence.workload import Malformed, Request

from .objects import PLATFORM, TEAM_A, TEAM_B, Json, broken, cluster, cron_job, group, job, service, told

ID = require_network_policy.ID
KUBERAY = replace(TEAM_A, network=Network(provider=Provider.KUBERAY))
INGRESS = replace(TEAM_A, network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS))
DORMANT = replace(TEAM_A, network=Network(enforce=False, provider=Provider.KUBERAY))

DENY_ALL = {"mode": "DenyAll"}
PLACES = {
    "RayCluster": (lambda value: value, "spec"),
    "RayJob": (job, "spec.rayClusterSpec"),
    "RayService": (service, "spec.rayClusterConfig"),
    "RayCronJob": (cron_job, "spec.jobTemplate.rayClusterSpec"),
}


def asking(policy: Any, *groups: Any, **spec: Any) -> Json:
    return cluster(*groups, networkPolicy=policy, **spec)


def at(place: str) -> list[str]:
    return [f"[{ID}] {place}"]


@pytest.mark.parametrize("kind", PLACES)
def test_every_kind_has_to_ask(kind: str) -> None:
    make, place = PLACES[kind]

    assert at(f"{place}.networkPolicy.mode") == broken(require_network_policy, make(cluster()), KUBERAY)
    assert [] == broken(require_network_policy, make(asking(DENY_ALL)), KUBERAY)


@pytest.mark.parametrize("policy", [None, {"mode": "DenyAllIngress"}, {"mode": "denyall"}, {"mode": ""}, {"mode": 5}])
def test_it_is_the_tenants_mode_that_is_asked_for(policy: Any) -> None:
    assert at("spec.networkPolicy.mode") == broken(require_network_policy, asking(policy), KUBERAY)


@pytest.mark.parametrize("policy", [{}, {"mode": None}, {"head": {}}], ids=repr)
def test_without_a_mode_it_is_deny_all(policy: Json) -> None:
    assert [] == broken(require_network_policy, asking(policy), KUBERAY)
    assert at("spec.networkPolicy.mode") == broken(require_network_policy, asking(policy), INGRESS)


@pytest.mark.parametrize("kind", ["RayCluster", "RayJob", "RayService"])
def test_an_older_version_would_take_the_field_away(kind: str) -> None:
    old = PLACES[kind][0](asking(DENY_ALL)) | {"apiVersion": "ray.io/v1alpha1"}

    assert at("apiVersion") == broken(require_network_policy, old, KUBERAY)


@pytest.mark.parametrize("name", ["Small", "small.one", "-small", "small-", "", "small\n", "g" * 64, None, 5])
def test_a_worker_groups_name_has_to_fit_into_a_policys(name: Any) -> None:
    value = asking(DENY_ALL, group(), group(groupName=name))

    assert at("spec.workerGroupSpecs[1].groupName") == broken(require_network_policy, value, KUBERAY)


@pytest.mark.parametrize("name", ["s", "small-1", "1", "g" * 63])
def test_a_dns_label_is_such_a_name(name: str) -> None:
    assert [] == broken(require_network_policy, asking(DENY_ALL, group(groupName=name)), KUBERAY)


@pytest.mark.parametrize("key", ["name", "generateName"])
def test_kuberay_may_not_write_policies_whose_names_are_kyvernos(key: str) -> None:
    value = asking(DENY_ALL)
    value["metadata"] = {"namespace": "ray-a", key: "rayfence-one"}

    assert at("metadata.name") == broken(require_network_policy, value, KUBERAY)


def test_a_job_on_a_cluster_that_is_there_has_nothing_to_ask_for() -> None:
    selecting = job(None, clusterSelector={"ray.io/cluster": "one"})

    assert [] == broken(require_network_policy, selecting, KUBERAY)
    assert [] == broken(require_network_policy, selecting | {"apiVersion": "ray.io/v1alpha1"}, KUBERAY)


def test_a_cluster_that_runs_elsewhere_asks_all_the_same() -> None:
    elsewhere = {"managedBy": "kueue.x-k8s.io/multikueue"}

    assert [] == broken(require_network_policy, asking(DENY_ALL, **elsewhere), KUBERAY)
    assert at("spec.networkPolicy.mode") == broken(require_network_policy, cluster(**elsewhere), KUBERAY)


@pytest.mark.parametrize("tenant", [TEAM_A, TEAM_B, DORMANT], ids=["rayfence", "rayfence too", "not enforced"])
@pytest.mark.parametrize("policy", [None, {"mode": "DenyAllEgress"}, []], ids=repr)
def test_where_kuberay_isolates_nobody_nothing_is_asked_for(tenant: Any, policy: Any) -> None:
    value = asking(policy, group(groupName="X")) | {"apiVersion": "ray.io/v1alpha1"}

    assert [] == broken(require_network_policy, value, tenant)


def test_a_list_where_the_policy_belongs_cannot_be_read() -> None:
    with pytest.raises(Malformed, match=r"spec\.networkPolicy"):
        broken(require_network_policy, asking([]), KUBERAY)


def test_people_read_what_to_write() -> None:
    assert ["is missing; write networkPolicy: {mode: DenyAll}"] == told(require_network_policy, cluster(), KUBERAY)
    assert ["is left out, which is DenyAll, must be DenyAllIngress"] == told(
        require_network_policy, asking({}), INGRESS
    )
    assert ["is DenyAllEgress, must be DenyAll"] == told(
        require_network_policy, asking({"mode": "DenyAllEgress"}), KUBERAY
    )


def update(value: Json, old: Json) -> set[str]:
    """The rules that an update breaks which changes other metadata alone."""
    evaluator = Evaluator(Config(PLATFORM, (KUBERAY,)), Request(operation="UPDATE", old=old))
    new = deepcopy(value)
    new["metadata"]["finalizers"] = ["example.com/wait"]
    return {violation.rule for violation in evaluator.violations(new)}


def test_an_object_that_never_asked_can_still_be_finalized() -> None:
    assert set() == update(cluster(), cluster())


def test_not_even_a_finalizer_is_written_through_an_older_version() -> None:
    # Neither of them shows what that version does not know, and the write would lose.
    old = cluster() | {"apiVersion": "ray.io/v1alpha1"}

    assert ID in update(old, old)
