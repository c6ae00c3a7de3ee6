"""What becomes of a flow: both ends decide, the policies of each end are added up, and a decision says why."""

from __future__ import annotations

import pytest

from .samples import API_SERVER, BARE, DEV, HEAD, INTERNET, OTHER, WORKER, decide, from_, policy, reached, reaching

CLOSED = policy(policyTypes=["Ingress", "Egress"], name="closed")
HEADS = {"podSelector": {"matchLabels": {"role": "head"}}}
WORKERS = {"podSelector": {"matchLabels": {"role": "worker"}}}


def test_without_policies_everybody_reaches_everybody():
    assert [WORKER, BARE, DEV, OTHER, API_SERVER, INTERNET] == reached(HEAD) == reaching(HEAD)


def test_a_closed_namespace_neither_reaches_nor_is_reached():
    assert [] == reached(HEAD, CLOSED) == reaching(HEAD, CLOSED)


def test_other_namespaces_are_left_alone():
    assert [DEV, API_SERVER, INTERNET] == reached(OTHER, CLOSED)


@pytest.mark.parametrize(
    ("source", "target", "egress", "ingress"),
    [
        pytest.param(WORKER, HEAD, True, True, id="out and in"),
        pytest.param(WORKER, BARE, False, True, id="not out"),
        pytest.param(BARE, HEAD, True, False, id="not in"),
        pytest.param(BARE, BARE, True, True, id="to itself"),
        pytest.param(HEAD, OTHER, False, True, id="not out, and the target is open"),
    ],
)
def test_a_flow_must_leave_its_source_and_enter_its_target(source, target, egress, ingress):
    out = policy(policyTypes=["Egress"], egress=[{"to": [HEADS]}])
    into_heads = policy(HEADS["podSelector"], policyTypes=["Ingress"], ingress=[{"from": [WORKERS]}])
    decision = decide(source, target, 1, out, into_heads)

    assert (egress, ingress) == (decision.egress.passes, decision.ingress.passes)
    assert (egress and ingress) == decision.allowed


def test_policies_of_one_pod_add_up():
    one, two = from_(WORKERS), from_({"podSelector": {"matchLabels": {"role": "head"}}, "namespaceSelector": {}})

    assert [WORKER] == reaching(HEAD, one)
    assert [DEV, OTHER] == reaching(HEAD, two)
    assert [WORKER, DEV, OTHER] == reaching(HEAD, one, two) == reaching(HEAD, policy(name="closed"), two, one)


def test_rules_of_one_policy_add_up():
    assert [WORKER, API_SERVER] == reaching(
        HEAD, policy(ingress=[{"from": [WORKERS]}, {"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}])
    )


def test_closing_one_direction_leaves_the_other_open():
    everybody = [WORKER, BARE, DEV, OTHER, API_SERVER, INTERNET]
    no_egress = policy(policyTypes=["Egress"])

    assert [] == reached(HEAD, no_egress)
    assert [DEV, OTHER, API_SERVER, INTERNET] == reaching(HEAD, no_egress)
    assert everybody == reached(HEAD, policy(HEADS["podSelector"], policyTypes=["Ingress"]))


@pytest.mark.parametrize("port", [1, 8265])
def test_a_pod_reaches_itself_whatever_policies_say(port):
    assert decide(HEAD, HEAD, port, CLOSED).allowed


def test_another_pod_of_that_name_is_not_itself():
    assert not decide(DEV, HEAD, 8265, CLOSED).allowed


def test_no_policy_closes_what_is_no_pod():
    everywhere = [policy(policyTypes=["Egress"], namespace=each) for each in ("ray-a", "ray-a-dev", "ray-b", "default")]

    assert [HEAD, WORKER, BARE, DEV, OTHER, INTERNET] == reached(API_SERVER, *everywhere)


def test_a_decision_names_what_closes_and_what_opens():
    decision = decide(WORKER, HEAD, 1, CLOSED, from_(WORKERS), from_(HEADS))

    assert (("ray-a/closed",), ()) == (decision.egress.closed_by, decision.egress.opened_by)
    assert ("ray-a/closed", "ray-a/p", "ray-a/p") == decision.ingress.closed_by
    assert ["ray-a/p ingress[0]"] == [str(each) for each in decision.ingress.opened_by]


def test_an_open_side_names_nothing():
    decision = decide(OTHER, DEV, 1, CLOSED)

    assert ((), ()) == (decision.egress.closed_by, decision.ingress.closed_by)
    assert decision.allowed
