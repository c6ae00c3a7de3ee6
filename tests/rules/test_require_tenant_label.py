"""A Ray object carries its tenant's label."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import require_tenant_label

from .objects import CONFIGS, PLATFORM, TEAM_A, broken, cluster, told

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
