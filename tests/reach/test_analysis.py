"""One question, yes or no and by which policies; and notes on what no proof covers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rayfence.model.config import Allow, Config, Mode, Platform
from rayfence.reach.analysis import Question, UnknownEndpoint, answer, notes
from rayfence.reach.connectivity import explain
from rayfence.reach.scenario import scenario

from .three import config, three

BASE = three()


def told(source: str, target: str, port: int, protocol: str = "TCP") -> tuple[bool, list[str]]:
    decision = answer(BASE, Question(source, target, port, protocol))
    return decision.allowed, list(explain(decision))


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
    with pytest.raises(UnknownEndpoint) as nobody:
        answer(BASE, Question("ray-c/notbook", "ray-b/sample-head", 1))

    said = str(nobody.value)
    assert said.startswith("there is no ray-c/notbook; did you mean ray-c/notebook? there are ray-c/")
    assert "ray-b/" not in said


UNSEEN = "no proof covers that"


def unseen(found: Config) -> list[str]:
    return [note for note in notes(scenario(found, [])) if note.endswith(UNSEEN)]


def listing(allow: Allow, *names: str) -> Config:
    whole = config()
    return replace(whole, tenants=tuple(replace(t, allow=allow) if t.name in names else t for t in whole.tenants))


def test_nothing_is_noted_of_the_defaults() -> None:
    assert [] == unseen(config())
    assert [] == unseen(listing(Allow(networks=(), exposure_kinds=()), "team-a"))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("guard-network-policies", "tenants may write NetworkPolicies that open their pods to everyone"),
        ("guard-pods", "bare pods may use their node's network, where no NetworkPolicy applies"),
        ("restrict-exposure", "tenants may expose their Services outside the cluster"),
        ("restrict-network-kinds", "tenants may create policies of a network plugin, which precede NetworkPolicies"),
        ("restrict-pod-metadata", "pods may attach additional networks, where no NetworkPolicy applies"),
        ("restrict-pod-security", "Ray pods may use their node's network, where no NetworkPolicy applies"),
    ],
)
def test_a_disabled_rule_on_which_the_proofs_rest_is_noted(rule: str, told: str) -> None:
    assert [f"{rule} is disabled: {told}, and {UNSEEN}"] == unseen(config(Platform(disabled_rules=(rule,))))


def test_a_disabled_rule_that_says_nothing_of_traffic_is_not_noted() -> None:
    assert [] == unseen(config(Platform(disabled_rules=("require-tenant-queue", "restrict-volumes"))))


def test_what_a_tenant_is_allowed_is_noted_with_its_name() -> None:
    (note,) = unseen(listing(Allow(networks=("shared/net",)), "team-a"))

    assert note.startswith("allow.networks of team-a: pods may attach additional networks")


def test_what_the_platform_allows_everybody_is_one_note() -> None:
    (note,) = unseen(config(Platform(allow=Allow(exposure_kinds=("CiliumNetworkPolicy.cilium.io",)))))

    assert note.startswith("allow.exposure.kinds of team-a, team-b")


def test_of_many_tenants_only_a_few_are_named() -> None:
    whole = config()
    many = tuple(replace(whole.tenants[0], name=f"team-{n}", namespaces=(f"ray-{n}",)) for n in range(5))
    (note,) = unseen(replace(whole, tenants=many, platform=Platform(allow=Allow(pod_annotations=("iam*",)))))

    assert note.startswith("allow.podAnnotations of team-0, team-1, team-2 and 2 more: ")
