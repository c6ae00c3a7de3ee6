"""What is said of all ports at once is what is said of each flow."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.reach.deciding import Decider
from rayfence.reach.spans import Spans
from rayfence.reach.topology import Address, Flow, Pod, Topology
from rayfence.reach.ways import Ways
from rayfence.reach.world import World

from .truth import flows, worlds

WORLDS = dict(worlds())


def holds(spans: Spans, flow: Flow) -> bool:
    return any(span.protocol == flow.protocol and span.first <= flow.port <= span.last for span in spans)


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
@pytest.mark.slow
def test_every_question_of_the_truth_table_gets_the_same_answer(world: World) -> None:
    decider, ways = Decider(world.topology), Ways(world.topology)

    differ = [
        str(flow)
        for flow in flows(world.topology)
        if decider.decide(flow).allowed is not holds(ways.between(flow.source, flow.target).spans, flow)
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
    decider, ways = Decider(topology), Ways(topology)

    for source, target in ((A, B), (B, A), (A, C), (C, A), (B, ELSEWHERE), (ELSEWHERE, B)):
        way = ways.between(source, target)
        for protocol, port in (("TCP", 53), ("UDP", 53), ("TCP", 78), ("TCP", 80), ("TCP", 8080), ("SCTP", 80)):
            flow = Flow(source, target, port, protocol)
            assert decider.decide(flow).allowed is holds(way.spans, flow), flow
