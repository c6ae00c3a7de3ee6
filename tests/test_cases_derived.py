"""Cases are derived from the rules: each broken in every way it names, and each tenant's edges."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from rayfence.backends.clusterpolicy import ISOLATION
from rayfence.cases import GENERATION, derived
from rayfence.config import Bounds, Config, Container, Enforcement, Network, Platform, Quota, Tenant
from rayfence.evaluate import Judge
from rayfence.rules import RULES, ids
from rayfence.rules.rule import At
from rayfence.shards import shards
from rayfence.suite.expecting import Expectations
from rayfence.workload import VERSIONS

from .rules.objects import CONFIGS

BOUNDS = Container(Bounds("500m", "8"), Bounds("1Gi", "32Gi"))
WITH_QUOTA = Tenant("team-b", ("ray-b",), BOUNDS, quota=Quota("64", "256Gi", 4, 16))
AUDITED = Tenant("team-c", ("ray-c",), BOUNDS, enforcement=Enforcement.AUDIT, network=Network(enforce=False))
BOTH = Config(Platform(), (WITH_QUOTA, AUDITED))


@pytest.mark.parametrize("name", [name for name, config in CONFIGS.items() if 1 == len(shards(config))])
def test_derived_cases_have_names_of_their_own(name: str) -> None:
    names = Counter(case.name for case in derived(CONFIGS[name]))

    assert [] == [each for each, number in names.items() if number > 1]


@pytest.mark.parametrize("name", CONFIGS)
def test_a_derived_case_breaks_in_python_what_it_says(name: str) -> None:
    judge = Judge(CONFIGS[name])
    wrong = {
        case.name: rules
        for case in derived(CONFIGS[name])
        if (rules := {each.rule for each in judge.violations(dict(case.value))}) != case.fails - {GENERATION}
    }

    assert {} == wrong


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_every_break_and_every_pass_of_a_rule_is_there(rule: Any) -> None:
    names = {case.name.split("/")[2] for case in derived(BOTH) if case.name.startswith(f"{rule.ID}/breaks/")}
    passes = {case.name.split("/")[2] for case in derived(BOTH) if case.name.startswith(f"{rule.ID}/passes/")}

    assert rule.breaks(BOTH.platform, WITH_QUOTA).keys() <= names
    assert rule.passes(BOTH.platform, WITH_QUOTA).keys() == passes


SITES = {
    At.OBJECT: {""},
    At.GROUP: {"head", "first worker group", "last worker group"},
    At.WORKERS: {"first worker group", "last worker group"},
    At.POD: {"head", "first worker group", "last worker group"},
    At.CONTAINER: {
        f"{kind} of {group}"
        for kind in ("container", "init container")
        for group in ("head", "first worker group", "last worker group")
    },
}


@pytest.mark.parametrize("rule", RULES, ids=ids())
def test_a_break_is_tried_at_every_site(rule: Any) -> None:
    names = {case.name for case in derived(BOTH)}
    for title, edit in rule.breaks(BOTH.platform, WITH_QUOTA).items():
        wanted = {f"{rule.ID}/breaks/{title}" + (f"/{site}" if site else "") for site in SITES[edit.at]}

        assert wanted <= names


def test_every_policy_object_has_a_case_that_fails_it_by_every_rule() -> None:
    truth = Expectations(BOTH)
    failed: dict[str, set[str]] = {}
    for case in derived(BOTH):
        failed.setdefault(truth.failed_policy(case), set()).update(case.fails - {GENERATION})

    assert [ISOLATION + shard.suffix for shard in shards(BOTH)] == truth.policies
    assert set(ids()) == failed[ISOLATION]
    assert set(ids()) - {"restrict-namespace"} == failed[f"{ISOLATION}-audit"]


def test_derived_cases_are_created_and_updated_in_every_served_version() -> None:
    cases = derived(BOTH)

    assert {"CREATE", "UPDATE"} == {case.operation for case in cases}
    assert {f"ray.io/{version}" for version in VERSIONS} == {case.value["apiVersion"] for case in cases}


def test_nothing_is_generated_without_the_label_where_anything_is() -> None:
    cases = [case for case in derived(BOTH) if case.name.startswith("require-tenant-label/breaks/")]
    isolated = {case.value["metadata"]["namespace"]: GENERATION in case.fails for case in cases}

    assert {"ray-b": True, "ray-c": False} == isolated


@pytest.mark.parametrize("tenant", ["team-b", "team-c"])
def test_every_tenants_boundary_values_are_tried(tenant: str) -> None:
    edges = {
        case.name.split("/")[2]: bool(case.fails)
        for case in derived(BOTH)
        if f"/edges of {tenant}/" in case.name and case.name.startswith("limit-resources/")
    }

    assert {
        "the least cpu": False,
        "the most cpu": False,
        "the least memory": False,
        "the most memory": False,
        "less cpu than the least": True,
        "more cpu than the most": True,
        "less memory than the least": True,
        "more memory than the most": True,
    } == edges


def test_every_quota_is_met_exactly_and_passed_by_one() -> None:
    edges = {
        case.name.split("/")[2]: set(case.fails)
        for case in derived(BOTH)
        if case.name.startswith("limit-total-resources/edges of team-b/")
    }
    too_much = {"limit-total-resources"}

    assert {
        "every accelerator of the quota": set(),
        "all cpu of the quota": set(),
        "all memory of the quota": set(),
        "every worker of the quota": set(),
        "one accelerator too many": too_much,
        "more cpu than the quota": too_much,
        "more memory than the quota": too_much,
        "one worker too many": too_much,
    } == edges


@pytest.mark.parametrize(
    ("name", "side", "resource", "amount"),
    [
        ("less cpu than the least", "requests", "cpu", "499m"),
        ("more cpu than the most", "limits", "cpu", "8001m"),
        ("less memory than the least", "requests", "memory", "1073741823"),
        ("more memory than the most", "limits", "memory", "34359738369"),
        ("the most cpu", "limits", "cpu", "8"),
        ("the least memory", "requests", "memory", "1Gi"),
    ],
)
def test_an_edge_is_one_unit_wide(name: str, side: str, resource: str, amount: str) -> None:
    title = f"limit-resources/edges of team-b/{name}/container of first worker group"
    (case,) = (case for case in derived(BOTH) if case.name == title)
    template = case.value["spec"]["workerGroupSpecs"][0]["template"]

    assert amount == template["spec"]["containers"][0]["resources"][side][resource]


def test_a_derived_case_shares_nothing_with_another() -> None:
    first, second = derived(BOTH)[:2]
    first.value["metadata"]["labels"]["tenant"] = "changed"

    assert "changed" != second.value["metadata"]["labels"].get("tenant")
