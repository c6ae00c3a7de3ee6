"""Where a table is cut: each namespace has one policy object in charge, and no engine is believed to have asked it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rayfence import mutation, suite, yamlio
from rayfence.backends import BACKENDS
from rayfence.cases import Case
from rayfence.cases.good import good, ray_cluster
from rayfence.gotool import find
from rayfence.manifests import bundle
from rayfence.model.config import Config, Enforcement, Network, Platform, Tenant
from rayfence.model.outcome import EngineError, SuiteReport, Verdict
from rayfence.model.subjects import NETWORK_POLICIES, RAY, Subject
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

FIRST, SECOND = "enforce-tenant-isolation", "enforce-tenant-isolation-2"


def tenants(number: int, enforcement: Enforcement = Enforcement.ENFORCE) -> tuple[Tenant, ...]:
    return tuple(
        Tenant(f"x{index:04}", (f"ray-x{index:04}",), BOUNDS, enforcement, network=Network(enforce=False))
        for index in range(number)
    )


def about(subject: Subject, *found: Tenant) -> Config:
    """With the rules of one subject alone: each policy object more is seconds more."""
    others = (rule.ID for each, rules in OF.items() if each is not subject for rule in rules)
    return Config(Platform(disabled_rules=tuple(others)), found)


TWO = about(RAY, *tenants(501))
"""Two policy objects, of which the second is in charge from `ray-x0500` on."""

FOUR = about(RAY, Tenant("a", ("ray-a",), BOUNDS), *tenants(501, Enforcement.AUDIT))
"""Two that refuse, the second from `ray-x0499` on, and two that only audit, the second from `ray-x0500` on."""


def program(backend: str) -> Path:
    return find(tool_of(backend), print).path


def engine(config: Config, backend: str, files: Mapping[str, str] | None = None) -> Engine:
    files = bundle.files(config, [backend]) if files is None else files
    return engine_of(config, backend, manifests.of(files, backend), program(backend))


def cluster(namespace: str) -> dict[str, Any]:
    value = ray_cluster(TWO.platform, TWO.by_namespace().get(namespace, TWO.tenants[0]))
    value["metadata"] |= {"name": "cluster", "namespace": namespace}
    return value


@EACH
def test_each_policy_object_answers_where_it_is_in_charge_and_nowhere_else(backend: str) -> None:
    problems, loaded = engine(FOUR, backend).check_policies()

    assert [] == problems
    assert loaded >= 4


PLACES = {
    "a": (FIRST, "fail"),
    "ray-x0000": (FIRST, "pass"),
    "ray-x0499": (FIRST, "pass"),
    "ray-x0499-b": (FIRST, "fail"),
    "ray-x050": (FIRST, "fail"),
    "ray-x0500": (SECOND, "pass"),
    "ray-x0500-b": (SECOND, "fail"),
    "zz": (SECOND, "fail"),
}
"""Namespaces at the ends of ranges, who answers for a good RayCluster there, and what: those of nobody are refused."""


@EACH
def test_at_the_ends_of_a_range_one_policy_object_answers_for_each_namespace(backend: str) -> None:
    said = engine(TWO, backend).report([cluster(place) for place in PLACES], NOBODY)

    assert sorted((place, *answer) for place, answer in PLACES.items()) == sorted(
        (each.resource.partition("/")[0], each.policy, each.result) for each in said
    )
    assert {"restrict-namespace"} == {each.message.partition(":")[0] for each in said if each.result == "fail"}


@pytest.mark.parametrize("backend", ["clusterpolicy", "validatingpolicy", "gatekeeper"])
@pytest.mark.parametrize("operation", ["UPDATE", "DELETE"])
def test_what_is_changed_or_deleted_is_judged_by_the_object_in_charge_of_where_it_was(
    backend: str, operation: str
) -> None:
    config = about(NETWORK_POLICIES, *TWO.tenants)
    request = Request(username="somebody", operation=operation)
    cases = []
    for tenant in (config.tenants[0], config.tenants[500]):
        value = good(NETWORK_POLICIES, config.platform, tenant)[0]
        value["metadata"]["name"] = "rayfence-mine"
        cases.append(Case(f"in {tenant.name}", value, frozenset({"guard-network-policies"}), request))

    report = judged(config, backend, bundle.files(config, [backend]), *cases)

    assert [("fail", ())] * 2 == [(each.validation, each.problems) for each in report.outcomes]


@EACH
def test_a_manifest_is_checked_by_the_policy_object_in_charge(backend: str) -> None:
    manifests = [cluster(place) for place in ("ray-x0000", "ray-x0500", "zz")]
    documents = [each for each in yamlio.read(yamlio.dump(manifests), "r") if isinstance(each, yamlio.Document)]

    assert [Verdict.ADMIT, Verdict.ADMIT, Verdict.DENY] == [
        each.verdict for each in check(TWO, documents, backend, program(backend))
    ]


CASES = tuple(Case(place, cluster(place), frozenset()) for place in ("ray-x0000", "ray-x0500"))
CONDITION = re.compile(
    r"(?<=expression: )\|-\n.*(?:\n.*)?all\(name, type\(name\).*|(?<=key: )>-\n +\{\{ sort\((?:.*\n)?.*\}\}"
)


def sabotaged(backend: str, number: int, condition: str = "", of: str = "", to: str = "") -> Mapping[str, str]:
    """The policies with another condition in place of one of theirs, or with `of` in it become `to`."""
    files, path = bundle.files(TWO, [backend]), f"{backend}/{RAY.name}.yaml"
    found = list(CONDITION.finditer(files[path]))[number]
    other = json.dumps(condition) if condition else found.group().replace(of, to)
    assert other != found.group()
    return {**files, path: files[path][: found.start()] + other + files[path][found.end() :]}


def judged(config: Config, backend: str, files: Mapping[str, str], *cases: Case, whole: bool = False) -> SuiteReport:
    own = program(backend)
    return suite.run(config, cases, [backend], own, jobs=1, files=files, others={backend: own}, whole=whole)


def never(backend: str) -> str:
    return "{{ request.object.kind == '' }}" if backend == "clusterpolicy" else "object.kind == ''"


def always(backend: str) -> str:
    return never(backend).replace("==", "!=")


@EACH
def test_namespaces_that_nobody_judges_are_noticed(backend: str) -> None:
    # The first range ends early, the second begins where it did.
    problems, _ = engine(TWO, backend, sabotaged(backend, 0, of="ray-x0500", to="ray-x05")).check_policies()
    place = f"ray-x050-{'z' * 20}"

    assert f"policy {FIRST} answers `nothing` to a good RayCluster in {place}, not `fail`" in problems


@EACH
def test_a_range_that_reaches_into_another_is_noticed(backend: str) -> None:
    problems, _ = engine(TWO, backend, sabotaged(backend, 1, of="ray-x0500", to="ray-x05")).check_policies()
    place = f"ray-x050-{'z' * 20}"

    assert [
        f"policy {SECOND} answers `fail` to a good RayCluster in {place}, although it does not cover it"
    ] == problems


@EACH
def test_a_policy_object_that_is_asked_about_everything_is_noticed(backend: str) -> None:
    problems, _ = engine(TWO, backend, sabotaged(backend, 0, always(backend))).check_policies()

    assert f"policy {FIRST} answers `fail` to a good RayCluster in ray-x0500, although it does not cover it" in problems


@EACH
def test_a_policy_object_that_is_never_asked_is_noticed(backend: str) -> None:
    files = sabotaged(backend, 1, never(backend))
    try:
        found = judged(TWO, backend, files, *CASES)
        by_case = [each.case for each in found.outcomes if not each.ok]
    except EngineError as error:
        by_case = [str(error)]
    problems, _ = engine(TWO, backend, files).check_policies()

    assert ["ray-x0500"] == by_case
    assert f"policy {SECOND} answers `nothing` to a good RayCluster in ray-x0500, not `pass`" in problems
    assert f"policy {SECOND} answers `nothing` to a broken RayCluster in ray-x0500, not `fail`" in problems


@pytest.mark.parametrize("backend", ["clusterpolicy", "gatekeeper"])
def test_every_range_that_is_moved_is_noticed(backend: str) -> None:
    whole = bundle.files(TWO, [backend])
    moved = [each for each in mutants(whole, backend) if each.name == "a range is moved"]
    results = [mutation.result_of(TWO, CASES[:0], backend, program(backend), whole, each) for each in moved]

    assert (6 if backend == "clusterpolicy" else 4) == len(moved)
    assert [True] * len(moved) == [each.killed for each in results]
