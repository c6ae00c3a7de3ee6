"""The manifests under testcases/ are marked truthfully, and show every rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from rayfence import tenants
from rayfence.admission.evaluate import Evaluator
from rayfence.cases import GENERATION, Case, load
from rayfence.model.config import Config
from rayfence.model.field_path import FieldPath
from rayfence.rules import ids, require_network_policy
from rayfence.suite.expecting import Expectations
from rayfence.workload import SERVED

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sample() -> Config:
    return tenants.load([ROOT / "tenants"])


@pytest.fixture(scope="module")
def truth(sample: Config) -> Expectations:
    return Expectations(sample)


FOLDERS = sorted(path.name for path in (ROOT / "testcases").iterdir() if path.is_dir())


@cache
def written() -> Sequence[Case]:
    """Every case below testcases/, for tests that leave them as they are."""
    return load([ROOT / "testcases"])


def own(folder: str) -> list[Case]:
    """The cases in one folder of testcases/."""
    return [case for case in written() if case.name.startswith(f"{folder}/")]


def lines_of(case: Case, sample: Config) -> set[tuple[str, int]]:
    """Each rule that the case breaks, and the line where it does."""
    evaluator = Evaluator(sample, case.request)
    assert case.document is not None
    found = {(each.rule, case.document.line_of(each.path)) for each in evaluator.violations(dict(case.value))}
    if GENERATION in case.fails:
        found.add((GENERATION, case.document.line_of(FieldPath.of("metadata", "labels", evaluator.tenant_label))))
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_testcase_marks_every_broken_rule_on_its_line_and_no_other(folder: str, sample: Config) -> None:
    found = {case.name: (lines_of(case, sample), case.lines) for case in own(folder)}

    assert found
    assert {} == {name: (said, marked) for name, (said, marked) in found.items() if said != marked}


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_testcase_says_whether_anything_is_generated(folder: str, truth: Expectations) -> None:
    assert [] == [
        case.name
        for case in own(folder)
        if (GENERATION in case.fails) != (truth.isolates(case) and not truth.network_policies(case))
    ]


def test_every_testcase_is_in_one_of_the_folders() -> None:
    assert [] == [case.name for case in written() if case.name.partition("/")[0] not in FOLDERS]


def test_no_two_testcases_have_one_name() -> None:
    names = Counter(
        (case.value["kind"], case.value["metadata"]["namespace"], case.value["metadata"]["name"]) for case in written()
    )

    assert [] == [name for name, number in names.items() if number > 1]


# No sample tenant leaves its isolation to KubeRay: `cases/test_derived.py` and `network/test_kuberay.py` have some.
UNASKED = {require_network_policy.ID}


def test_a_rule_without_testcases_is_asked_of_no_sample_tenant(sample: Config) -> None:
    assert [] == [tenant.name for tenant in sample.tenants if tenant.network.required_mode]
    assert [] == [case.name for case in written() if UNASKED & case.fails]


@pytest.mark.parametrize("rule", sorted(set(ids()) - UNASKED))
def test_every_rule_has_testcases_that_fail_and_that_pass(rule: str) -> None:
    assert {True, False} == {rule in case.fails for case in own(rule)}


@pytest.mark.parametrize(("version", "kind"), SERVED, ids=[" ".join(each) for each in SERVED])
def test_every_kind_in_every_served_version_has_testcases_that_fail_and_that_pass(version: str, kind: str) -> None:
    found = [case for case in written() if (version, kind) == (case.value["apiVersion"], case.value["kind"])]

    assert {True, False} == {bool(case.fails) for case in found}


def test_every_testcase_says_in_a_remark_what_it_shows() -> None:
    silent = [path for path in (ROOT / "testcases").rglob("*.yaml") if not path.read_text("utf-8").startswith("# ")]

    assert [] == silent


def test_the_documented_cases_come_out_as_documented() -> None:
    def verdicts(case: Case) -> tuple[str, str]:
        return (
            "fail" if case.fails - {GENERATION} else "pass",
            "fail" if GENERATION in case.fails else "pass",
        )

    assert {
        "ray-tenant-team-a": ("pass", "pass"),
        "ray-test-invalid": ("fail", "pass"),
        "ray-test-no-tenant": ("fail", "fail"),
        "ray-test-fail-both": ("fail", "fail"),
    } == {case.value["metadata"]["name"]: verdicts(case) for case in written() if case.name.startswith("documented/")}
