"""Three judges of one policy: rayfence, Cyclonus, and the kernel that really lets a connection through or does not."""

from __future__ import annotations

import pytest
from dataplane import lab
from dataplane.compile import ruleset

from rayfence.reach.topology import Flow, Topology

from . import drawing, kernel
from .samples import HEAD, WORKER, policy

pytestmark = [pytest.mark.kernel, pytest.mark.engine]


def test_rayfence_cyclonus_and_the_kernel_say_the_same_of_drawn_policies(capsys):
    assert 0 == kernel.main(["600", "--start", "7"]), capsys.readouterr().out

    *table, total = capsys.readouterr().out.splitlines()
    assert ["TCP closed", "TCP open", "UDP closed", "UDP open"] == [" ".join(line.split()[:2]) for line in table]
    assert total.startswith("600 connections (")
    assert ": 0 on which the three do not agree, " in total


def test_they_say_the_same_of_what_rayfence_generates():
    topology, asked = next(kernel.generated(6 * 300))
    said = kernel.verdicts(topology, asked)

    assert [] == [str(each) for each in said if not each.agree]
    assert 300 == len(said)
    assert 10 < sum(each.kernel for each in said) < 290


def test_a_rule_that_the_kernel_does_not_have_is_found_and_shown(capsys, monkeypatch):
    # The lab has another reading of policies, and this is a fault in it: some rules are lost.
    monkeypatch.setattr(lab, "ruleset", lambda drawn: ruleset(Topology(drawn.namespaces, drawn.endpoints, [])))

    assert 1 == kernel.main(["100"])
    assert "rayfence False, cyclonus False, kernel True" in (out := capsys.readouterr().out)
    assert "kind: NetworkPolicy" in out


def test_a_pod_reaches_itself_on_the_kernel_too_and_cyclonus_is_not_asked():
    closed = Topology({}, [HEAD, WORKER], [policy(policyTypes=["Ingress", "Egress"])])
    said = kernel.verdicts(closed, [Flow(HEAD, HEAD, 80), Flow(WORKER, HEAD, 80)])

    assert [(True, None, True), (False, False, False)] == [(each.rayfence, each.cyclonus, each.kernel) for each in said]


def test_what_is_not_done_in_time_is_not_decided(capsys, monkeypatch):
    monkeypatch.setattr(kernel, "SECONDS", 0)

    assert 3 == kernel.main(["1"])
    assert "could not decide: 0 of 1 connections were tried in 0 s\n" == capsys.readouterr().err


def test_only_what_the_lab_speaks_is_tried():
    drawn = drawing.topology(1)

    assert {"TCP", "UDP"} == {flow.protocol for flow in kernel.flows(drawn, 1, 10_000)}
    assert {True, False} == {flow.source == flow.target for flow in kernel.flows(drawn, 1, 10_000)}
