"""Ray objects live only in a tenant's namespace."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from rayfence.admission.evaluate import Evaluator
from rayfence.rules import restrict_namespace
from rayfence.workload import Request, Workload

from .objects import CONFIGS, TEAM_A, cluster

SAID = "[restrict-namespace] metadata.namespace"


def judged(namespace: object, config: str = "every quota") -> list[str]:
    value = cluster(tenant="team-b")
    value["metadata"]["namespace"] = namespace
    return [f"[{each.rule}] {each.path}" for each in Evaluator(CONFIGS[config]).violations(value)]


@pytest.mark.parametrize("namespace", ["ray-b", "ray-b-dev"])
def test_every_namespace_of_a_tenant_is_allowed(namespace: str) -> None:
    assert [] == judged(namespace)


@pytest.mark.parametrize(
    "namespace", ["ray", "ray-", "ray-b-", "ray-b-dev-2", "my-ray-b", "RAY-B", "ray-*", "ray-a", "default", "", None, 5]
)
def test_any_other_namespace_is_refused(namespace: object) -> None:
    assert [SAID] == judged(namespace)


def test_a_namespace_that_reads_as_a_number_is_a_name() -> None:
    assert SAID not in judged("1e3", "names like numbers")
    assert [SAID] == judged("1000", "names like numbers")


def test_an_object_without_a_namespace_is_refused() -> None:
    value = cluster()
    del value["metadata"]["namespace"]

    assert [SAID] == [f"[{each.rule}] {each.path}" for each in Evaluator(CONFIGS["plain"]).violations(value)]


def test_where_a_tenant_has_the_namespace_the_rule_is_silent() -> None:
    assert [] == list(restrict_namespace.violations(Workload(cluster()), TEAM_A, CONFIGS["plain"].platform))


def message(namespace: object, namespaces: Sequence[str]) -> str:
    value = cluster()
    value["metadata"]["namespace"] = namespace
    (found,) = restrict_namespace.violations(Workload(value), None, CONFIGS["plain"].platform, (*namespaces,))
    return found.message


def test_people_are_told_which_namespaces_there_are() -> None:
    assert "no tenant has nobodys; use one of: ray-a, ray-b" == message("nobodys", ["ray-b", "ray-a"])
    assert "is missing; use one of: ray-a" == message(None, ["ray-a"])


def test_the_one_that_was_probably_meant_comes_first_and_never_more_than_a_few() -> None:
    many = [f"n{number}" for number in range(1000)]

    assert "no tenant has ray_b; use one of: ray-b, n0, n1, n10, n100 and 996 more" == message(
        "ray_b", [*many, "ray-b"]
    )


def test_the_judge_knows_every_namespace() -> None:
    value = cluster()
    value["metadata"]["namespace"] = "ray-c"
    (found,) = Evaluator(CONFIGS["every quota"]).violations(value)

    assert "no tenant has ray-c; use one of: ray-b, ray-b-dev" == found.message


RETIRED = replace(CONFIGS["plain"], platform=replace(CONFIGS["plain"].platform, retired=("ray-old",)))


def judged_change(value: Any, old: Any, operation: str = "UPDATE") -> list[str]:
    """What is said of a change to an object in a namespace that a tenant once had."""
    evaluator = Evaluator(RETIRED, Request(operation=operation, old=old))
    return [f"[{each.rule}] {each.path}" for each in evaluator.violations(value)]


def test_in_a_retired_namespace_nothing_is_made_and_nothing_changed() -> None:
    old = cluster()
    old["metadata"]["namespace"] = "ray-old"
    changed = deepcopy(old)
    changed["spec"]["suspend"] = False

    assert [SAID] == judged_change(old, None, "CREATE")
    assert [SAID] == judged_change(changed, old)


def test_in_a_retired_namespace_finalizers_come_off_so_that_objects_go() -> None:
    old = cluster()
    old["metadata"] |= {"namespace": "ray-old", "finalizers": ["ray.io/gcs-ft-redis-cleanup-finalizer"]}
    without = deepcopy(old)
    del without["metadata"]["finalizers"]

    assert [] == judged_change(without, old)
