"""Every case, written and derived, asked of a live API server: its word is the Python reading's, for each backend."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TypeVar

import pytest
from controlplane.client import Client
from controlplane.processes import until

from rayfence.model.config import Config
from rayfence.model.subjects import RAY

from .asking import ask, ask_all
from .bundled import Bundled
from .conftest import NATIVE, TENANT
from .questions import Questions, asked, audited, enforced, put_to, wrong

T = TypeVar("T")

SLOW = "clusterpolicy"
BACKENDS = ("validatingpolicy", NATIVE, SLOW)

WHOLE = "RAYFENCE_E2E_WHOLE"
"""Set, it has every case asked of ClusterPolicies too, which Kyverno compiles at each request: half a second of CPU."""

NINTH = 9


@pytest.fixture(scope="module")
def questions(admin: Client, tenant: Client, config: Config, bundled: Bundled) -> Iterator[Questions]:
    """What is asked, on a server without policies."""
    bundled.remove()
    with asked(admin, config) as found:
        yield found
        bundled.remove()


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest, questions: Questions, bundled: Bundled) -> str:
    """Whose bundle is there, for all that is asked of it: to change bundles takes longer than some of the tests."""
    bundled.use(request.param)
    return str(request.param)


@pytest.mark.native
def test_without_policies_everything_gets_in_but_what_is_no_valid_object(questions):
    """Such objects are for tools that work offline; what keeps them out here would do so without rayfence."""
    assert [] == questions.unanswered
    assert len(questions.asked) > 2000 > 150 > len(questions.impossible) > 0


def test_the_server_says_of_every_case_what_python_says(backend, questions, admin, config):
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


def test_the_server_refuses_nothing_to_a_tenant_that_is_only_audited(backend, questions, admin, config):
    found = share(backend, audited(questions, config))

    answers = ask_all(admin, found, TENANT)

    assert [] == [f"{case.name}: {each.message}" for case, each in zip(found, answers, strict=True) if not each.ok]
    assert any(case.fails for case in found)


def share(backend: str, found: Sequence[T]) -> Sequence[T]:
    """All, or of what a backend takes long for every ninth."""
    return found[::NINTH] if backend == SLOW and WHOLE not in os.environ else found
