"""One question: yes or no, and by whom."""

from __future__ import annotations

import pytest

from rayfence.model.config import Mode
from rayfence.reach.asking import NobodyThere, Question, answer
from rayfence.reach.explaining import sides

from .three import three

BASE = three()


def told(source: str, target: str, port: int, protocol: str = "TCP") -> tuple[bool, list[str]]:
    decision = answer(BASE, Question(source, target, port, protocol))
    return decision.allowed, list(sides(decision))


def test_what_is_open_is_told_with_the_rules_that_open_it() -> None:
    assert told("ray-a/notebook", "ray-a-dev/sample-head", 8265) == (
        True,
        [
            "egress of ray-a/notebook is opened by ray-a/rayfence-tenant egress[0]",
            "ingress of ray-a-dev/sample-head is opened by ray-a-dev/rayfence-tenant ingress[0]",
        ],
    )


def test_what_is_closed_is_told_with_the_policies_that_close_it() -> None:
    allowed, (egress, ingress) = told("stranger/stranger", "ray-b/notebook", 8265)

    assert not allowed
    assert "egress of stranger/stranger is closed by nothing" == egress
    closed = "ray-b/rayfence-backstop, ray-b/rayfence-default-deny, ray-b/rayfence-tenant"
    assert f"ingress of ray-b/notebook is closed by {closed}, and no rule lets this in" == ingress


def test_of_many_policies_a_few_are_told() -> None:
    _, (_, ingress) = told("stranger/stranger", "ray-b/sample-head", 8265)

    assert "ray-b/rayfence-backstop, ray-b/rayfence-default-deny and 4 more, and no rule" in ingress


@pytest.mark.parametrize("target", ["203.0.113.99", "2001:db8::1", "internet"])
def test_an_address_will_do(target: str) -> None:
    allowed, (_, ingress) = told("ray-b/notebook", target, 443)

    assert not allowed
    assert f"ingress of {target} is no pod, so no policy selects it" == ingress


def test_two_that_are_no_tenants_reach_each_other() -> None:
    assert told("kube-system/dns", "monitoring/prometheus", 9090)[0]


def test_two_tenants_are_both_there_whichever_comes_first() -> None:
    assert not told("ray-c/notebook", "ray-b/sample-head", 8265)[0]
    assert not told("ray-b/sample-head", "ray-c/notebook", 8265)[0]


def test_the_mode_is_seen() -> None:
    base = three(mode=Mode.DENY_ALL_INGRESS)

    assert answer(base, Question("ray-a/sample-head", "internet", 443)).allowed


def test_a_pod_reaches_itself() -> None:
    assert told("ray-a/notebook", "ray-a/notebook", 1)[0]


def test_nobody_is_told_who_was_meant_and_who_is_there() -> None:
    with pytest.raises(NobodyThere) as nobody:
        answer(BASE, Question("ray-c/notbook", "ray-b/sample-head", 1))

    said = str(nobody.value)
    assert said.startswith("there is no ray-c/notbook; did you mean ray-c/notebook? there are ray-c/")
    assert "ray-b/" not in said
