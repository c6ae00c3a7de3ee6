"""A suite that cannot fail proves nothing: every way to break policies, cases or the suite itself must turn it red."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence import kyverno, suite
from rayfence.cases import Case, CaseError, load
from rayfence.cases.good import ray_cluster
from rayfence.gotool import KYVERNO, find
from rayfence.manifests import bundle
from rayfence.model.config import (
    Authentication,
    Config,
    Enforcement,
    Network,
    Platform,
    Provider,
    Quota,
    Require,
    Tenant,
)
from rayfence.model.outcome import SuiteReport
from rayfence.model.subjects import RAY
from rayfence.rules import OF, RULES

from ..builders import BOUNDS

pytestmark = pytest.mark.engine

TEAM_A = Tenant("team-a", ("ray-a",), BOUNDS)
TEAM_B = Tenant("team-b", ("ray-b",), BOUNDS, Enforcement.AUDIT, Quota("16"), network=Network(enforce=False))

# One subject is enough to see what the suite sees; each policy object more is seconds more.
OTHERS = tuple(rule.ID for subject, rules in OF.items() if subject is not RAY for rule in rules)
CONFIG = Config(Platform(disabled_rules=OTHERS), (TEAM_A, TEAM_B))

ISOLATION = "clusterpolicy/enforce-tenant-isolation.yaml"
GENERATION = "clusterpolicy/generate-network-policies.yaml"


@pytest.fixture(scope="session")
def engine() -> Path:
    return find(KYVERNO, print).path


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    return bundle.files(CONFIG)


def case(name: str, tenant: Tenant, *fails: str, **spec: object) -> Case:
    value = ray_cluster(CONFIG.platform, tenant)
    value["metadata"]["name"] = name
    value["spec"].update(spec)
    return Case(name, value, frozenset(fails))


def at_the_maximum(name: str, cpu: str, *fails: str) -> Case:
    made = case(name, TEAM_A, *fails)
    limits = made.value["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    limits["cpu"] = cpu
    return made


def on_other_nodes(name: str, tenant: Tenant) -> Case:
    made = case(name, tenant, "require-tenant-nodes")
    made.value["spec"]["workerGroupSpecs"][1]["template"]["spec"]["nodeSelector"]["tenant"] = "somebody-else"
    return made


CASES = (
    case("good", TEAM_A),
    case("good-too", TEAM_B),
    at_the_maximum("most", "4"),
    at_the_maximum("too-much", "4001m", "limit-resources"),
    on_other_nodes("elsewhere", TEAM_A),
    on_other_nodes("elsewhere-too", TEAM_B),
)


def run(engine: Path, files: Mapping[str, str], cases: tuple[Case, ...] = CASES) -> SuiteReport:
    return suite.run(CONFIG, cases, ["clusterpolicy"], engine, jobs=1, files=files)


def complaints(report: SuiteReport) -> str:
    outcomes = [f"{outcome.case}: {problem}" for outcome in report.outcomes for problem in outcome.problems]
    return "\n".join([*report.problems, *outcomes])


def edited(files: Mapping[str, str], path: str, edit: Callable[[str], str]) -> dict[str, str]:
    changed = edit(files[path])
    assert changed != files[path], "the sabotage changed nothing"
    return {**files, path: changed}


def test_untouched_policies_are_as_expected(engine: Path, files: Mapping[str, str]) -> None:
    report = run(engine, files)

    assert "" == complaints(report)
    assert report.ok
    assert 4 == report.rules_loaded


@pytest.mark.parametrize("rule", ["limit-resources", "require-tenant-nodes"])
def test_a_rule_removed_from_the_policy_is_noticed(engine: Path, files: Mapping[str, str], rule: str) -> None:
    name = rule.replace("-", "_")
    silenced = edited(
        files,
        ISOLATION,
        lambda text: re.sub(
            rf"\n\+ variables\.{name}\.map[^\n]*",
            "",
            text.replace(f"variables.{name}.map(violation, '[{rule}] ' + violation)", "[]"),
        ),
    )

    assert f"its message names nothing, not {rule}" in complaints(run(engine, silenced))


@pytest.mark.parametrize(("bound", "moved"), [("1..4", "1..4001m"), ("1..4", "1..3999m"), ("1..4", "1001m..4")])
def test_a_bound_moved_by_one_unit_is_noticed(engine: Path, files: Mapping[str, str], bound: str, moved: str) -> None:
    off = edited(files, ISOLATION, lambda text: text.replace(f"cpu={bound} ", f"cpu={moved} "))

    assert "limit-resources" in complaints(run(engine, off))


def test_a_misspelled_kind_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    misspelled = edited(files, ISOLATION, lambda text: text.replace("/RayCluster", "/RayClutser"))

    found = complaints(run(engine, misspelled))

    assert "enforce-tenant-isolation: Excluded" in found or "no row" in found


def test_a_misspelled_kind_of_the_generating_policy_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    misspelled = edited(files, GENERATION, lambda text: text.replace("/RayCluster", "/RayClutser"))

    assert "good: NetworkPolicy rayfence-good-head was not generated" in complaints(run(engine, misspelled))


def test_a_missing_version_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    old = replace(CASES[3], value={**CASES[3].value, "apiVersion": "ray.io/v1alpha1"})
    dropped = edited(files, ISOLATION, lambda text: re.sub(r" +- ray.io/v1alpha1/RayCluster\n", "", text))

    assert not run(engine, dropped, (*CASES[:3], old, *CASES[4:])).ok


def test_a_rule_id_misspelled_in_a_case_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_text("kind: RayCluster\nmetadata: {name: x, namespace: y}  # fails: limit-resourses\n")

    with pytest.raises(CaseError, match=r"case\.yaml:2: # fails: there is no rule `limit-resourses`; did you mean"):
        load([file])


def test_a_case_that_expects_another_rule_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    wrong = replace(CASES[4], fails=frozenset({"require-tenant-toleration"}))

    found = complaints(run(engine, files, (*CASES[:4], wrong, *CASES[5:])))

    assert "elsewhere: its message names require-tenant-nodes, not require-tenant-toleration" in found


def test_a_resource_missing_from_the_suite_is_noticed(
    engine: Path, files: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = kyverno.run_test

    def one_short(engine, policies, resources, *rest):  # type: ignore[no-untyped-def]
        return whole(engine, policies, resources[1:], *rest)

    monkeypatch.setattr(kyverno, "run_test", one_short)

    found = complaints(run(engine, files))

    assert "3 of 4 resources were loaded" in found
    assert "good: no row" in found


def test_a_generated_policy_opened_to_all_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    # Kyverno's own comparison drops empty maps, and takes `ingress: [{}]` for `ingress: []`.
    opened = edited(files, GENERATION, lambda text: text.replace("ingress: '{{ ingress }}'", "ingress: [{}]"))

    assert "good: NetworkPolicy rayfence-good-head differs from what it must be" in complaints(run(engine, opened))


def test_a_generated_policy_too_many_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    more = edited(files, GENERATION, lambda text: text.replace("['head', 'worker']", "['head', 'worker', 'x']"))

    assert "good: NetworkPolicy rayfence-good-x was generated" in complaints(run(engine, more))


@pytest.mark.parametrize(("action", "other"), [("Enforce", "Audit"), ("Audit", "Enforce")])
def test_another_action_is_noticed(engine: Path, files: Mapping[str, str], action: str, other: str) -> None:
    # `kyverno test` says the same of both.
    changed = edited(files, ISOLATION, lambda text: text.replace(f"failureAction: {action}", f"failureAction: {other}"))

    assert "enforce-tenant-isolation" in "".join(run(engine, changed).problems)


def test_an_empty_folder_of_test_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no test cases here; write manifests as"):
        load([tmp_path])


def test_no_cases_at_all_is_a_failure(engine: Path, files: Mapping[str, str]) -> None:
    assert not run(engine, files, ()).ok


def test_a_policy_that_refuses_nothing_is_noticed_whatever_the_cases(engine: Path, files: Mapping[str, str]) -> None:
    blunt = edited(
        files,
        ISOLATION,
        lambda text: text.replace("size(variables.violations) == 0", "size(variables.violations) >= 0"),
    )

    found = run(engine, blunt, CASES[:1]).problems

    assert ("policy enforce-tenant-isolation answers `pass` to a broken RayCluster in ray-a, not `fail`") in found
    assert ("policy enforce-tenant-isolation-audit answers `pass` to a broken RayCluster in ray-b, not `warn`") in found


def test_a_policy_that_the_engine_drops_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    unparsable = edited(files, ISOLATION, lambda text: text.replace("failureAction: Audit", "failureAction: Maybe"))

    try:
        found = complaints(run(engine, unparsable))
    except kyverno.EngineError as error:
        found = str(error)

    assert "1 of 2 policies were loaded" in found or "Maybe" in found


def test_an_expression_that_does_not_compile_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    broken = edited(
        files, ISOLATION, lambda text: text.replace("size(variables.violations) == 0", "size(variables.violation) == 0")
    )

    assert not run(engine, broken).ok


def test_every_rule_has_a_case_that_fails_it() -> None:
    from rayfence.cases import derived

    asked = Require(Authentication.TOKEN)
    by_kuberay = Tenant("team-c", ("ray-c",), BOUNDS, network=Network(provider=Provider.KUBERAY), require=asked)
    everything = Config(Platform(), (*CONFIG.tenants, by_kuberay))

    assert {rule.ID for rule in RULES} <= {rule for each in derived(everything) for rule in each.fails}
