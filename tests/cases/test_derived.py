"""Cases are derived from the rules: each broken in every way it names, and each tenant's edges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pytest

from rayfence.admission.evaluate import Evaluator
from rayfence.cases import GENERATION, Case, derived
from rayfence.model.config import Bounds, Config, Container, Enforcement, Network, Platform, Provider, Quota, Tenant
from rayfence.model.subjects import RAY
from rayfence.rules import OF, OF_SOME, RULES, ids
from rayfence.rules.rule import At
from rayfence.suite.expecting import Expectations
from rayfence.workload import SERVED, Workload

from ..rules.objects import CONFIGS

BOUNDS = Container(Bounds("500m", "8"), Bounds("1Gi", "32Gi"))
WITH_QUOTA = Tenant("team-b", ("ray-b",), BOUNDS, quota=Quota("64", "256Gi", 4, 16))
AUDITED = Tenant("team-c", ("ray-c",), BOUNDS, enforcement=Enforcement.AUDIT, network=Network(enforce=False))
BOTH = Config(Platform(), (WITH_QUOTA, AUDITED))
# Others speak to nobody here: KubeRay isolates none of these tenants' clusters, and none needs a token.
SPEAKING = [rule for rule in OF[RAY] if rule not in OF_SOME]


@cache
def derived_from(name: str) -> Sequence[Case]:
    """The cases of one of the configs, for tests that leave them as they are."""
    return derived(CONFIGS[name])


@cache
def derived_from_both() -> Sequence[Case]:
    """The same of the config with both tenants."""
    return derived(BOTH)


# More than a thousand cases are derived from each.
EACH = [pytest.param(name, marks=[] if name == "plain" else [pytest.mark.slow]) for name in CONFIGS]


@pytest.mark.parametrize("name", EACH)
def test_derived_cases_have_names_of_their_own(name: str) -> None:
    names = Counter(case.name for case in derived_from(name))

    assert [] == [each for each, number in names.items() if number > 1]


def _said(evaluator: Evaluator, case: Case) -> set[str]:
    return {each.rule for each in evaluator.violations(dict(case.value), case.request)}


@pytest.mark.parametrize("name", EACH)
def test_a_derived_case_breaks_in_python_what_it_says(name: str) -> None:
    evaluator = Evaluator(CONFIGS[name])
    wrong = {
        case.name: rules
        for case in derived_from(name)
        if (rules := _said(evaluator, case)) != case.fails - {GENERATION}
    }

    assert {} == wrong


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_every_break_and_every_pass_of_a_rule_is_there(rule: Any) -> None:
    names = [case.name for case in derived_from_both()]
    passes = tuple(f"{rule.ID}/passes/{title}/" for title in rule.passes(BOTH.platform, WITH_QUOTA))

    assert [] == [
        title
        for title in rule.breaks(BOTH.platform, WITH_QUOTA)
        if not any(name.startswith(f"{rule.ID}/breaks/{title}/") for name in names)
    ]
    assert [] == [start for start in passes if not any(name.startswith(start) for name in names)]
    assert [] == [name for name in names if name.startswith(f"{rule.ID}/passes/") and not name.startswith(passes)]


GROUPS = ["head", "first worker group", "last worker group"]
SUBMITTERS = {kind: ["submitter"] if kind in ("RayJob", "RayCronJob") else [] for _, kind in SERVED}


def wanted(kind: str, at: At) -> set[str]:
    """The sites of a Ray object where an edit of one sort is to be tried."""
    templates = [*GROUPS, *SUBMITTERS[kind]]
    return {
        At.OBJECT: {""},
        At.CLUSTER: {""},
        At.RAY_CLUSTER: {""} if kind == "RayCluster" else set(),
        At.GROUP: {*GROUPS},
        At.WORKERS: {*GROUPS[1:]},
        At.TEMPLATE: {*templates},
        At.POD: {*templates},
        At.CONTAINER: {f"{word} of {name}" for word in ("container", "init container") for name in templates},
        At.SERVICE: {"head service", *(["serve service"] if kind == "RayService" else [])},
    }[at]


def tried(rule: Any, title: str, version: str, kind: str) -> set[str]:
    """The sites of team-b's objects of one kind at which one break of a rule is tried."""
    starts, ends = f"{rule.ID}/breaks/{title}/", f"{version} {kind} good of team-b"
    own = (case.name for case in derived_from_both() if case.name.startswith(starts) and case.name.endswith(ends))
    return {name.removeprefix(starts).removesuffix(ends).removesuffix(" of ") for name in own}


def roles(sites: set[str]) -> set[str]:
    """What sort of pods some sites are: `head`, `worker group`, `submitter`, '' for the whole object."""
    return {re.sub(r"^(init )?container of |\b(first|last) ", "", site) for site in sites}


@pytest.mark.parametrize("rule", OF[RAY], ids=lambda rule: rule.ID)
def test_each_break_is_tried_at_every_site_of_a_ray_cluster(rule: Any) -> None:
    for title, edit in rule.breaks(BOTH.platform, WITH_QUOTA).items():
        assert wanted("RayCluster", edit.at) == tried(rule, title, "ray.io/v1", "RayCluster"), title


@pytest.mark.parametrize("rule", SPEAKING, ids=lambda rule: rule.ID)
def test_a_rule_fails_on_every_kind_at_each_sort_of_pod_that_it_speaks_of(rule: Any) -> None:
    breaks = rule.breaks(BOTH.platform, WITH_QUOTA).items()
    for version, kind in SERVED:
        spoken_of = {role for _, edit in breaks for role in roles(wanted(kind, edit.at))}
        failing = {role for title, _ in breaks for role in roles(tried(rule, title, version, kind))}

        assert failing, (version, kind)
        assert spoken_of - {""} == failing - {""}, (version, kind)


@pytest.mark.parametrize("rule", OF[RAY], ids=lambda rule: rule.ID)
def test_a_rule_passes_on_every_kind_with_pods_of_each_sort(rule: Any) -> None:
    passes = [case for case in derived_from_both() if case.name.startswith(f"{rule.ID}/passes/")]
    for version, kind in SERVED:
        passing = [case for case in passes if case.name.endswith(f"{version} {kind} good of team-b")]

        assert passing, (version, kind)
        for case in passing:
            assert set() == case.fails, case.name
            assert (version, kind) == (case.value["apiVersion"], case.value["kind"])
            pods = [site.role for site in Workload(case.value).sites]
            assert ["head", *["worker"] * 3, *SUBMITTERS[kind]] == pods, case.name


def test_every_policy_object_has_a_case_that_fails_it_by_every_rule() -> None:
    truth = Expectations(BOTH)
    failed: dict[str, set[str]] = {}
    for case in derived_from_both():
        if broken := case.fails - {GENERATION}:
            failed.setdefault(truth.policy_for(case).name, set()).update(broken)

    # Who has no tenant's namespace is refused under the platform's own enforcement.
    assert {
        policy.name: {rule.ID for rule in policy.rules}
        - {*(rule.ID for rule in OF_SOME), *([] if policy.shard.guards else ["restrict-namespace"])}
        for policy in truth.policies
    } == failed
    assert {"enforce-tenant-isolation", "enforce-tenant-isolation-audit"} <= failed.keys()


def test_derived_cases_are_created_and_updated_in_every_served_version() -> None:
    assert {"CREATE", "UPDATE"} == {case.request.operation for case in derived_from_both()}
    assert set(SERVED) <= {(case.value["apiVersion"], case.value["kind"]) for case in derived_from_both()}


def test_nothing_is_generated_without_the_label_where_anything_is() -> None:
    cases = [case for case in derived_from_both() if case.name.startswith("require-tenant-label/breaks/")]
    isolated = {(case.value["metadata"]["namespace"], case.value["kind"]): GENERATION in case.fails for case in cases}

    assert {
        ("ray-b", "RayCluster"): True,
        ("ray-b", "RayJob"): False,
        ("ray-b", "RayService"): False,
        ("ray-b", "RayCronJob"): False,
        ("ray-c", "RayCluster"): False,
    } == isolated


@pytest.mark.parametrize("tenant", ["team-b", "team-c"])
def test_every_tenants_boundary_values_are_tried(tenant: str) -> None:
    edges = {
        case.name.split("/")[2]: bool(case.fails)
        for case in derived_from_both()
        if case.name.startswith("limit-resources/edges/") and case.name.endswith(f" of {tenant}")
    }

    assert {
        "the minimum of cpu": False,
        "the maximum of cpu": False,
        "the minimum of memory": False,
        "the maximum of memory": False,
        "cpu one unit below the minimum": True,
        "cpu one unit above the maximum": True,
        "memory one unit below the minimum": True,
        "memory one unit above the maximum": True,
    } == edges


def test_every_quota_is_met_exactly_and_passed_by_one() -> None:
    edges = {
        case.name.split("/")[2]: set(case.fails)
        for case in derived_from_both()
        if case.name.startswith("limit-total-resources/edges/") and case.name.endswith(" of team-b")
    }
    too_much = {"limit-total-resources"}

    assert {
        "every accelerator of the quota": set(),
        "all cpu of the quota": set(),
        "all memory of the quota": set(),
        "every worker of the quota": set(),
        "one accelerator too many": too_much,
        "cpu one unit above the quota": too_much,
        "memory one unit above the quota": too_much,
        "one worker too many": too_much,
    } == edges


@pytest.mark.parametrize(
    ("name", "side", "resource", "amount"),
    [
        ("cpu one unit below the minimum", "requests", "cpu", "499m"),
        ("cpu one unit above the maximum", "limits", "cpu", "8001m"),
        ("memory one unit below the minimum", "requests", "memory", "1073741823"),
        ("memory one unit above the maximum", "limits", "memory", "34359738369"),
        ("the maximum of cpu", "limits", "cpu", "8"),
        ("the minimum of memory", "requests", "memory", "1Gi"),
    ],
)
def test_an_edge_is_one_unit_wide(name: str, side: str, resource: str, amount: str) -> None:
    title = f"limit-resources/edges/{name}/container of first worker group of ray.io/v1 RayCluster edge-"
    cases = [case for case in derived_from_both() if case.name.startswith(title) and case.name.endswith(" of team-b")]
    templates = [case.value["spec"]["workerGroupSpecs"][0]["template"] for case in cases]
    found = [template["spec"]["containers"][0]["resources"][side][resource] for template in templates]

    assert cases
    assert [amount] * len(cases) == found


def test_the_edges_meet_every_namespace_of_a_tenant() -> None:
    edges = {case.value["metadata"]["namespace"] for case in derived_from_both() if "/edges/" in case.name}

    assert {namespace for tenant in BOTH.tenants for namespace in tenant.namespaces} == edges


def mutable_parts(value: Any) -> Iterator[int]:
    """Each map and list in a value, by its id."""
    if isinstance(value, (dict, list)):
        yield id(value)
        for each in value.values() if isinstance(value, dict) else value:
            yield from mutable_parts(each)


def test_a_derived_case_shares_nothing_with_another() -> None:
    first, second = (set(mutable_parts(case.value)) for case in derived_from_both()[:2])

    assert first
    assert set() == first & second


@pytest.mark.parametrize("kind", ["RayCluster", "RayJob", "RayService", "RayCronJob"])
@pytest.mark.parametrize("beside", [True, False], ids=["beside others", "alone"])
@pytest.mark.slow
def test_a_tenant_whose_clusters_kuberay_isolates_is_tried_for_that_too(beside: bool, kind: str) -> None:
    isolated = Tenant("team-k", ("ray-k",), BOUNDS, network=Network(provider=Provider.KUBERAY))
    config = Config(Platform(), (WITH_QUOTA, isolated) if beside else (isolated,))
    cases = [case for case in derived(config) if case.name.startswith("require-network-policy/")]
    broken = {case.value["kind"] for case in cases if case.fails == {"require-network-policy"}}

    assert kind in broken
    assert beside is any(case.value["apiVersion"] == "ray.io/v1alpha1" and not case.fails for case in cases)
