"""The facts stated by hand, and what the evaluator says of rayfence's policies."""

from __future__ import annotations

import pytest
from dataplane.cast import CALLERS, HEAD, MEMBERS, NEIGHBOUR, NOTEBOOK, SPOOF, WORKERS, under
from dataplane.expecting import EVERYTHING, facts, stated
from dataplane.messages import Result
from dataplane.policies import Manifest, of_rayfence
from dataplane.report import Attempt

from rayfence.model.config import Mode, Scope
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.topology import Flow

PORTS = {HEAD: (6379, 8080, 8265, 10001, 12711, 41841, 52365)} | dict.fromkeys(WORKERS, (8080, 17001, 38129, 52365))
NEIGHBOURS_PORTS = (6379, 8265, 10001, 12345)
SETTINGS = [(mode, scope) for mode in Mode for scope in Scope]


def by_the_evaluator(policies: list[Manifest]) -> list[Attempt]:
    """Every connection that a scenario tries, as if the evaluator's word had come true."""
    connectivity = Connectivity(under(policies))
    flows = [Flow(source, target, port) for source in CALLERS for target in MEMBERS for port in PORTS[target]]
    flows += [Flow(source, NEIGHBOUR, port) for source in (*MEMBERS, NOTEBOOK) for port in NEIGHBOURS_PORTS]
    said = {flow: connectivity.decide(flow).allowed for flow in flows}
    return [Attempt(flow, allowed, Result.OPEN if allowed else Result.SILENT) for flow, allowed in said.items()]


@pytest.mark.parametrize(("mode", "scope"), SETTINGS)
def test_the_evaluator_agrees_with_every_fact(mode: Mode, scope: Scope):
    assert [] == list(stated(mode, scope, by_the_evaluator(of_rayfence(mode, scope))))


@pytest.mark.parametrize(("mode", "scope"), SETTINGS)
def test_nobody_of_another_tenant_reaches_a_port_and_none_of_theirs_is_reached(mode: Mode, scope: Scope):
    between = {pair for pair in facts(mode, scope) if {NEIGHBOUR, SPOOF} & set(pair)}

    assert set() == between


@pytest.mark.parametrize("mode", [Mode.DENY_ALL, Mode.DENY_ALL_INGRESS])
def test_nothing_reaches_everything_where_ingress_is_closed(mode: Mode):
    assert EVERYTHING not in facts(mode, Scope.TENANT).values()


def test_a_port_too_many_contradicts_a_fact():
    attempts = [Attempt(Flow(NEIGHBOUR, HEAD, 8265), False, Result.REFUSED)]

    expected = ["ray-team-b/neighbour reaches [8265] on ray-team-a/head, must reach []"]
    assert expected == list(stated(Mode.DENY_ALL, Scope.TENANT, attempts))


def test_a_port_too_few_contradicts_a_fact():
    attempts = [Attempt(Flow(NOTEBOOK, HEAD, port), True, Result.OPEN) for port in (6379, 8265)]

    expected = ["ray-team-a/notebook reaches [6379, 8265] on ray-team-a/head, must reach [6379, 8265, 10001]"]
    assert expected == list(stated(Mode.DENY_ALL, Scope.TENANT, attempts))


def test_no_policy_contradicts_the_facts_of_every_outsider():
    wrong = list(stated(Mode.DENY_ALL, Scope.TENANT, by_the_evaluator([])))

    assert {"neighbour", "spoof", "stranger"} <= {sentence.split()[0].split("/")[1] for sentence in wrong}
    assert any(f" on {WORKERS[0]}," in sentence for sentence in wrong)
