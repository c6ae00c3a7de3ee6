"""Bounds that an object declares in its annotations may only narrow its tenant's (1 to 4 cpus, 2Gi to 8Gi)."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import honor_declared_bounds
from rayfence.workload import Malformed

from .objects import HEAD, TEAM_A, WORKERS, Json, broken, cluster, container, group, pod, told

ID = honor_declared_bounds.ID


def declaring(annotations: Any, *groups: Json, head: Json | None = None) -> Json:
    value = cluster(*groups, head=head)
    value["metadata"]["annotations"] = annotations
    return value


def at(*places: str) -> list[str]:
    return [f"[{ID}] {place}" for place in places]


@pytest.mark.parametrize(
    "annotations",
    [
        None,
        {},
        "maxCpu",
        {"owner": "somebody"},
        {"maxcpu": "400", "example.com/maxCpu": "400"},
        {"maxCpu": "4", "minCpu": "1", "maxMemory": "8Gi", "minMemory": "2Gi"},
        {"maxCpu": "4000m", "minCpu": "1.0", "maxMemory": "8192Mi", "minMemory": "2147483648"},
        {"maxCpu": 4, "minCpu": 1.0},
        {"maxCpu": "1", "maxMemory": "2Gi"},
    ],
    ids=str,
)
def test_the_tenants_bounds_or_narrower_ones_may_be_declared(annotations: Any) -> None:
    assert [] == broken(honor_declared_bounds, declaring(annotations, group()))


def test_annotations_that_are_a_list_are_malformed() -> None:
    with pytest.raises(Malformed, match=r"^metadata\.annotations: a list"):
        broken(honor_declared_bounds, declaring([], group()))


@pytest.mark.parametrize(
    ("name", "amount"),
    [
        ("maxCpu", "400"),
        ("maxCpu", "4001m"),
        ("maxCpu", 5),
        ("maxMemory", "8589934593"),
        ("minCpu", "999m"),
        ("minCpu", "0"),
        ("minMemory", "2G"),
        ("minMemory", "-1"),
        ("minCpu", "4001m"),
        ("maxCpu", ""),
        ("maxCpu", "lots"),
        ("maxCpu", "4 | 400"),
        ("maxCpu", "<= 400"),
        ("maxCpu", "*"),
        ("maxCpu", "{{ request.object.metadata.name }}"),
        ("maxCpu", "$(cpu)"),
        ("maxCpu", None),
        ("maxCpu", True),
        ("maxCpu", []),
        ("maxCpu", {"limit": "4"}),
        ("minCpu", "1e999999999"),
    ],
)
def test_anything_else_is_a_violation_at_the_annotation(name: str, amount: object) -> None:
    # In no container: what is wrong is that it was declared.
    value = declaring({name: amount}, head=pod(containers=[]))

    assert at(f"metadata.annotations.{name}") == broken(honor_declared_bounds, value)


def test_a_raised_limit_that_is_used_is_refused_at_the_annotation() -> None:
    value = declaring({"maxCpu": "400"}, group(pod(containers=[container(cpu="400")])))

    assert at("metadata.annotations.maxCpu") == broken(honor_declared_bounds, value)


@pytest.mark.parametrize(
    ("annotation", "side", "resource", "kept", "beyond"),
    [
        ("maxCpu", "limits", "cpu", ["2", "2000m", "1", 2], ["2001m", "3", 2.5]),
        ("minCpu", "requests", "cpu", ["2", "2.0", "3", 2], ["1999m", "1", "-1"]),
        ("maxMemory", "limits", "memory", ["4Gi", "4096Mi", "4G"], ["4294967297", "5Gi"]),
        ("minMemory", "requests", "memory", ["4Gi", "5Gi"], ["4G", "2Gi"]),
    ],
)
def test_every_container_keeps_to_what_is_declared(
    annotation: str, side: str, resource: str, kept: list[Any], beyond: list[Any]
) -> None:
    declared = {annotation: "2" if resource == "cpu" else "4Gi"}

    def with_amount(amount: Any) -> list[str]:
        last = {"name": "last", "resources": {side: {resource: amount}}}
        return broken(
            honor_declared_bounds, declaring(declared, group(pod(containers=[last])), head=pod(containers=[]))
        )

    assert [[]] * len(kept) == [with_amount(amount) for amount in kept]
    place = f"{WORKERS.format(0)}.template.spec.containers[0].resources.{side}.{resource}"
    assert [at(place)] * len(beyond) == [with_amount(amount) for amount in beyond]


def test_an_amount_that_cannot_be_compared_is_another_rules_business() -> None:
    value = declaring({"maxCpu": "2", "minCpu": "2"}, head=pod(containers=[container(cpu="lots"), {"name": "none"}]))

    assert [] == broken(honor_declared_bounds, value)


def test_init_containers_and_the_autoscaler_keep_to_it() -> None:
    value = declaring({"maxCpu": "1"}, head=pod(initContainers=[container(cpu="2")]))
    value["spec"]["autoscalerOptions"] = {"resources": {"limits": {"cpu": "2"}}}

    assert at(
        f"{HEAD}.template.spec.initContainers[0].resources.limits.cpu", "spec.autoscalerOptions.resources.limits.cpu"
    ) == broken(honor_declared_bounds, value)


def test_what_the_operator_injects_is_excused_from_a_declared_minimum() -> None:
    value = declaring({"minCpu": "1"}, head=pod(containers=[container("wait-gcs-ready", cpu="200m")]))

    assert [] == broken(honor_declared_bounds, value)


def test_people_read_what_was_declared_and_what_is_allowed() -> None:
    value = declaring({"maxCpu": "400", "maxMemory": "lots", "minCpu": "2"})

    assert [
        "400 is outside the bounds of team-a, allowed is 1 to 4",
        "lots is not a quantity, allowed is 2Gi to 8Gi",
        "1 breaks the declared minCpu 2",
    ] == told(honor_declared_bounds, value, TEAM_A)
