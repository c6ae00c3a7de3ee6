"""What the suite says of generated objects: exactly those of each RayCluster and RayJob, and none where none may be."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from rayfence.backends import BACKENDS
from rayfence.cases import GENERATION, Case
from rayfence.cases.isolated import isolated
from rayfence.manifests import bundle
from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Scope, Tenant
from rayfence.suite import manifests
from rayfence.suite.comparing import Compared, compare
from rayfence.suite.engine import CaseResult, EngineRun
from rayfence.suite.expecting import Expectations, resource
from rayfence.suite.manifests import generates

TEAM = Tenant("team-a", ("ray-a",), Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")))
CONFIG = Config(Platform(), (TEAM,))
TRUTH = Expectations(CONFIG)
CASES = {case.name.split("/")[1].removesuffix(" in ray-a"): case for case in isolated(CONFIG)}
JOB, CLUSTER = CASES["a job on a selected cluster, v1"], CASES["moved ports"]


def compared(case: Case, made: list[dict[str, Any]] | None) -> Compared:
    said = CaseResult(resource(case), "pass", "")
    return compare(
        "clusterpolicy", CONFIG, [case], EngineRun((said,), (), None if made is None else tuple(made)), TRUTH
    )


def problems(case: Case, made: list[dict[str, Any]] | None) -> list[str]:
    found = compared(case, made)
    return [*found.problems, *found.outcomes[0].problems]


@pytest.mark.parametrize("case", [JOB, CLUSTER], ids=["job", "cluster"])
def test_exactly_the_wanted_objects_are_no_problem(case: Case) -> None:
    assert [] == problems(case, TRUTH.network_policies(case))
    assert "pass" == compared(case, TRUTH.network_policies(case)).outcomes[0].generation


def refused(case: Case, message: str) -> list[str]:
    said = CaseResult(resource(case), "fail", message)
    return list(compare("gatekeeper", CONFIG, [case], EngineRun((said,), ()), TRUTH).outcomes[0].problems)


def test_an_engines_own_error_is_no_pass() -> None:
    assert ["it is refused, and the message names no rule"] == refused(CLUSTER, "index out of bounds: 1")


def test_a_message_that_promises_more_and_has_none_is_noticed() -> None:
    found = refused(CLUSTER, "guard-pods: [guard-pods] spec.nodeName: must be left out; and 0 more")

    assert "its message announces more violations, but there are none" in found


def test_a_refusal_of_what_keeps_every_rule_is_noticed() -> None:
    (said,) = refused(CLUSTER, "guard-pods: [guard-pods] spec.nodeName: must be left out")[:1]

    assert "its message names guard-pods, not nothing" == said


def test_a_jobs_policy_that_is_missing_is_noticed() -> None:
    assert ["NetworkPolicy rayfence-good-submitter was not generated"] == problems(JOB, [])


def test_a_jobs_policy_on_another_port_is_noticed() -> None:
    (policy,) = deepcopy(TRUTH.network_policies(JOB))
    policy["spec"]["ingress"][0]["ports"][0]["port"] = 22

    assert ["NetworkPolicy rayfence-good-submitter differs from what it must be"] == problems(JOB, [policy])


def test_a_rule_too_many_for_a_cluster_is_noticed() -> None:
    head, worker = deepcopy(TRUTH.network_policies(CLUSTER))
    head["spec"]["ingress"].append({"from": [{"podSelector": {}}]})

    assert ["NetworkPolicy rayfence-good-head differs from what it must be"] == problems(CLUSTER, [head, worker])


@pytest.mark.parametrize("name", ["a job that selects no name", "a job submitted without a pod"])
def test_a_policy_for_a_job_that_must_have_none_is_noticed(name: str) -> None:
    made = TRUTH.network_policies(JOB)

    assert ["NetworkPolicy rayfence-good-submitter was generated"] == problems(CASES[name], made)
    assert [] == problems(CASES[name], [])


def test_a_jobs_policy_is_not_taken_for_that_of_a_cluster_of_its_name() -> None:
    # Both are called `good`.
    made = [*TRUTH.network_policies(CLUSTER), *TRUTH.network_policies(JOB)]

    assert ["NetworkPolicy rayfence-good-submitter was generated for no case"] == problems(CLUSTER, made)


def test_a_case_that_says_nothing_is_generated_where_something_is_is_noticed() -> None:
    wrong = replace(JOB, fails=frozenset({GENERATION}))

    assert f"{GENERATION}: the case says nothing is generated" in problems(wrong, TRUTH.network_policies(JOB))


def test_a_backend_that_generates_nothing_is_asked_nothing() -> None:
    assert [] == problems(JOB, None)
    assert "-" == compared(JOB, None).outcomes[0].generation


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_backend_has_policies_that_generate_if_and_only_if_something_acts_on_them(backend: str) -> None:
    must = BACKENDS[backend].generates
    written = manifests.of(bundle.files(CONFIG, [backend]), backend)
    without = replace(written, generating="" if must else "kind: GeneratingPolicy\n")

    assert [] == generates(written, must)
    assert 1 == len(generates(without, must))


@pytest.mark.parametrize("backend", BACKENDS)
def test_static_network_policies_are_no_policies_to_judge_by(backend: str) -> None:
    written = manifests.of(bundle.files(CONFIG, [backend]), backend)

    assert {} == written.of_kind("NetworkPolicy")


def test_each_sort_of_network_has_its_cases_and_they_are_few() -> None:
    sorts = tuple(
        replace(
            TEAM, name=f"{scope}-{mode}", namespaces=(f"{scope}-{number}",), network=Network(mode=mode, scope=scope)
        )
        for number, mode in enumerate(Mode)
        for scope in Scope
    )

    assert 15 == len(list(isolated(Config(Platform(), (*sorts[:1], TEAM)))))
    assert 15 * 6 == len(list(isolated(Config(Platform(), sorts))))
    assert [] == list(isolated(Config(Platform(), (replace(TEAM, network=Network(enforce=False)),))))
