"""What one endpoint can open to another: both ends decide, policies add up, and all ports agree with each flow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.reach.cluster_model import ClusterModel
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.policies import PortSet
from rayfence.reach.topology import Address, Flow, Pod, Topology

from .samples import API_SERVER, BARE, DEV, HEAD, INTERNET, OTHER, WORKER, decide, from_, policy, reached, reaching
from .truth import flows, models

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

    assert (("ray-a/closed",), ()) == (decision.egress.isolated_by, decision.egress.allowed_by)
    assert ("ray-a/closed", "ray-a/p", "ray-a/p") == decision.ingress.isolated_by
    assert ["ray-a/p ingress[0]"] == [str(each) for each in decision.ingress.allowed_by]


def test_an_open_side_names_nothing():
    decision = decide(OTHER, DEV, 1, CLOSED)

    assert ((), ()) == (decision.egress.isolated_by, decision.ingress.isolated_by)
    assert decision.allowed


MODELS = dict(models())


def holds(ports: PortSet, flow: Flow) -> bool:
    return any(each.protocol == flow.protocol and each.first <= flow.port <= each.last for each in ports)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
@pytest.mark.slow
def test_every_question_of_the_truth_table_gets_the_same_answer(model: ClusterModel) -> None:
    connectivity = Connectivity(model.topology)

    differ = [
        str(flow)
        for flow in flows(model.topology)
        if connectivity.decide(flow).allowed is not holds(connectivity.between(flow.source, flow.target).ports, flow)
    ]

    assert [] == differ


A = Pod("one", "a", "10.0.0.1", {"app": "a"}, {"http": 80, "dns": 53}, {"dns": "UDP"})
B = Pod("one", "b", "10.0.0.2", {"app": "b"}, {"http": 8080})
C = Pod("two", "c", "10.0.1.1", {"app": "a"}, {"dns": 53})
ELSEWHERE = Address("elsewhere", "192.0.2.1")

SELECTORS = st.sampled_from([{}, {"matchLabels": {"app": "a"}}, {"matchLabels": {"app": "b"}}])
SPACES = st.sampled_from([{}, {"matchLabels": {"kubernetes.io/metadata.name": "two"}}])
PEERS = st.one_of(
    st.builds(lambda pods: {"podSelector": pods}, SELECTORS),
    st.builds(lambda spaces, pods: {"namespaceSelector": spaces, "podSelector": pods}, SPACES, SELECTORS),
    st.sampled_from(
        [{"ipBlock": {"cidr": "10.0.0.0/24", "except": ["10.0.0.2/32"]}}, {"ipBlock": {"cidr": "0.0.0.0/0"}}]
    ),
)
PORTS = st.sampled_from(
    [
        {"port": 80},
        {"port": 53, "protocol": "UDP"},
        {"port": 79, "endPort": 8081},
        {"port": "http"},
        {"port": "dns", "protocol": "UDP"},
        {"port": "dns"},
        {"protocol": "UDP"},
        {},
    ]
)


def rules(side: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.builds(
        lambda peers, ports: {side: peers, "ports": ports}, st.lists(PEERS, max_size=2), st.lists(PORTS, max_size=2)
    )
    return st.lists(one, max_size=2)


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    types = draw(st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"]]))
    spec = {"podSelector": draw(SELECTORS), "policyTypes": types}
    spec |= {"ingress": draw(rules("from")), "egress": draw(rules("to"))}
    name = str(draw(st.integers(0, 99)))
    return {"metadata": {"name": name, "namespace": draw(st.sampled_from(["one", "two"]))}, "spec": spec}


@settings(deadline=None, max_examples=300)
@given(st.lists(policies(), max_size=4))
@pytest.mark.slow
def test_so_do_questions_about_any_policies(drawn: list[dict[str, Any]]) -> None:
    topology = Topology({}, [A, B, C, ELSEWHERE], drawn)
    connectivity = Connectivity(topology)

    for source, target in ((A, B), (B, A), (A, C), (C, A), (B, ELSEWHERE), (ELSEWHERE, B)):
        found = connectivity.between(source, target)
        for protocol, port in (("TCP", 53), ("UDP", 53), ("TCP", 78), ("TCP", 80), ("TCP", 8080), ("SCTP", 80)):
            flow = Flow(source, target, port, protocol)
            assert connectivity.decide(flow).allowed is holds(found.ports, flow), flow
