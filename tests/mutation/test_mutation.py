"""Policies broken on purpose: what is broken, and that the cases notice."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence import mutation
from rayfence.backends import BACKENDS
from rayfence.cases import derived
from rayfence.cli.mutation_test import summary, text
from rayfence.gotool import KYVERNO, find
from rayfence.manifests import bundle
from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Provider, Tenant
from rayfence.model.subjects import RAY, SUBJECTS
from rayfence.mutation import Mutant, MutantResult, mutants
from rayfence.rules import OF, ids
from rayfence.rules.equivalents import Equivalent

from ..builders import sample
from ..command_line import rayfence

TOP = Path(__file__).resolve().parents[2]
CONFIG = sample()


@pytest.fixture(scope="module")
def files() -> Mapping[str, str]:
    return bundle.files(CONFIG, ["clusterpolicy"])


@pytest.fixture(scope="module")
def found(files: Mapping[str, str]) -> list[Mutant]:
    return mutants(files, "clusterpolicy")


def test_every_mutant_changes_one_file_in_one_place(files: Mapping[str, str], found: list[Mutant]) -> None:
    for mutant in found:
        broken = mutant.applied(files)

        assert [mutant.file] == [path for path, text in files.items() if broken[path] != text]
        assert files[mutant.file].startswith(broken[mutant.file][: mutant.position])


def test_no_two_mutants_are_the_same(files: Mapping[str, str], found: list[Mutant]) -> None:
    assert len(found) == len({(each.file, each.position, each.before, each.after) for each in found})


def test_an_operator_that_begins_a_line_is_turned_too(files: Mapping[str, str], found: list[Mutant]) -> None:
    begins = {each.before for each in found if not files[each.file][: each.position].rpartition("\n")[2].strip()}

    assert {"&&", "||", "!="} <= begins


@pytest.mark.parametrize(
    ("subject", "variable", "rule"),
    [
        ("enforce-tenant-isolation", "limit_resources_1", "limit-resources"),
        ("enforce-tenant-isolation", "replica_factors", "limit-total-resources"),
        ("enforce-tenant-isolation", "declared_bounds", "honor-declared-bounds"),
        ("enforce-tenant-isolation", "container_amounts", ""),
        ("enforce-tenant-isolation", "irrelevant_update", ""),
        ("enforce-tenant-isolation", "security_containers", "restrict-pod-security"),
        ("guard-pods", "security_containers", "guard-pods"),
    ],
)
def test_a_mutant_is_of_the_rule_that_alone_reads_what_it_breaks(
    found: list[Mutant], subject: str, variable: str, rule: str
) -> None:
    of_variable = {each.rule for each in found if each.variable == variable and f"/{subject}." in each.file}

    assert {rule} == of_variable


@pytest.mark.parametrize("rule", ids())
def test_every_rule_is_dropped_once_at_least(found: list[Mutant], rule: str) -> None:
    assert f"rule {rule} is dropped" in {each.name for each in found}


@pytest.mark.parametrize(
    "name",
    [
        "Enforce becomes Audit",
        "a kind is dropped",
        "an operation is dropped",
        "init containers are left out",
        "a selector is widened",
        "a rule opens to everybody",
        "a rule opens every port",
        "the cpu maximum of team-a is moved",
        "a namespace is forgotten",
    ],
)
def test_each_sort_of_slip_is_tried(found: list[Mutant], name: str) -> None:
    assert name in {each.name for each in found}


def test_a_bound_is_moved_by_one_unit(found: list[Mutant]) -> None:
    moved = next(each for each in found if each.name == "the memory maximum of team-a is moved")

    assert ("8Gi", str(8 * 1024**3 + 1), "ray-namespace") == (moved.before, moved.after, moved.namespace)


def test_every_bound_of_a_tenant_is_moved_and_no_other_tenants(files: Mapping[str, str], found: list[Mutant]) -> None:
    moved = [each for each in found if each.name.endswith(" of team-b is moved")]
    before, broken = (
        next(line for line in text.split("\n") if "'team-b': ['cpu" in line)
        for text in (files[moved[0].file], moved[-1].applied(files)[moved[0].file])
    )

    assert ["500m", "16", "1Gi", "64Gi", "64", "256Gi"] == [each.before for each in moved]
    assert before.replace("quota.memory=256Gi", f"quota.memory={256 * 1024**3 + 1}") == broken


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_namespace_is_forgotten_wherever_a_guard_is_bound_to_it(backend: str) -> None:
    forgotten = [each for each in mutants(bundle.files(CONFIG, [backend]), backend) if "forgotten" in each.name]
    guards = [subject for subject in SUBJECTS if not subject.everywhere]
    # In a ClusterPolicy's file, and in the kustomization, for its webhook; one guard is a ValidatingPolicy.
    patched = len(guards) - 1 if backend == "clusterpolicy" else 0

    assert {name: len(guards) + patched for name in CONFIG.by_namespace()} == Counter(
        each.namespace for each in forgotten if each.name == "a namespace is forgotten"
    )


ISOLATED = Tenant(
    "team-k",
    ("ray-k",),
    Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")),
    network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_EGRESS),
)
OTHERS = tuple(rule.ID for subject, rules in OF.items() if subject is not RAY for rule in rules)


@pytest.mark.engine
@pytest.mark.parametrize("backend", ["clusterpolicy", "validatingpolicy"])
def test_the_cases_notice_a_mode_that_is_forgotten_and_one_that_is_filled_in_wrongly(backend: str) -> None:
    config = Config(Platform(disabled_rules=OTHERS), (ISOLATED,))
    whole = bundle.files(config, [backend])
    chosen = {each.name: each for each in mutants(whole, backend) if "mode" in each.name}
    program = find(KYVERNO, print).path
    results = [mutation.result_of(config, derived(config), backend, program, whole, each) for each in chosen.values()]

    assert {"the network mode of team-k is forgotten", "another mode is filled in"} <= set(chosen)
    assert [True] * len(results) == [result.killed for result in results]


@pytest.mark.engine
def test_the_cases_notice_a_rule_that_is_dropped_and_those_that_open(found: list[Mutant]) -> None:
    slips = ("rule require-tenant-nodes is dropped", "a rule opens to everybody", "a rule opens every port")
    chosen = [next(each for each in found if each.name == slip) for slip in slips]
    program = find(KYVERNO, print).path
    whole = bundle.files(CONFIG, ["clusterpolicy"])
    results = [mutation.result_of(CONFIG, derived(CONFIG), "clusterpolicy", program, whole, each) for each in chosen]

    assert [True] * len(results) == [result.killed for result in results]


@pytest.mark.engine
def test_cases_that_guard_nothing_notice_nothing(tmp_path: Path) -> None:
    good = TOP / "testcases" / "documented" / "ray-tenant-team-a.yaml"
    (tmp_path / "good.yaml").write_text(good.read_text())
    words = ("--tenants", str(TOP / "tenants"), "--testcases", str(tmp_path), "--no-derived", "--most", "1")
    result = rayfence("mutation-test", *words, "--backend", "gatekeeper", "--format", "json", "--jobs", "1")
    answer = json.loads(result.stdout)

    assert {"mutants": 1, "killed": 0, "elsewhere": 0, "equivalent": 0, "survived": 1} == answer["summary"]
    assert ["survived"] == [each["fate"] for each in answer["mutants"]]
    assert 1 == result.exit_code


ENTRY = Equivalent("pods", "a == b", "a != b", "a and b are one")
SLIP = Mutant("== becomes != in pods", "gatekeeper/guard-pods.yaml", 0, " == ", " != ", "", variable="pods")


@pytest.mark.parametrize(
    ("result", "told"),
    [
        (MutantResult(SLIP, 7, "a case: a problem"), ""),
        (MutantResult(SLIP, 7, ""), f"{SLIP.file}:7: survived: {SLIP.name}\n"),
        (MutantResult(SLIP, 7, "", ENTRY), f"{SLIP.file}:7: equivalent: {SLIP.name}: a and b are one\n"),
        (
            MutantResult(SLIP, 7, "", replace(ENTRY, test="tests/x.py::test_x")),
            f"{SLIP.file}:7: noticed elsewhere, by tests/x.py::test_x: {SLIP.name}: a and b are one\n",
        ),
        (
            MutantResult(SLIP, 7, "a case: a problem", ENTRY),
            f"{SLIP.file}:7: noticed, though said to be equivalent: {SLIP.name}: a case: a problem\n",
        ),
        (MutantResult(SLIP, 7, "a case: a problem", replace(ENTRY, test="tests/x.py::test_x")), ""),
    ],
    ids=["killed", "survived", "equivalent", "elsewhere", "wrongly equivalent", "killed though elsewhere"],
)
def test_what_became_of_a_mutant_is_told_in_a_line(result: MutantResult, told: str) -> None:
    assert told == text([result]).removesuffix(summary([result]) + "\n")


def test_the_summary_counts_apart_what_needs_no_case() -> None:
    results = [MutantResult(SLIP, 1, "a case"), MutantResult(SLIP, 1, ""), MutantResult(SLIP, 1, "", ENTRY)]

    assert "1 mutants: 1 noticed, 0 survived" == summary(results[:1])
    assert "3 mutants: 1 noticed, 1 equivalent, 1 survived" == summary(results)
