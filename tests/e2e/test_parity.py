"""Every case, written and derived, asked of a live API server: its word is the Python reading's, for each backend."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pytest
from controlplane import access
from controlplane.client import Client
from controlplane.processes import until

from rayfence import cases
from rayfence.cases import Case
from rayfence.config import Config, Enforcement
from rayfence.outcome import Outcome
from rayfence.subjects import RAY
from rayfence.suite.comparing import Compared, compare
from rayfence.suite.engine import Answer
from rayfence.suite.expecting import Expectations, distinct, namespace

from .asking import ask, ask_all, completed, put_old, said, take_old, with_old
from .bundled import Bundled
from .conftest import NATIVE, TENANT, TOP

T = TypeVar("T")

DONE, NO_SUCH_OBJECT = (200, 201), (400, 422)

SLOW = "clusterpolicy"
BACKENDS = ("validatingpolicy", NATIVE, SLOW)

WHOLE = "RAYFENCE_E2E_WHOLE"
"""Set, it has every case asked of ClusterPolicies too, which Kyverno compiles at each request: half a second of CPU."""

NINTH = 9


@dataclass(frozen=True, slots=True)
class Questions:
    """Cases that an API server takes where there are no policies, and those that it refuses by itself.

    `seen` are the cases of `asked` with their objects as policies get to see them.
    """

    asked: list[Case]
    seen: list[Case]
    impossible: list[Case]
    unanswered: list[str]


@pytest.fixture(scope="module")
def questions(admin: Client, tenant: Client, config: Config, bundled: Bundled) -> Iterator[Questions]:
    """All cases, with the objects that they change or delete on the server, and access for whoever asks."""
    found = distinct([*cases.load([TOP / "testcases"]), *cases.derived(config)])
    askers = {case.request.username for case in found} - {""}
    access.let_edit(admin, sorted({namespace(case) for case in found}), [TENANT, *sorted(askers)])
    bundled.remove()
    put_old(admin, found)
    answers = list(zip(found, ask_all(admin, with_old(admin, found), TENANT), strict=True))
    yield Questions(
        [case for case, answer in answers if answer.ok],
        [completed(case, answer) for case, answer in answers if answer.ok],
        [case for case, answer in answers if answer.status in NO_SUCH_OBJECT],
        [f"{case.name}: {answer.message}" for case, answer in answers if answer.status not in (*DONE, *NO_SUCH_OBJECT)],
    )
    bundled.remove()
    take_old(admin, found)


@pytest.mark.native
def test_without_policies_everything_gets_in_but_what_is_no_valid_object(questions):
    """Such objects are for tools that work offline; what keeps them out here would do so without rayfence."""
    assert [] == questions.unanswered
    assert len(questions.asked) > 1400 > 50 > len(questions.impossible) > 0


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_server_says_of_every_case_what_python_says(backend, questions, admin, config, bundled):
    bundled.use(backend)
    pairs = share(backend, enforced(questions, config))

    compared = put_to(admin, backend, config, pairs)

    assert [] == wrong(compared.outcomes)
    assert () == compared.problems
    assert len(pairs) == len(compared.outcomes) > len(share(backend, range(1300)))
    assert {"pass", "fail"} == {each.validation for each in compared.outcomes}


@pytest.mark.native
def test_a_policy_that_has_lost_a_rule_is_found_out(questions, admin, config, bundled):
    bundled.use(NATIVE)
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": RAY.name},
    }
    variables = admin.get(policy).or_raise()["spec"]["variables"]
    without = [{**each, "expression": "[]"} if each["name"] == "require_tenant_nodes" else each for each in variables]
    pairs = [pair for pair in enforced(questions, config) if pair[0].fails == {"require-tenant-nodes"}]
    admin.patch(policy, {"spec": {"variables": without}}).or_raise()
    try:
        until("the change is felt", lambda: ask(admin, pairs[0][0], TENANT).ok, 30)
        compared = put_to(admin, NATIVE, config, pairs)
    finally:
        bundled.remove()

    assert len(pairs) == len(wrong(compared.outcomes)) > 10


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_server_refuses_nothing_to_a_tenant_that_is_only_audited(backend, questions, admin, config, bundled):
    bundled.use(backend)
    truth = Expectations(config)
    audited = share(backend, [case for case in questions.asked if not is_enforced(case, truth)])

    answers = ask_all(admin, audited, TENANT)

    assert [] == [f"{case.name}: {each.message}" for case, each in zip(audited, answers, strict=True) if not each.ok]
    assert any(case.fails for case in audited)


def share(backend: str, found: Sequence[T]) -> Sequence[T]:
    """All, or of what a backend takes long for every ninth."""
    return found[::NINTH] if backend == SLOW and WHOLE not in os.environ else found


def enforced(questions: Questions, config: Config) -> list[tuple[Case, Case]]:
    """What is asked and what is seen of it, for tenants to whom something is refused."""
    truth = Expectations(config)
    return [pair for pair in zip(questions.asked, questions.seen, strict=True) if is_enforced(pair[0], truth)]


def put_to(admin: Client, backend: str, config: Config, pairs: Sequence[tuple[Case, Case]]) -> Compared:
    """The server's answers beside the Python reading's."""
    asked, seen = (with_old(admin, half) for half in zip(*pairs, strict=True))
    answers = ask_all(admin, asked, TENANT)
    words = tuple(said(case, answer) for case, answer in zip(asked, answers, strict=True))
    return compare(backend, config, seen, Answer(words, ()), Expectations(config))


def is_enforced(case: Case, truth: Expectations) -> bool:
    owner = truth.tenant(case)
    return owner is None or owner.enforcement is Enforcement.ENFORCE


def wrong(outcomes: Sequence[Outcome]) -> list[str]:
    return [f"{each.case}: {'; '.join(each.problems)}" for each in outcomes if not each.ok]
