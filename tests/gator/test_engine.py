"""Every case on the real gator: who answers, what it decides, and exactly which rules it names."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from rayfence import admission, gator, tenants, yamlio
from rayfence.backends.gatekeeper.policy import files
from rayfence.cases import GENERATION, Case, derived, load
from rayfence.gator import PolicyResult
from rayfence.gotool import GATOR, find
from rayfence.suite.expecting import Expectations, distinct, resource

pytestmark = pytest.mark.engine

TOP = Path(__file__).resolve().parents[2]
CONFIG = tenants.load([TOP / "tenants"])
TRUTH = Expectations(CONFIG)
POLICIES = "---\n".join(yamlio.dump(manifests) for manifests in files(CONFIG).values())


@pytest.fixture(scope="module")
def engine() -> Path:
    return find(GATOR, print).path


@pytest.fixture(scope="module")
def said(engine: Path) -> dict[str, list[PolicyResult]]:
    """What gator says of each case's object."""
    cases = sorted(distinct(all_cases()), key=lambda case: repr(case.request))
    found: dict[str, list[PolicyResult]] = {resource(case): [] for case in cases}
    for _, together in groupby(cases, key=lambda case: repr(case.request)):
        same = list(together)
        for each in gator.evaluate(engine, POLICIES, [case.value for case in same], same[0].request):
            found[each.resource].append(each)
    return found


def all_cases() -> list[Case]:
    return [*load([TOP / "testcases"]), *derived(CONFIG)]


def wrong(case: Case, answers: list[PolicyResult]) -> list[str]:
    """How the answers for a case differ from what the case says of itself."""
    speaker, wanted = TRUTH.policy_for(case), case.fails - {GENERATION}
    problems = []
    if sorted(policy.name for policy in TRUTH.judges(case.value)) != sorted(each.policy for each in answers):
        problems.append(f"{[each.policy for each in answers]} answered")
    for each in answers:
        own = each.policy == speaker.name
        result = TRUTH.action(speaker) if own and wanted else "pass"
        if (result, wanted if own else frozenset()) != (each.result, admission.read(each.message)[0]):
            problems.append(f"{each.policy} says {each.result}, {each.message or 'nothing'}")
    return problems


def test_every_case_is_decided_as_it_says_by_the_policy_that_speaks_for_it(said: dict[str, list[PolicyResult]]):
    cases = distinct(all_cases())

    assert {} == {case.name: found for case in cases if (found := wrong(case, said[resource(case)]))}


def test_each_policy_object_does_with_its_tenants_what_their_enforcement_says(engine: Path):
    probes = TRUTH.probes()
    judged = gator.evaluate(engine, POLICIES, [probe.value for _, probe in probes])
    results = {(each.policy, each.resource): each.result for each in judged}

    assert {policy.name for policy in TRUTH.policies} == {policy.name for policy, _ in probes}
    for speaker, probe in probes:
        for policy in TRUTH.judges(probe.value):
            wanted = TRUTH.action(policy) if policy is speaker else "pass"
            assert wanted == results[policy.name, resource(probe)], f"{policy.name} on {probe.name}"
