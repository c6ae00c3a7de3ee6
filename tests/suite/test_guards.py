"""Guards are asked about tenants' namespaces alone: each engine shows it, and notices one that is asked about more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rayfence import mutation, suite, yamlio
from rayfence.backends import BACKENDS
from rayfence.cases import Case
from rayfence.cases.good import good
from rayfence.gotool import find
from rayfence.manifests import bundle
from rayfence.model.config import Config, Enforcement, Network, Platform, Tenant
from rayfence.model.outcome import SuiteReport, Verdict
from rayfence.model.subjects import NETWORK_POLICIES, PODS
from rayfence.mutation import mutants
from rayfence.rules import OF
from rayfence.suite import manifests
from rayfence.suite.checking import check
from rayfence.suite.engine import Engine
from rayfence.suite.engines import engine_of, tool_of
from rayfence.workload import NOBODY, Request

from ..builders import BOUNDS

pytestmark = pytest.mark.engine

EACH = pytest.mark.parametrize("backend", BACKENDS)

OTHERS = tuple(rule.ID for subject, rules in OF.items() if subject not in (PODS, NETWORK_POLICIES) for rule in rules)
TEAM_A = Tenant("team-a", ("ray-a", "ray-b"), BOUNDS, network=Network(enforce=False))
TEAM_C = Tenant("team-c", ("ray-c",), BOUNDS, Enforcement.AUDIT, network=Network(enforce=False))
CONFIG = Config(Platform(disabled_rules=OTHERS), (TEAM_A, TEAM_C))

NOBODYS = ("default", "ray", "ray-a2", "ray-aa", "kube-system")


def program(backend: str) -> Path:
    return find(tool_of(backend), print).path


def engine(backend: str, files: Mapping[str, str]) -> Engine:
    return engine_of(CONFIG, backend, manifests.of(files, backend), program(backend))


def pod(namespace: str) -> dict[str, Any]:
    """What a tenant may not have: a pod on a node of its own choice."""
    value = good(PODS, CONFIG.platform, TEAM_A)[-1]
    value["metadata"] |= {"name": "pod", "namespace": namespace}
    value["spec"]["nodeName"] = "node-1"
    return value


def judged(backend: str, files: Mapping[str, str], *cases: Case) -> SuiteReport:
    own = program(backend)
    return suite.run(CONFIG, cases, [backend], own, jobs=1, files=files, others={backend: own}, whole=False)


@EACH
def test_each_guard_answers_for_its_tenants_and_nobody_for_anybody_else(backend: str) -> None:
    said = engine(backend, bundle.files(CONFIG, [backend])).report(
        [pod(place) for place in (*CONFIG.by_namespace(), *NOBODYS)], NOBODY
    )

    assert [
        ("ray-a", "guard-pods", "fail"),
        ("ray-b", "guard-pods", "fail"),
        ("ray-c", "guard-pods-audit", "warn"),
    ] == sorted((each.resource.partition("/")[0], each.policy, each.result) for each in said)


@EACH
def test_nothing_is_wrong_with_guards_as_they_are(backend: str) -> None:
    problems, _ = engine(backend, bundle.files(CONFIG, [backend])).check_policies()

    assert [] == problems


@EACH
@pytest.mark.parametrize("operation", ["CREATE", "DELETE"])
def test_a_case_in_nobodys_namespace_is_one_that_nobody_is_asked_about(backend: str, operation: str) -> None:
    value = good(NETWORK_POLICIES, CONFIG.platform, TEAM_A)[0]
    value["metadata"] |= {"name": "rayfence-mine", "namespace": "ray-aa"}
    request = Request(username="somebody", operation=operation)
    cases = [Case("a pod", pod("ray-aa"), frozenset()), Case("a policy", value, frozenset(), request)]
    if backend == "validatingadmissionpolicy" and operation == "DELETE":
        cases = cases[:1]

    report = judged(backend, bundle.files(CONFIG, [backend]), *cases)

    assert [("pass", ())] * len(cases) == [(each.validation, each.problems) for each in report.outcomes]


@EACH
def test_a_manifest_in_nobodys_namespace_is_judged_by_nobody(backend: str) -> None:
    written = yamlio.dump([pod("ray-aa"), pod("ray-b")])
    documents = [each for each in yamlio.read(written, "r") if isinstance(each, yamlio.Document)]

    assert [Verdict.NOT_JUDGED, Verdict.DENY] == [
        each.verdict for each in check(CONFIG, documents, backend, program(backend))
    ]


def asked_about_everything(backend: str) -> dict[str, str]:
    """The policies with a guard of pods that is asked about each namespace."""
    files, path = bundle.files(CONFIG, [backend]), f"{backend}/guard-pods.yaml"
    pattern, instead = (
        (r"\|-\n +\{\{ contains(?:.*\n)+? +\].*$", "\"{{ request.object.kind != '' }}\"")
        if backend == "clusterpolicy"
        else (r"\|-\n +\[\(object\)\.metadata(?:.*\n)*?.*\]\)\)$", "'true'")
    )
    found = re.sub(pattern, instead, files[path], count=1, flags=re.MULTILINE)
    assert found != files[path]
    return {**files, path: found}


@EACH
def test_a_guard_that_is_asked_about_everything_is_noticed(backend: str) -> None:
    files = asked_about_everything(backend)
    problems, _ = engine(backend, files).check_policies()
    (outcome,) = judged(backend, files, Case("a pod", pod("ray-aa"), frozenset())).outcomes

    assert "policy guard-pods answers `pass` to a good Pod in -, although it does not cover it" in problems
    assert not outcome.ok


@EACH
def test_every_namespace_that_is_forgotten_is_noticed(backend: str) -> None:
    whole = bundle.files(CONFIG, [backend])
    forgotten = [each for each in mutants(whole, backend) if each.name == "a namespace is forgotten"]
    results = [mutation.result_of(CONFIG, (), backend, program(backend), whole, each) for each in forgotten]

    assert (12 if backend == "clusterpolicy" else 6) == len(forgotten)
    assert [] == [each.mutant.before for each in results if not each.killed]
