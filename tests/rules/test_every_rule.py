"""Each rule's own ways to break it break that rule and no other one, in the reading in Python."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import rayfence.rules
from rayfence.cases.good import ray_cluster
from rayfence.config import Config, Tenant
from rayfence.evaluate import Judge
from rayfence.rules import RULES, ids, limit_total_resources
from rayfence.rules.rule import At, Edit, Rule

from .objects import CONFIGS

GROUPS = [("headGroupSpec",), ("workerGroupSpecs", 0), ("workerGroupSpecs", 2)]
LISTS = ("containers", "initContainers")

SITES = {
    At.OBJECT: [()],
    At.GROUP: [("spec", *group) for group in GROUPS],
    At.WORKERS: [("spec", *group) for group in GROUPS[1:]],
    At.POD: [("spec", *group, "template", "spec") for group in GROUPS],
    At.CONTAINER: [("spec", *group, "template", "spec", field, 0) for group in GROUPS for field in LISTS],
}


def edited(config: Config, tenant: Tenant, edit: Edit, way: tuple[str | int, ...]) -> dict[str, Any]:
    value = target = deepcopy(ray_cluster(config.platform, tenant))
    for step in way:
        target = target[step]
    edit.apply(target, tenant)
    return value


def edits(kind: str) -> list[Any]:
    return [
        pytest.param(config, tenant, rule, edit, id=f"{name}/{tenant.name}/{rule.ID}/{title}")
        for name, config in CONFIGS.items()
        for tenant in config.tenants
        for rule in RULES
        for title, edit in getattr(rule, kind)(config.platform, tenant).items()
    ]


def in_python(config: Config, value: dict[str, Any]) -> set[str]:
    return {violation.rule for violation in Judge(config).violations(value)}


@pytest.mark.parametrize(("config", "tenant", "rule", "edit"), edits("breaks"))
def test_a_break_is_a_violation_of_its_own_rule_alone(config: Config, tenant: Tenant, rule: Rule, edit: Edit) -> None:
    # What is asked of a head, or of all pods, may pass a quota as well. The worker groups here have no replicas.
    swells = edit.swells and getattr(tenant.quota, edit.swells) is not None
    for way in SITES[edit.at]:
        also = {limit_total_resources.ID} if swells and "workerGroupSpecs" not in way else set[str]()

        assert {rule.ID} | also == in_python(config, edited(config, tenant, edit, way)), way


@pytest.mark.parametrize(("config", "tenant", "rule", "edit"), edits("passes"))
def test_what_comes_near_breaks_nothing(config: Config, tenant: Tenant, rule: Rule, edit: Edit) -> None:
    for way in SITES[edit.at]:
        assert set() == in_python(config, edited(config, tenant, edit, way)), way


@pytest.mark.parametrize("name", CONFIGS)
def test_a_good_object_breaks_nothing(name: str) -> None:
    config = CONFIGS[name]

    assert [set()] * len(config.tenants) == [
        in_python(config, ray_cluster(config.platform, tenant)) for tenant in config.tenants
    ]


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_a_rule_is_named_as_its_module_and_says_why(rule: Rule) -> None:
    assert rule.ID.replace("-", "_") == rule.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    assert rule.WHY.endswith(".")
    assert rule.FAMILY


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_a_rule_says_how_to_break_it_and_what_comes_near(rule: Rule) -> None:
    config = CONFIGS["every quota"]

    assert rule.breaks(config.platform, config.tenants[0])
    assert rule.passes(config.platform, config.tenants[0])


def test_every_rule_module_stands_in_the_table() -> None:
    folder = Path(rayfence.rules.__file__).parent
    modules = {path.stem for path in folder.glob("*.py") if "\nID = " in path.read_text(encoding="utf-8")}

    assert modules == {rule.ID.replace("-", "_") for rule in RULES}


def test_no_two_rules_have_one_id() -> None:
    assert len(RULES) == len(set(ids()))


def test_outside_the_tenants_namespaces_only_the_namespace_is_wrong() -> None:
    value = ray_cluster(CONFIGS["plain"].platform, CONFIGS["plain"].tenants[0])
    value["metadata"] = {"name": "one", "namespace": "nobodys", "annotations": {"maxCpu": "999"}}
    value["spec"] = {}

    assert {"restrict-namespace"} == in_python(CONFIGS["plain"], value)
