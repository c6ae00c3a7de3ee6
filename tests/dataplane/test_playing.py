"""Scenarios played on the kernel, with listeners in place of Ray; and what is said when something is amiss."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from dataplane.cast import under
from dataplane.command import run
from dataplane.lab import CouldNotDecide, Lab
from dataplane.playing import play
from dataplane.policies import Manifest
from dataplane.report import Exit, Report, judged
from dataplane.scenario import Scenario, enforcing, of, scenarios
from dataplane.stand_in import StandIn

from rayfence.model.config import Mode, Scope
from rayfence.reach.topology import Pod

pytestmark = pytest.mark.kernel

BY_NAME = {each.name: each for each in scenarios()}
CONTROL, GOOD = BY_NAME["no-policy"], of(Mode.DENY_ALL, Scope.TENANT)
BAD = [each for each in BY_NAME.values() if each.breaks is not None]

FIREWALL = """\
add table inet firewall
add chain inet firewall forward { type filter hook forward priority -10 ; policy drop ; }
"""


def silently(_: str) -> None:
    """Progress that nobody follows."""


def played(scenario: Scenario, cluster: Callable[[Lab], StandIn] = StandIn) -> Report:
    return play(scenario, cluster, silently)


def without(*names: str) -> list[Manifest]:
    return [each for each in GOOD.policies if each["metadata"]["name"] not in names]


def widened(name: str) -> list[Manifest]:
    """rayfence's policies, but everybody is a peer of this one's first ingress rule."""
    policies = copy.deepcopy(list(GOOD.policies))
    for policy in policies:
        if policy["metadata"]["name"] == name:
            policy["spec"]["ingress"][0]["from"] = [{"namespaceSelector": {}}]
    return policies


def test_with_no_policy_everything_connects():
    report = played(CONTROL)

    assert () == report.wrong
    assert {"open"} == {each.result for each in report.attempts}


@pytest.mark.parametrize("scenario", [GOOD, of(Mode.DENY_ALL_EGRESS, Scope.CLUSTER)], ids=lambda each: each.name)
def test_rayfences_policies_hold(scenario: Scenario):
    report = played(scenario)

    assert ((), ()) == (report.wrong, report.dropped)
    assert {True, False} == {each.got_through for each in report.attempts}


@pytest.mark.parametrize("scenario", BAD, ids=lambda each: each.name)
def test_policies_known_to_be_bad_are_refuted_by_what_the_kernel_dropped(scenario: Scenario):
    verdict = judged(played(scenario), scenario.breaks)

    assert (True, "refuted, as it must be") == (verdict.as_wanted, verdict.sentence)


def test_no_policy_where_there_should_be_some_is_found():
    wrong = played(enforcing(GOOD, [])).wrong

    assert "ray-team-b/neighbour -> ray-team-a/head TCP 6379 was to get no answer, and is open" in wrong


def test_a_widened_rule_is_found():
    wrong = played(enforcing(GOOD, widened("rayfence-operator"))).wrong

    assert [
        "kuberay-operator/stranger -> ray-team-a/head TCP 8265 was to get no answer, and is open",
        "monitoring/prometheus -> ray-team-a/head TCP 8265 was to get no answer, and is open",
    ] == sorted(each for each in wrong if "was to" in each)


def test_a_policy_that_is_missing_is_found_by_who_needs_it():
    wrong = played(enforcing(GOOD, without("rayfence-operator"))).wrong

    assert "kuberay-operator/operator -> ray-team-a/head TCP 8265 was to connect, and is silent" in wrong
    assert any("dropped 1 flows" in each and "operator -> head TCP 8265" in each for each in wrong)


def test_a_cluster_cut_off_from_its_names_is_found():
    wrong = played(enforcing(GOOD, without("rayfence-dns"))).wrong

    assert any("head -> dns UDP 53" in each for each in wrong)


class Deaf(StandIn):
    """A cluster of which nothing listens any more when the others try."""

    def listeners(self) -> dict[Pod, set[int]]:
        return {pod: set() for pod in super().listeners()}


def test_a_scan_of_nothing_is_a_failure():
    wrong = played(GOOD, Deaf).wrong

    assert "nothing listens on ray-team-a/head: 6379, 8080, 8265, 10001, 52365" in wrong
    assert "no process of the job listens on ray-team-a/w1" in wrong


def test_a_lab_that_drops_by_itself_decides_nothing():
    rows, code = run([CONTROL, GOOD], lambda scenario: play(scenario, StandIn, silently, spoil=firewalled))

    assert ([], Exit.UNDECIDED) == (rows, code)


def firewalled(lab: Lab) -> None:
    lab.load([FIREWALL])


def test_a_control_that_is_not_open_decides_nothing():
    closed = under([{"metadata": {"name": "closed", "namespace": "monitoring"}, "spec": {"policyTypes": ["Egress"]}}])

    rows, code = run(
        [CONTROL, GOOD], lambda scenario: play(scenario, StandIn, silently, spoil=lambda lab: lab.enforce(closed))
    )

    assert (["no-policy"], Exit.UNDECIDED) == ([report.name for report, _ in rows], code)


class Dying(StandIn):
    """A cluster that fails by itself, whatever the policies."""

    def submit(self, hopeless: Callable[[], bool]) -> str | None:
        return "out of memory"


def test_a_cluster_that_fails_though_nothing_was_dropped_decides_nothing():
    with pytest.raises(CouldNotDecide, match=r"dropped nothing of it.*out of memory"):
        played(GOOD, Dying)
