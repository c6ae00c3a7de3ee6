"""What is drawn, and how good or bad that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rayfence.diagram.connections import Standing, connections, worst
from rayfence.diagram.drawing import touching
from rayfence.diagram.words import fit, short_ports
from rayfence.reach.findings import Counterexample, Member, Proof, Role

from .samples import DNS, FORGED, HEAD_OF_1, IN_VAIN, OPERATOR, edge, sample, spoilt


def standings(findings):
    return [each.standing for each in connections(findings)]


def test_edges_that_a_configuration_asks_for_are_good():
    assert {Standing.ASKED} == set(standings(sample(3)))


def test_an_edge_that_nobody_asked_for_is_told_apart():
    found = sample(1, extra=(edge(DNS, OPERATOR, "all ports", rule="nothing closes it", asked=False),))

    assert Standing.UNASKED is standings(found)[-1]


def test_an_edge_that_refutes_isolation_is_a_hole_and_carries_the_counterexample():
    (hole,) = [each for each in connections(spoilt()) if each.source.id == FORGED.id]

    assert (Standing.HOLE, ("TCP 10001",)) == (hole.standing, hole.ports)
    assert hole.against[0].startswith("isolated: elsewhere/forged reaches ")


def test_a_flow_that_ray_misses_is_a_connection_of_its_own():
    (missing,) = [each for each in connections(spoilt()) if each.missing]

    assert ("team-3/ray-workers", DNS.id, ("UDP 53",), ()) == (
        missing.source.id,
        missing.target.id,
        missing.ports,
        missing.rules,
    )


def test_a_hole_between_two_leaves_what_is_asked_for_between_them_alone():
    told = Counterexample(Proof.ISOLATED, "isolated: it is open", OPERATOR.id, HEAD_OF_1, "TCP 10001")
    hole = edge(OPERATOR, Member(HEAD_OF_1, "ray-head", "team-1", Role.HEAD), "TCP 10001", rule="x", asked=False)
    found = connections(sample(1, told, extra=(hole,)))

    assert [(("TCP 8265", "TCP 8000"), Standing.ASKED), (("TCP 10001",), Standing.HOLE)] == [
        (each.ports, each.standing) for each in found if (each.source.id, each.target.id) == (OPERATOR.id, HEAD_OF_1)
    ]


def test_a_hole_is_told_even_where_the_findings_have_no_edge_for_it():
    told = Counterexample(Proof.ISOLATED, "isolated: it is open", FORGED.id, HEAD_OF_1, "TCP 8265")

    assert Standing.HOLE is standings(sample(1, told))[-1]


def test_a_rule_that_nothing_needs_is_no_connection():
    assert len(connections(sample(1))) == len(connections(sample(1, IN_VAIN)))


def test_a_counterexample_about_somebody_unknown_is_an_error():
    told = Counterexample(Proof.RUNS, "runs: who?", "nobody/there", HEAD_OF_1, "TCP 8265")

    with pytest.raises(KeyError, match="nobody/there"):
        connections(sample(1, told))


def test_a_line_takes_the_worst_standing_of_what_it_stands_for():
    assert Standing.HOLE is worst(connections(spoilt()))


def test_what_touches_no_tenant_is_in_the_table_alone():
    found = sample(1, extra=(edge(DNS, OPERATOR, "TCP 53", rule="x"),))

    assert (1, 0) == (
        len(connections(found)) - len(connections(sample(1))),
        len(touching(found, connections(found))) - len(connections(sample(1))),
    )


def test_the_same_findings_in_another_order_of_groups_have_the_same_connections():
    found = sample(3)

    assert connections(found) == connections(replace(found, groups=found.groups[::-1]))


@pytest.mark.parametrize(
    ("ports", "short"),
    [
        (("TCP 8265", "TCP 8000"), "8265, 8000"),
        (("UDP 53", "TCP 53"), "53 UDP+TCP"),
        (("UDP 53",), "53 UDP"),
        (("TCP 9000-9010",), "9000-9010"),
        (("all ports",), "all ports"),
        (("all TCP ports", "UDP 53"), "all TCP, 53 UDP"),
        (("strange\n",), r"strange\n"),
    ],
)
def test_ports_are_short_in_the_picture(ports, short):
    assert short == short_ports(ports)


@pytest.mark.parametrize(
    ("text", "fitted"),
    [
        ("short", "short"),
        ("a-name-of-some-length", "a-name…ength"),
        ("名前名前名前名前名前", "名前名…名前"),
        ("a\u202eb", r"a\u202eb"),
    ],
)
def test_a_name_that_is_too_long_loses_its_middle(text, fitted):
    assert fitted == fit(text, width=12 * 10 * 0.6, size=10)
