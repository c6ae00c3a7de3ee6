"""The same for the CEL backends: what the CLI alone would let pass, the suite sees."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rayfence import kyverno, suite, yamlio
from rayfence.cases import Case
from rayfence.cases.good import ray_cluster
from rayfence.gotool import KYVERNO, find
from rayfence.manifests import bundle
from rayfence.model.config import Config, Enforcement, Network, Platform, Tenant
from rayfence.model.outcome import SuiteReport, Verdict
from rayfence.model.subjects import RAY
from rayfence.rules import OF

from ..builders import BOUNDS

pytestmark = pytest.mark.engine

TEAM_A = Tenant("team-a", ("ray-a",), BOUNDS)
TEAM_B = Tenant("team-b", ("ray-b",), BOUNDS, Enforcement.AUDIT, network=Network(enforce=False))
# One subject is enough to see what the suite sees; each policy object more is seconds more.
OTHERS = tuple(rule.ID for subject, rules in OF.items() if subject is not RAY for rule in rules)
CONFIG = Config(Platform(disabled_rules=OTHERS), (TEAM_A, TEAM_B))

OF_KYVERNO, NATIVE = "validatingpolicy", "validatingadmissionpolicy"
BOTH = pytest.mark.parametrize("backend", [OF_KYVERNO, NATIVE])


@pytest.fixture(scope="session")
def engine() -> Path:
    return find(KYVERNO, print).path


@pytest.fixture(scope="session")
def files() -> Mapping[str, str]:
    return bundle.files(CONFIG, [OF_KYVERNO, NATIVE])


def case(name: str, *fails: str) -> Case:
    value = ray_cluster(CONFIG.platform, TEAM_A)
    value["metadata"]["name"] = name
    return Case(name, value, frozenset(fails))


def elsewhere() -> Case:
    made = case("elsewhere", "require-tenant-nodes")
    made.value["spec"]["workerGroupSpecs"][1]["template"]["spec"]["nodeSelector"]["tenant"] = "somebody-else"
    return made


CASES = (case("good"), elsewhere())


def run(engine: Path, files: Mapping[str, str], backend: str) -> SuiteReport:
    return suite.run(CONFIG, CASES, [backend], engine, jobs=1, files=files)


def complaints(report: SuiteReport) -> str:
    outcomes = [f"{outcome.case}: {problem}" for outcome in report.outcomes for problem in outcome.problems]
    return "\n".join([*report.problems, *outcomes])


def edited(files: Mapping[str, str], backend: str, edit: Callable[[str], str], name: str = RAY.name) -> dict[str, str]:
    path = f"{backend}/{name}.yaml"
    changed = edit(files[path])
    assert changed != files[path], "the sabotage changed nothing"
    return {**files, path: changed}


@pytest.mark.parametrize(("backend", "loaded"), [(OF_KYVERNO, 3), (NATIVE, 2)])
def test_untouched_policies_are_as_expected(engine: Path, files: Mapping[str, str], backend: str, loaded: int) -> None:
    report = run(engine, files, backend)

    assert "" == complaints(report)
    assert (True, loaded) == (report.ok, report.rules_loaded)


@BOTH
def test_a_misspelled_kind_is_noticed(engine: Path, files: Mapping[str, str], backend: str) -> None:
    misspelled = edited(files, backend, lambda text: text.replace("- rayclusters", "- rayclutsers"))

    assert "good: enforce-tenant-isolation: Excluded" in complaints(run(engine, misspelled, backend))


@BOTH
def test_a_rule_removed_from_the_policy_is_noticed(engine: Path, files: Mapping[str, str], backend: str) -> None:
    silenced = edited(
        files, backend, lambda text: re.sub(r"\n *\+ variables\.require_tenant_nodes\.map[^\n]*", "", text)
    )

    assert "elsewhere: its message names nothing, not require-tenant-nodes" in complaints(
        run(engine, silenced, backend)
    )


@pytest.mark.parametrize(("action", "other"), [("Deny", "Audit"), ("Audit", "Deny"), ("Deny", "Warn")])
@BOTH
def test_another_action_is_noticed(
    engine: Path, files: Mapping[str, str], backend: str, action: str, other: str
) -> None:
    # No run of the CLI tells them apart.
    changed = edited(files, backend, lambda text: text.replace(f"  - {action}\n", f"  - {other}\n"))

    assert f"has the actions ['{other}'], not ['{action}']" in complaints(run(engine, changed, backend))


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("policyName: enforce-tenant-isolation\n", "policyName: enforce-tenant-isolatoin\n"),
        lambda text: text.replace("  policyName:", "  matchResources: {namespaceSelector: {}}\n  policyName:"),
        lambda text: text.replace("kind: ValidatingAdmissionPolicyBinding", "kind: ValidatingAdmissionPolicyBindings"),
    ],
    ids=["to another policy", "for some objects only", "not at all"],
)
def test_a_native_policy_that_is_not_bound_is_noticed(
    engine: Path, files: Mapping[str, str], edit: Callable[[str], str]
) -> None:
    found = complaints(run(engine, edited(files, NATIVE, edit), NATIVE))

    assert "policy enforce-tenant-isolation has the actions None, not ['Deny']" in found


@BOTH
def test_a_policy_that_refuses_nothing_is_noticed(engine: Path, files: Mapping[str, str], backend: str) -> None:
    blunt = edited(
        files, backend, lambda text: text.replace("variables.violations) == 0", "variables.violations) >= 0")
    )

    problems = run(engine, blunt, backend).problems

    assert "policy enforce-tenant-isolation answers `pass` to a broken RayCluster in ray-a, not `fail`" in problems


@BOTH
def test_an_expression_that_does_not_compile_is_noticed(engine: Path, files: Mapping[str, str], backend: str) -> None:
    broken = edited(
        files, backend, lambda text: text.replace("variables.violations) == 0", "variables.violation) == 0")
    )

    try:
        found = complaints(run(engine, broken, backend))
    except kyverno.EngineError as error:
        found = str(error)

    assert "violation" in found


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("- rayclusters", "- rayclutsers", "good: NetworkPolicy rayfence-good-head was not generated"),
        ("'ray-a': 'team-a'", "'ray-a': 'team-b'", "good: NetworkPolicy rayfence-good-head was not generated"),
        (
            "dyn(variables.ingressFromCluster + variables.ingressToWorkerMetrics)",
            "dyn([{}])",
            "rayfence-good-worker differs",
        ),
        ("+ '-worker'", "+ '-other'", "good: NetworkPolicy rayfence-good-other was generated"),
    ],
    ids=["misspelled kind", "another tenant's", "open to all", "another name"],
)
def test_a_broken_generating_policy_is_noticed(
    engine: Path, files: Mapping[str, str], old: str, new: str, expected: str
) -> None:
    broken = edited(files, OF_KYVERNO, lambda text: text.replace(old, new), "generate-network-policies")

    assert expected in complaints(run(engine, broken, OF_KYVERNO))


def test_a_generating_policy_that_does_not_compile_is_noticed(engine: Path, files: Mapping[str, str]) -> None:
    broken = edited(
        files,
        OF_KYVERNO,
        lambda text: text.replace("variables.tenant", "variables.tenent"),
        "generate-network-policies",
    )

    assert "good: NetworkPolicy rayfence-good-head was not generated" in complaints(run(engine, broken, OF_KYVERNO))


@pytest.mark.parametrize("backend", [OF_KYVERNO, NATIVE])
def test_a_check_denies_only_where_the_policy_refuses(engine: Path, backend: str) -> None:
    # The CLI reports a violation of either tenant in the same word.
    def broken(tenant: Tenant) -> yamlio.Document:
        value = ray_cluster(CONFIG.platform, tenant)
        del value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"]
        (document,) = yamlio.read(yamlio.dump([value]), "ray.yaml")
        assert isinstance(document, yamlio.Document)
        return document

    results = suite.check(CONFIG, [broken(TEAM_A), broken(TEAM_B)], backend, engine)

    assert [Verdict.DENY, Verdict.ADMIT] == [result.verdict for result in results]
    assert [["require-tenant-nodes"]] * 2 == [[finding.rule for finding in result.findings] for result in results]
