"""What the config lets tenants do that no proof about NetworkPolicies sees is noted."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rayfence.model.config import Allow, Config, Platform
from rayfence.reach.noting import notes
from rayfence.reach.scenario import scenario

from .three import config

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
