"""A Ray object carries its tenant's label."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import require_tenant_label
from rayfence.workload import Request, Workload

from .objects import CONFIGS, PLATFORM, TEAM_A, Json, broken, cluster, cron_job, job, service, told

SAID = "[require-tenant-label] metadata.labels.tenant"
OPERATOR = PLATFORM.operator.username


def labelled(labels: Any, username: str = "") -> list[str]:
    value = cluster()
    value["metadata"]["labels"] = labels
    return broken(require_tenant_label, value, username=username)


@pytest.mark.parametrize("labels", [{"tenant": "team-a"}, {"tenant": "team-a", "app": "ray"}], ids=str)
def test_the_tenants_own_label_is_right(labels: Any) -> None:
    assert [] == labelled(labels)


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        "team-a",
        {"app": "ray"},
        {"Tenant": "team-a"},
        {"tenant": None},
        {"tenant": ""},
        {"tenant": "team-b"},
        {"tenant": "Team-A"},
        {"tenant": "team-a-2"},
        {"tenant": "team-"},
        {"tenant": "*"},
        {"tenant": 1000},
        {"tenant": ["team-a"]},
    ],
    ids=str,
)
def test_anything_else_is_a_violation(labels: Any) -> None:
    assert [SAID] == labelled(labels)


def test_an_annotation_is_no_label() -> None:
    value = cluster()
    value["metadata"] = {"namespace": "ray-a", "annotations": {"tenant": "team-a"}}

    assert [SAID] == broken(require_tenant_label, value)


def test_a_label_left_out_is_excused_where_the_operator_writes() -> None:
    assert [] == labelled({"app": "ray"}, OPERATOR)
    assert [] == labelled(None, OPERATOR)


AUTOSCALER = "system:serviceaccount:ray-a:nightly-1-abcde"


def relabelled(value: Json, labels: Any) -> Json:
    return value | {"metadata": value["metadata"] | {"labels": labels}}


@pytest.mark.parametrize("value", [cluster(), job(cluster())], ids=lambda value: str(value["kind"]))
@pytest.mark.parametrize("labels", [None, {}, {"app": "ray"}, {"tenant": None}], ids=str)
def test_what_never_had_the_label_may_be_updated_by_the_autoscaler_and_kueue(value: Json, labels: Any) -> None:
    old, new = relabelled(value, labels), relabelled(value, {"ray.io/originated-from-crd": "RayJob"})

    assert [] == broken(require_tenant_label, new, username=AUTOSCALER, old=old)


@pytest.mark.parametrize("value", [service(cluster()), cron_job(cluster())], ids=lambda value: str(value["kind"]))
def test_what_kuberay_never_makes_of_a_cron_job_needs_the_label_at_every_update(value: Json) -> None:
    assert [SAID] == broken(require_tenant_label, relabelled(value, {}), old=relabelled(value, {}))


@pytest.mark.parametrize("label", ["team-a", "team-b", ""])
def test_a_label_that_was_there_never_comes_off(label: str) -> None:
    old = relabelled(cluster(), {"tenant": label})

    assert [SAID] == broken(require_tenant_label, relabelled(cluster(), {}), username=AUTOSCALER, old=old)


def test_nobody_is_excused_of_a_wrong_label_that_was_missing_before() -> None:
    old, new = relabelled(cluster(), {}), relabelled(cluster(), {"tenant": "team-b"})

    assert [SAID] == broken(require_tenant_label, new, username=AUTOSCALER, old=old)


def test_an_update_of_nobody_knows_what_needs_the_label() -> None:
    request = Request(AUTOSCALER, operation="UPDATE")
    found = require_tenant_label.violations(Workload(relabelled(cluster(), {}), request), TEAM_A, PLATFORM)

    assert [SAID] == [f"[{each.rule}] {each.path}" for each in found]


def test_a_creation_is_no_update() -> None:
    request = Request(AUTOSCALER, operation="CREATE", old=relabelled(cluster(), {}))
    found = require_tenant_label.violations(Workload(relabelled(cluster(), {}), request), TEAM_A, PLATFORM)

    assert [SAID] == [f"[{each.rule}] {each.path}" for each in found]


def test_a_wrong_label_is_wrong_from_the_operator_too() -> None:
    assert [SAID] == labelled({"tenant": "team-b"}, OPERATOR)
    assert [SAID] == labelled({"tenant": ""}, OPERATOR)


@pytest.mark.parametrize(
    "username",
    [
        "kuberay-operator",
        "system:serviceaccount:ray-a:kuberay-operator",
        "system:serviceaccount:kuberay-operator:default",
        OPERATOR + "-2",
        OPERATOR.upper(),
    ],
)
def test_nobody_else_is_excused(username: str) -> None:
    assert [SAID] == labelled({}, username)


def test_a_number_is_not_the_tenant_of_that_name() -> None:
    tenant = CONFIGS["names like numbers"].tenants[0]
    value = cluster()
    value["metadata"]["labels"] = {"tenant": 1000}

    assert "1000" == tenant.name
    assert ["[require-tenant-label] metadata.labels.tenant"] == broken(require_tenant_label, value, tenant)


def test_the_label_is_the_platforms() -> None:
    platform = CONFIGS["other keys"].platform
    said = "[require-tenant-label] metadata.labels[example.com/team]"

    assert [said] == broken(require_tenant_label, cluster(), TEAM_A, platform)


def test_people_read_what_stands_there_and_what_must() -> None:
    missing, foreign = cluster(), cluster()
    missing["metadata"]["labels"] = {}
    foreign["metadata"]["labels"] = {"tenant": "team-b"}

    assert ["is missing, must be team-a"] == told(require_tenant_label, missing)
    assert ["is team-b, must be team-a"] == told(require_tenant_label, foreign)
