"""What `rayfence reach` says to people and to programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from rayfence.reach.findings import Counterexample, Edge, Findings, Group, GroupKind, Member, NotIsolated, Proof, Role
from rayfence.report import ReachFormat, reach_report
from rayfence.report.reach_rows import Row, tables
from rayfence.report.reach_text import MOST

HEAD = Member("ray-a/x-head", "x-head", "ray-a", Role.HEAD)
WORKERS = tuple(Member(f"ray-a/x-small-worker-{n}", f"x-small-worker-{n}", "ray-a", Role.WORKER) for n in (0, 1))
DNS = Member("kube-system/dns", "dns", "kube-system", Role.DNS)
STRANGER = Member("stranger/stranger", "stranger", "stranger", Role.STRANGER)
PODS = (HEAD, *WORKERS)
TEAM = Group("team-a", GroupKind.TENANT, ("ray-a",), PODS)
GROUPS = (
    TEAM,
    Group("platform", GroupKind.PLATFORM, ("kube-system",), (DNS,)),
    Group("outside", GroupKind.OUTSIDE, ("stranger",), (STRANGER,)),
)
TENANT_RULES = ("ray-a/rayfence-tenant egress[0]", "ray-a/rayfence-tenant ingress[0]")
TO_DNS = [Edge(pod.id, DNS.id, ("TCP 53", "UDP 53"), ("ray-a/rayfence-dns egress[0]",), True) for pod in PODS]
AMONG = [Edge(a.id, b.id, ("TCP 6379",), TENANT_RULES, True) for a in PODS for b in PODS if a is not b]
HOLE = Edge(STRANGER.id, HEAD.id, ("all ports",), ("nothing closes it",), False)
AGAINST = Counterexample(Proof.ISOLATED, "stranger/stranger -> ray-a/x-head is open", STRANGER.id, HEAD.id, "TCP 1")
ASKED = {Proof.RUNS: 7, Proof.ISOLATED: 12, Proof.MINIMAL: 3}


def found(*edges: Edge, against: tuple[Counterexample, ...] = (), notes: tuple[str, ...] = ()) -> Findings:
    return Findings(GROUPS, edges, against, ASKED, notes)


def rows(*edges: Edge) -> list[Row]:
    (table,) = tables(found(*edges))
    return table[2]


def test_text_has_a_table_and_a_line_for_each_proof() -> None:
    expected = """\
team-a: ray-a
from       to               ports     by
every pod  kube-system/dns  TCP 53    rayfence-dns egress[0]
                            UDP 53
every pod  each other       TCP 6379  rayfence-tenant egress[0]
                                      rayfence-tenant ingress[0]

runs: Ray can start and run: holds (7 flows that it needs)
isolated: nothing else is open: holds (12 pairs, on every port)
minimal: every rule is needed: holds (3 rules)
"""
    assert expected == reach_report(found(*TO_DNS, *AMONG), ReachFormat.TEXT)


def test_what_refutes_a_proof_is_told_before_the_verdicts() -> None:
    text = reach_report(found(HOLE, against=(AGAINST,), notes=("a note",)), ReachFormat.TEXT)

    expected = [
        "note: a note",
        "[isolated] stranger/stranger -> ray-a/x-head is open",
        "",
        "runs: Ray can start and run: holds (7 flows that it needs)",
        "isolated: nothing else is open: refuted by 1 (12 pairs, on every port)",
        "minimal: every rule is needed: holds (3 rules)",
    ]
    assert expected == text.splitlines()[-6:]


OFF = NotIsolated("team-b", "enforcement is Audit, network.enforce is false")
THREE = tuple(Group(f"team-{each}", GroupKind.TENANT, (f"ray-{each}",), ()) for each in "abc")


def test_a_tenant_that_is_not_isolated_is_told_in_the_first_line_and_is_not_green() -> None:
    findings = Findings(THREE, (), (), ASKED, not_isolated=(OFF,))

    for brief in (False, True):
        text = reach_report(findings, ReachFormat.TEXT, brief=brief)
        first = "1 of 3 tenants is not isolated: team-b (enforcement is Audit, network.enforce is false)"
        assert first == text.splitlines()[0]
        assert "isolated: nothing else is open: holds for 2 of 3 tenants (12 pairs, on every port)\n" in text
    coloured = reach_report(findings, ReachFormat.TEXT, colour=True)
    assert ["33", "33"] == [
        re.findall(r"\x1b\[(\d+)m", line)[0] for line in coloured.splitlines() if "isolated" in line
    ]


def test_pages_and_programs_are_told_too() -> None:
    findings = Findings(THREE, (), (), ASKED, not_isolated=(OFF,))
    green, told = (reach_report(each, ReachFormat.HTML) for each in (Findings(THREE, (), (), ASKED), findings))

    assert '<li class="careful">' not in green
    assert '<li class="careful"><span class="sign" aria-hidden="true">!</span><span>nothing else is open</span>' in told
    assert "1 of 3 tenants is not isolated: team-b (enforcement is Audit, network.enforce is false)" in told
    assert 'class="verdict careful"' in reach_report(findings, ReachFormat.SVG)
    assert [{"tenant": "team-b", "reason": OFF.reason}] == json.loads(reach_report(findings, ReachFormat.JSON))[
        "notIsolated"
    ]


def test_a_summary_of_many_tenants_fits_on_a_screen() -> None:
    groups = tuple(Group(f"team-{n}", GroupKind.TENANT, (f"ray-{n}",), ()) for n in range(500))
    against = tuple(replace(AGAINST, line=f"{proof} {n}", proof=proof) for proof in Proof for n in range(300))
    notes = tuple(f"note {n}" for n in range(4000))
    off = tuple(replace(OFF, tenant=f"team-{n}") for n in range(200))

    lines = reach_report(Findings(groups, (), against, ASKED, notes, off), ReachFormat.TEXT, brief=True).splitlines()

    assert 40 > len(lines)
    assert lines[0].startswith("200 of 500 tenants are not isolated: team-0 (")
    assert lines[0].endswith("team-4 (enforcement is Audit, network.enforce is false) and 195 more")
    assert "500 tenants, 500 namespaces, 0 pods; --full says who reaches whom" == lines[1]
    assert "note: and 3995 more; --full has them all" in lines
    assert "[runs] and 295 more; --format json has them all" in lines
    assert "isolated: nothing else is open: refuted by 300 (12 pairs, on every port)" == lines[-2]


def test_many_counterexamples_are_counted() -> None:
    many = tuple(replace(AGAINST, line=f"line {number}") for number in range(MOST + 3))
    text = reach_report(found(against=many), ReachFormat.TEXT)

    assert "[isolated] and 3 more; --format json has them all\n" in text
    assert f"line {MOST - 1}\n" in text
    assert f"line {MOST}\n" not in text


def test_colour_is_given_where_it_is_asked_for() -> None:
    assert "\x1b[" in reach_report(found(HOLE), ReachFormat.TEXT, colour=True)
    assert "\x1b[" not in reach_report(found(HOLE), ReachFormat.TEXT)


def test_what_moves_a_cursor_is_made_visible() -> None:
    evil = replace(AGAINST, line="a\x1b[2Jb")

    assert r"[isolated] a\x1b[2Jb" in reach_report(found(against=(evil,)), ReachFormat.TEXT)


def test_a_pod_that_is_open_in_two_ways_has_a_row_for_each() -> None:
    """Else the pods of a cluster could not share a row with the others of their tenant."""
    cluster = ("ray-a/rayfence-x-worker egress[0]", "ray-a/rayfence-x-worker ingress[0]")
    wide = [
        Edge(a.id, b.id, ("all ports",), (*TENANT_RULES, *cluster), True)
        for a in WORKERS
        for b in WORKERS
        if a is not b
    ]
    others = [edge for edge in AMONG if HEAD.id in (edge.source_id, edge.target_id)]

    workers, tenant = ("x-small-worker-*",), tuple(rule.removeprefix("ray-a/") for rule in TENANT_RULES)
    assert {
        Row(("every pod",), ("each other",), ("TCP 6379",), tenant, True),
        Row(workers, ("each other",), ("all ports",), tuple(rule.removeprefix("ray-a/") for rule in cluster), True),
    } == set(rows(*others, *wide))


def test_only_those_ports_are_told_that_the_rules_open() -> None:
    both = Edge(WORKERS[0].id, HEAD.id, ("TCP 6379", "TCP 9265"), (*TENANT_RULES, "ray-a/more ingress[0]"), True)
    others = [edge for edge in AMONG if (edge.source_id, edge.target_id) != (both.source_id, both.target_id)]

    assert Row(("x-small-worker-0",), ("x-head",), ("TCP 9265",), ("more ingress[0]",), True) in rows(*others, both)


def test_an_edge_that_nobody_asked_for_is_no_part_of_one_that_somebody_did() -> None:
    edges = [edge for edge in AMONG if edge.source_id == HEAD.id]
    wide = replace(edges[0], ports=("all ports",), rules=(*TENANT_RULES, "ray-a/more egress[0]"), named_by_config=False)

    asked = [row.named for row in rows(*edges[1:], wide)]
    assert sorted([True, False]) == sorted(asked)


def test_pods_of_two_namespaces_are_told_apart() -> None:
    there = Member("ray-b/x-head", "x-head", "ray-b", Role.HEAD)
    group = replace(TEAM, namespaces=("ray-a", "ray-b"), members=(*PODS, there))
    across = Edge(HEAD.id, there.id, ("TCP 6379",), TENANT_RULES, True)

    here, other = tables(Findings((group,), (across,), ()))
    assert ("ray-a", [("x-head",)], [("ray-b/x-head",)]) == (
        here[1],
        [row.sources for row in here[2]],
        [row.targets for row in here[2]],
    )
    assert ("ray-b", []) == other[1:]


def test_json_has_everything() -> None:
    document = json.loads(reach_report(found(HOLE, against=(AGAINST,), notes=("a note",)), ReachFormat.JSON))

    assert {
        "holds": False,
        "proofs": [
            {"proof": "runs", "holds": True, "asked": 7, "counterexamples": []},
            {
                "proof": "isolated",
                "holds": False,
                "asked": 12,
                "counterexamples": [
                    {
                        "line": "stranger/stranger -> ray-a/x-head is open",
                        "from": "stranger/stranger",
                        "to": "ray-a/x-head",
                        "port": "TCP 1",
                    }
                ],
            },
            {"proof": "minimal", "holds": True, "asked": 3, "counterexamples": []},
        ],
        "notIsolated": [],
        "notes": ["a note"],
        "groups": document["groups"],
        "edges": [
            {
                "from": "stranger/stranger",
                "to": "ray-a/x-head",
                "ports": ["all ports"],
                "rules": ["nothing closes it"],
                "namedByConfig": False,
            }
        ],
    } == document
    assert {
        "name": "platform",
        "kind": "platform",
        "namespaces": ["kube-system"],
        "members": [{"id": "kube-system/dns", "name": "dns", "namespace": "kube-system", "role": "dns"}],
    } == document["groups"][1]


@pytest.mark.parametrize("format", ReachFormat)
def test_every_format_ends_in_one_line_break(format: ReachFormat) -> None:
    text = reach_report(found(*TO_DNS, HOLE, against=(AGAINST,)), format)

    assert text.endswith("\n")
    assert not text.endswith("\n\n")
