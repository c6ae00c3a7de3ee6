"""Who meets whom: all of a few tenants, and of many those that can matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Scope, Tenant
from rayfence.reach.analysis import analyze
from rayfence.reach.cluster_model import ALL_TENANTS_UP_TO, model_cluster, relevant_tenants
from rayfence.reach.findings import Proof
from rayfence.reach.policies import Json
from rayfence.reach.scenario import Scenario, scenario
from rayfence.reach.topology import Pod

NAME = "kubernetes.io/metadata.name"
BOUNDS = Container(Bounds("1", "8"), Bounds("1Gi", "8Gi"))
MANY = 2 * ALL_TENANTS_UP_TO


def many(mode: Mode = Mode.DENY_ALL, number: int = MANY) -> Scenario:
    """Tenants of two shapes, every other one with the other scope."""
    tenants = (
        Tenant(f"t{n:02}", (f"ns-{n:02}",), BOUNDS, network=Network(mode=mode, scope=list(Scope)[n % 2]))
        for n in range(number)
    )
    return scenario(Config(Platform(), tuple(tenants)))


def with_policy(base: Scenario, tenant: str, direction: str, rule: Json) -> Scenario:
    side = direction.lower()
    hole = {
        "metadata": {"name": f"hole-{side}", "namespace": tenant.replace("t", "ns-")},
        "spec": {"podSelector": {}, "policyTypes": [direction], side: [rule]},
    }
    return replace(base, network_layer={**base.network_layer, tenant: (*base.network_layer[tenant], hole)})


def without_layer(base: Scenario, *tenants: str) -> Scenario:
    return replace(base, network_layer={**base.network_layer, **dict.fromkeys(tenants, ())})


def namespace(name: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {NAME: name}}}


def test_a_few_tenants_all_meet() -> None:
    base = many(number=ALL_TENANTS_UP_TO)

    assert list(base.config.tenants[1:]) == relevant_tenants(base, base.config.tenants[0])


def test_of_many_one_of_each_shape_is_met() -> None:
    base = many()

    assert ["t01", "t02"] == [each.name for each in relevant_tenants(base, base.config.tenants[0])]
    assert ["t00", "t01"] == [each.name for each in relevant_tenants(base, base.config.tenants[-1])]


def test_whoever_a_rule_names_is_met() -> None:
    base = with_policy(many(), "t00", "Ingress", {"from": [namespace("ns-17")]})

    assert ["t01", "t02", "t17"] == [each.name for each in relevant_tenants(base, base.config.tenants[0])][:3]


HOLES: dict[str, tuple[Callable[[], Scenario], str]] = {
    "a rule that names another tenant, which is not closed": (
        lambda: with_policy(without_layer(many(), "t23"), "t04", "Ingress", {"from": [namespace("ns-23")]}),
        "ns-23/sample-head -> ns-04/sample-head",
    ),
    "a rule that lets another tenant's rule through": (
        lambda: with_policy(
            with_policy(many(), "t04", "Ingress", {"from": [namespace("ns-23")]}),
            "t23",
            "Egress",
            {"to": [{"namespaceSelector": {}}]},
        ),
        "ns-23/sample-head -> ns-04/sample-head",
    ),
    "the other way round": (
        lambda: with_policy(
            with_policy(many(), "t23", "Ingress", {"from": [{"namespaceSelector": {}}]}),
            "t04",
            "Egress",
            {"to": [namespace("ns-23")]},
        ),
        "ns-04/sample-head -> ns-23/sample-head",
    ),
    "two that let everybody through": (
        lambda: with_policy(
            with_policy(many(), "t23", "Ingress", {"from": [{"namespaceSelector": {}}]}),
            "t04",
            "Egress",
            {"to": [{"namespaceSelector": {}}]},
        ),
        "ns-04/sample-head -> ns-23/sample-head",
    ),
    "two that nothing closes": (
        lambda: without_layer(many(), "t04", "t23"),
        "ns-23/sample-head -> ns-04/sample-head",
    ),
    "one that lets everybody in, where the mode leaves every way out open": (
        lambda: with_policy(many(Mode.DENY_ALL_INGRESS), "t23", "Ingress", {}),
        " -> ns-23/sample-head",
    ),
}


@pytest.mark.parametrize(("hole", "line"), HOLES.values(), ids=HOLES)
@pytest.mark.slow
def test_a_hole_between_two_of_many_is_found(hole: Callable[[], Scenario], line: str) -> None:
    found = [each.line for each in analyze(hole()).counterexamples if each.proof is Proof.ISOLATED]

    assert any(line in each for each in found)


@pytest.mark.slow
def test_without_a_hole_none_is_found() -> None:
    assert [] == [each.line for each in analyze(many()).counterexamples if each.proof is Proof.ISOLATED]


def test_a_namespace_of_nobodys_is_no_tenants() -> None:
    tenant = Tenant("team-a", ("stranger", "stranger-2"), BOUNDS)
    here = model_cluster(scenario(Config(Platform(), (tenant,))), tenant)

    spaces = {each.namespace for each in here.topology.endpoints if isinstance(each, Pod)}
    assert "stranger-3" in spaces


def test_every_pod_has_an_address_of_its_own() -> None:
    base = many()
    pods = model_cluster(base, base.config.tenants[0]).topology.pods

    assert len(pods) == len({each.ip for each in pods}) == len({str(each) for each in pods})


def test_the_forged_pod_wears_all_that_the_tenants_pods_wear() -> None:
    base = many()
    here = model_cluster(base, base.config.tenants[0])
    (forged,) = (each for each in here.topology.pods if str(each) == "stranger/forged-as-t00")

    wanted = {"tenant": "t00", "ray.io/node-type": "head", "ray.io/originated-from-crd": "RayJob"}
    assert wanted.items() <= forged.labels.items()
    assert "ray.io/cluster" in forged.labels
