"""Ray pods tolerate their tenant's taint."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import require_tenant_toleration

from .objects import CONFIGS, HEAD, TEAM_A, WORKERS, Json, broken, cluster, group, pod, told

ID = require_tenant_toleration.ID
OWN = {"key": "tenant", "operator": "Equal", "value": "team-a", "effect": "NoSchedule"}
GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def missing(group: str) -> str:
    return f"[{ID}] {group}.template.spec.tolerations"


def tolerating(*tolerations: Any) -> Json:
    return cluster(head=pod(tolerations=[*tolerations]))


@pytest.mark.parametrize(
    "toleration",
    [
        OWN,
        {"key": "tenant", "value": "team-a"},
        OWN | {"operator": "", "effect": ""},
        OWN | {"operator": None, "effect": None},
        OWN | {"tolerationSeconds": 30},
    ],
    ids=str,
)
def test_the_own_toleration_in_any_spelling_is_right(toleration: Json) -> None:
    assert [] == broken(require_tenant_toleration, tolerating(GPU, toleration))


@pytest.mark.parametrize(
    "toleration",
    [
        GPU,
        OWN | {"key": "Tenant"},
        OWN | {"key": "team"},
        OWN | {"value": "team-b"},
        OWN | {"value": "*"},
        OWN | {"value": 1000},
        OWN | {"operator": "Exists"},
        OWN | {"operator": "equal"},
        OWN | {"operator": "Gt"},
        OWN | {"effect": "NoExecute"},
        OWN | {"effect": "PreferNoSchedule"},
        {"operator": "Exists"},
        {},
        None,
        "tenant",
    ],
    ids=str,
)
def test_nothing_else_will_do(toleration: Any) -> None:
    assert [missing(HEAD)] == broken(require_tenant_toleration, tolerating(toleration))


@pytest.mark.parametrize("tolerations", [None, [], {}, "tenant"], ids=repr)
def test_no_tolerations_are_a_violation(tolerations: Any) -> None:
    assert [missing(HEAD)] == broken(require_tenant_toleration, cluster(head=pod(tolerations=tolerations)))


def test_every_template_needs_its_own() -> None:
    value = cluster(group(pod(tolerations=[GPU])), group(), group(pod(tolerations=[])))

    assert [missing(WORKERS.format(0)), missing(WORKERS.format(2))] == broken(require_tenant_toleration, value)


def test_the_key_is_the_platforms() -> None:
    platform = CONFIGS["other keys"].platform

    assert [missing(HEAD)] == broken(require_tenant_toleration, cluster(), TEAM_A, platform)


def test_people_read_what_is_missing() -> None:
    (said,) = told(require_tenant_toleration, cluster(head=pod(tolerations=[])))

    assert "key: tenant, operator: Equal, value: team-a, effect: NoSchedule" in said
