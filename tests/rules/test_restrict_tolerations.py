"""Ray pods tolerate no other tenant's taint."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import restrict_tolerations

from .objects import CONFIGS, HEAD, TEAM_A, WORKERS, Json, broken, cluster, group, pod, told

ID = restrict_tolerations.ID
OWN = {"key": "tenant", "operator": "Equal", "value": "team-a", "effect": "NoSchedule"}


def after_own(toleration: Any) -> Json:
    return cluster(group(pod(tolerations=[OWN, toleration])))


def foreign(group: str, index: int) -> str:
    return f"[{ID}] {group}.template.spec.tolerations[{index}]"


def keyless(group: str, index: int) -> str:
    return f"[{ID}] {group}.template.spec.tolerations[{index}].key"


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
        {"key": "google.com/tpu", "operator": "Equal", "value": "present", "effect": "NoSchedule"},
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 30},
        {"key": "Tenant", "operator": "Exists"},
        {"key": "tenant/team-b", "operator": "Exists"},
        OWN,
        {"key": "tenant", "value": "team-a"},
    ],
    ids=str,
)
def test_what_opens_no_tenants_nodes_is_free(toleration: Json) -> None:
    assert [] == broken(restrict_tolerations, after_own(toleration))


@pytest.mark.parametrize(
    "toleration",
    [{"operator": "Exists"}, {"key": "", "operator": "Exists"}, {"key": None, "operator": "Exists"}, {}, None, "x"],
    ids=str,
)
def test_a_toleration_needs_a_key(toleration: Any) -> None:
    assert [keyless(WORKERS.format(0), 1)] == broken(restrict_tolerations, after_own(toleration))


@pytest.mark.parametrize("effect", ["NoExecute", "PreferNoSchedule", "NoSchedule", "", None])
def test_the_own_taint_may_be_tolerated_with_every_effect(effect: str | None) -> None:
    assert [] == broken(restrict_tolerations, after_own(OWN | {"effect": effect, "tolerationSeconds": 60}))


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "tenant", "operator": "Exists"},
        OWN | {"operator": "Exists"},
        OWN | {"value": "team-b"},
        {"key": "tenant", "value": "team-b"},
        {"key": "tenant"},
        OWN | {"value": ""},
        OWN | {"value": "*"},
        OWN | {"value": "Team-A"},
        OWN | {"value": "team"},
        OWN | {"value": 1000},
        OWN | {"operator": "Gt", "value": "0"},
        OWN | {"operator": "Lt", "value": "9999"},
        OWN | {"operator": "exists"},
        OWN | {"effect": "noexecute"},
        OWN | {"effect": "*"},
        OWN | {"effect": "NoExecute", "value": "team-b"},
        OWN | {"effect": "NoExecute", "operator": "Exists"},
    ],
    ids=str,
)
def test_the_tenants_key_goes_with_the_own_value_and_nothing_else(toleration: Json) -> None:
    assert [foreign(WORKERS.format(0), 1)] == broken(restrict_tolerations, after_own(toleration))


def test_every_template_and_every_toleration_is_looked_at() -> None:
    head = pod(tolerations=[{"operator": "Exists"}, OWN])
    last = group(pod(tolerations=[OWN, OWN | {"value": "team-b"}, {"operator": "Exists"}]))

    assert [keyless(HEAD, 0), foreign(WORKERS.format(1), 1), keyless(WORKERS.format(1), 2)] == broken(
        restrict_tolerations, cluster(group(), last, head=head)
    )


def test_one_toleration_in_a_lists_place_is_looked_at() -> None:
    assert [keyless(HEAD, 0)] == broken(restrict_tolerations, cluster(head=pod(tolerations={"operator": "Exists"})))


@pytest.mark.parametrize("tolerations", [None, []], ids=repr)
def test_no_tolerations_open_nothing(tolerations: Any) -> None:
    assert [] == broken(restrict_tolerations, cluster(head=pod(tolerations=tolerations)))


def test_the_key_is_the_platforms() -> None:
    platform = CONFIGS["other keys"].platform
    other = {"key": "example.com/dedicated", "operator": "Exists"}

    assert [] == broken(restrict_tolerations, cluster(), TEAM_A, platform)
    assert [foreign(HEAD, 0)] == broken(restrict_tolerations, cluster(head=pod(tolerations=[other])), TEAM_A, platform)


def test_people_read_what_it_would_do_and_what_is_allowed() -> None:
    keyless, other = told(
        restrict_tolerations,
        cluster(head=pod(tolerations=[{"operator": "Exists"}, {"key": "tenant", "operator": "Exists"}])),
    )

    assert keyless.endswith("; name a key")
    assert "opens the nodes of other tenants" in other
    assert other.endswith("operator Equal, value team-a")
