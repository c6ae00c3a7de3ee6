"""Each rule's own ways to break it break that rule and no other one, in the reading in Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import rayfence.rules
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good, ray_cluster
from rayfence.model.config import Tenant
from rayfence.model.subjects import EXPOSURE, NETWORK_KINDS, RAY, SUBJECTS, Subject
from rayfence.rules import OF, OF_SOME, RULES, ids, limit_resources, limit_total_resources, restrict_network_kinds
from rayfence.rules.rule import At, Edit, Rule
from rayfence.workload import NOBODY, Request

from .objects import CONFIGS, Json, of_config

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
    """The object, changed at one place. What is beside that place is shared with the object, and not copied."""
    whole, target = _copied_along(value, way)
    change(target, tenant)
    return whole


def _copied_along(value: Any, way: Way) -> tuple[Any, Any]:
    """The value, and what stands in it at the end of the way, neither of which the original value shares."""
    if not way:
        whole = deepcopy(value)
        return whole, whole
    whole = value.copy()
    whole[way[0]], target = _copied_along(value[way[0]], way[1:])
    return whole, target


@dataclass(frozen=True, slots=True)
class Case:
    """One edit of one rule, with the good objects it is made on; `title` names it in a failure."""

    title: str
    tenant: Tenant
    edit: Edit
    objects: list[Json]

    def failures(self, evaluator: Evaluator, wanted: Callable[[Way], set[str]]) -> Iterator[str]:
        """A line for each object and place where other rules are broken than the wanted ones."""
        found = [one for each in self.objects for one in edited(each, self.tenant, self.edit)]
        if not found:
            yield f"{self.title}: the edit has no place in any good object"
        for way, value, request in found:
            if (broken := rules_broken(evaluator, value, request)) != wanted(way):
                yield f"{self.title}: {value['apiVersion']} {value['kind']} {way}: {sorted(broken)}, not {wanted(way)}"


@cache
def good_objects(config: str, tenant: int, subject: int) -> list[Json]:
    """The good objects of a subject, made once. Edits are made on copies."""
    return good(SUBJECTS[subject], CONFIGS[config].platform, CONFIGS[config].tenants[tenant])


def cases(config: str, rule: Rule, sort: str) -> list[Case]:
    """Every edit of a rule, for every tenant of the config and every subject of the rule."""
    return [
        Case(f"{tenant.name}/{subject.name}/{title}", tenant, edit, found)
        for index, tenant in enumerate(CONFIGS[config].tenants)
        if (edits := getattr(rule, sort)(CONFIGS[config].platform, tenant))
        for place, subject in enumerate(SUBJECTS)
        if rule in OF[subject]
        for number, (title, edit) in enumerate(edits.items())
        if (found := good_objects(config, index, place)[: None if _all_sorts(config, subject, number) else 1])
    ]


def _all_sorts(config: str, subject: Subject, number: int) -> bool:
    """Whether an edit meets every good object: those of Ray in every kind and version, others a rule's first edit."""
    return config in ("every quota", "other keys", "isolated by KubeRay") and (subject is RAY or number == 0)


def rules_broken(evaluator: Evaluator, value: Json, request: Request = NOBODY) -> set[str]:
    return {violation.rule for violation in evaluator.violations(value, request)}


def break_failures(config: str, rule: Rule) -> list[str]:
    """Where a break of the rule is not a violation of that rule alone."""
    evaluator = Evaluator(CONFIGS[config])
    return [
        line for case in cases(config, rule, "breaks") for line in case.failures(evaluator, also_exceeded(rule, case))
    ]


def also_exceeded(rule: Rule, case: Case) -> Callable[[Way], set[str]]:
    """What a break must violate: its rule, and the quota where so much is asked for that it is exceeded too."""
    exceeds = case.edit.swells and getattr(case.tenant.quota, case.edit.swells) is not None
    # What is asked of a head, or of all pods, may pass a quota as well. The worker groups here have no replicas.
    return lambda way: {rule.ID} | ({limit_total_resources.ID} if exceeds and "workerGroupSpecs" not in way else set())


def pass_failures(config: str, rule: Rule) -> list[str]:
    """Where something that comes near breaking the rule is a violation of any."""
    evaluator = Evaluator(CONFIGS[config])
    return [line for case in cases(config, rule, "passes") for line in case.failures(evaluator, lambda way: set())]


SPEAKS_TO_FEW = (*OF_SOME, restrict_network_kinds)
"""Rules that only a slow config has cases for. These are few cases."""


def pairs(sort: str) -> list[Any]:
    """Each config with each rule that has such edits for some tenant of it."""
    return [
        of_config(config, rule, quick=rule in SPEAKS_TO_FEW, id=f"{config}/{rule.ID}")
        for config in CONFIGS
        for rule in RULES
        if cases(config, rule, sort)
    ]


@pytest.mark.parametrize(("config", "rule"), pairs("breaks"))
def test_a_break_is_a_violation_of_its_own_rule_alone(config: str, rule: Rule) -> None:
    assert [] == break_failures(config, rule)


@pytest.mark.parametrize(("config", "rule"), pairs("passes"))
def test_what_comes_near_breaks_nothing(config: str, rule: Rule) -> None:
    assert [] == pass_failures(config, rule)


@pytest.mark.parametrize("sort", ["breaks", "passes"])
def test_every_rule_is_tried_and_no_two_edits_have_one_title(sort: str) -> None:
    titles = Counter(
        (config, rule.ID, case.title) for config in CONFIGS for rule in RULES for case in cases(config, rule, sort)
    )

    assert set(ids()) == {rule for _, rule, _ in titles}
    assert {1} == set(titles.values())


def test_a_failure_names_the_edit_the_object_and_the_place() -> None:
    case = next(each for each in cases("plain", limit_resources, "breaks") if each.edit.at is At.CONTAINER)
    # A right verdict, held to a wrong expectation.
    failures = list(case.failures(Evaluator(CONFIGS["plain"]), lambda way: set()))
    places = ways(case.objects[0], At.CONTAINER)

    assert len(places) == len(failures) > 1
    for place, line in zip(places, failures, strict=True):
        assert f"{case.title}: ray.io/v1 RayCluster {place}: ['limit-resources']" in line


def test_an_edit_that_finds_no_place_is_a_failure() -> None:
    services = good(EXPOSURE, CONFIGS["plain"].platform, CONFIGS["plain"].tenants[0])
    case = replace(cases("plain", limit_resources, "breaks")[0], edit=Edit(At.GROUP, dict.clear), objects=services)

    assert [f"{case.title}: the edit has no place in any good object"] == list(
        case.failures(Evaluator(CONFIGS["plain"]), lambda way: set())
    )


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("subject", OF, ids=lambda subject: subject.name)
def test_a_good_object_breaks_nothing(name: str, subject: Subject) -> None:
    config = CONFIGS[name]
    objects = [each for tenant in config.tenants for each in good(subject, config.platform, tenant)]

    # A config that lists no kind that opens the network has no good object of one.
    assert [] != objects or subject is NETWORK_KINDS
    assert [set()] * len(objects) == [rules_broken(Evaluator(config), value) for value in objects]


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

    assert {"restrict-namespace"} == rules_broken(Evaluator(CONFIGS["plain"]), value)
