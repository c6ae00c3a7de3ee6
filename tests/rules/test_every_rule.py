"""Each rule's own ways to break it break that rule and no other one, in the reading in Python."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

import rayfence.rules
from rayfence.cases.good import good, ray_cluster
from rayfence.config import Config, Tenant
from rayfence.evaluate import Judge
from rayfence.rules import OF, RULES, ids, limit_total_resources
from rayfence.rules.rule import At, Edit, Rule
from rayfence.subjects import NETWORK_KINDS, RAY, Subject
from rayfence.workload import NOBODY, Request

from .objects import CONFIGS, Json

Way = tuple[str | int, ...]

CLUSTERS: dict[str, Way] = {
    "RayCluster": ("spec",),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayService": ("spec", "rayClusterConfig"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
}
SUBMITTERS: dict[str, Way] = {
    "RayJob": ("spec", "submitterPodTemplate"),
    "RayCronJob": ("spec", "jobTemplate", "submitterPodTemplate"),
}
GROUPS: list[Way] = [("headGroupSpec",), ("workerGroupSpecs", 0), ("workerGroupSpecs", 2)]
LISTS = ("containers", "initContainers")


def ways(value: Json, at: At) -> list[Way]:
    """Where in a good object an edit of this sort is made."""
    kind = value["kind"]
    if at is At.OBJECT:
        return [()]
    groups = [CLUSTERS[kind] + group for group in GROUPS] if kind in CLUSTERS else []
    templates = [*((*group, "template") for group in groups), *([SUBMITTERS[kind]] if kind in SUBMITTERS else [])]
    templates += [()] if kind == "Pod" else []
    return {
        At.CLUSTER: [CLUSTERS[kind]] if kind in CLUSTERS else [],
        At.RAY_CLUSTER: [CLUSTERS[kind]] if kind == "RayCluster" else [],
        At.GROUP: groups,
        At.WORKERS: groups[1:],
        At.TEMPLATE: templates,
        At.POD: [(*template, "spec") for template in templates],
        At.CONTAINER: [(*template, "spec", field, 0) for template in templates for field in LISTS],
        At.SERVICE: services(kind),
    }[at]


def services(kind: str) -> list[Way]:
    """Where a Service's spec is."""
    serve: list[Way] = [("spec", "serveService", "spec")] if kind == "RayService" else []
    heads: list[Way] = [(*CLUSTERS[kind], "headGroupSpec", "headService", "spec")] if kind in CLUSTERS else []
    return [("spec",)] if kind == "Service" else heads + serve


def edited(value: Json, tenant: Tenant, edit: Edit) -> list[tuple[Way, Json, Request]]:
    """The object once for each way, edited there, and what is asked."""
    found = []
    for way in ways(value, edit.at):
        request = Request()
        if edit.before:
            request = Request(operation="UPDATE", old=changed(value, way, tenant, edit.before))
        found.append((way, changed(value, way, tenant, edit.apply), request))
    return found


def changed(value: Json, way: Way, tenant: Tenant, change: Callable[[Json, Tenant], object]) -> Json:
    """The object, changed at one place."""
    whole = target = deepcopy(value)
    for step in way:
        target = target[step]  # type: ignore[index]
    change(target, tenant)
    return whole


def edits(sort: str) -> list[Any]:
    """Every edit of a rule, with the good objects it is made on."""
    return [
        pytest.param(config, tenant, rule, edit, found, id=f"{name}/{tenant.name}/{subject.name}/{rule.ID}/{title}")
        for name, config in CONFIGS.items()
        for tenant in config.tenants
        for subject, rules in OF.items()
        for rule in rules
        for number, (title, edit) in enumerate(getattr(rule, sort)(config.platform, tenant).items())
        if (found := good(subject, config.platform, tenant)[: None if _all_sorts(name, subject, number) else 1])
    ]


def _all_sorts(config: str, subject: Subject, number: int) -> bool:
    """Whether an edit meets every good object: those of Ray in every kind and version, others a rule's first edit."""
    return config in ("every quota", "other keys", "isolated by KubeRay") and (subject is RAY or number == 0)


def in_python(config: Config, value: Json, request: Request = NOBODY) -> set[str]:
    return {violation.rule for violation in Judge(config, request).violations(value)}


@pytest.mark.parametrize(("config", "tenant", "rule", "edit", "objects"), edits("breaks"))
def test_a_break_is_a_violation_of_its_own_rule_alone(
    config: Config, tenant: Tenant, rule: Rule, edit: Edit, objects: list[Json]
) -> None:
    # What is asked of a head, or of all pods, may pass a quota as well. The worker groups here have no replicas.
    swells = edit.swells and getattr(tenant.quota, edit.swells) is not None
    found = [one for each in objects for one in edited(each, tenant, edit)]

    assert [] != found
    for way, value, request in found:
        also = {limit_total_resources.ID} if swells and "workerGroupSpecs" not in way else set[str]()

        assert {rule.ID} | also == in_python(config, value, request), (value["apiVersion"], value["kind"], way)


@pytest.mark.parametrize(("config", "tenant", "rule", "edit", "objects"), edits("passes"))
def test_what_comes_near_breaks_nothing(
    config: Config, tenant: Tenant, rule: Rule, edit: Edit, objects: list[Json]
) -> None:
    found = [one for each in objects for one in edited(each, tenant, edit)]

    assert [] != found
    for way, value, request in found:
        assert set() == in_python(config, value, request), (value["apiVersion"], value["kind"], way)


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("subject", OF, ids=lambda subject: subject.name)
def test_a_good_object_breaks_nothing(name: str, subject: Subject) -> None:
    config = CONFIGS[name]
    objects = [each for tenant in config.tenants for each in good(subject, config.platform, tenant)]

    # A config that lists no kind that opens the network has no good object of one.
    assert [] != objects or subject is NETWORK_KINDS
    assert [set()] * len(objects) == [in_python(config, value) for value in objects]


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_a_rule_is_named_as_its_module_and_says_why(rule: Rule) -> None:
    assert rule.ID.replace("-", "_") == rule.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
    assert rule.WHY.endswith(".")
    assert rule.FAMILY


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_a_rule_says_how_to_break_it_and_what_comes_near(rule: Rule) -> None:
    config = CONFIGS["isolated by KubeRay"]

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
