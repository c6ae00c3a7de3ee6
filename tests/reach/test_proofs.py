"""Three proofs: they hold of what rayfence writes, in every mode and scope, and each is refuted by what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Config, Dns, Egress, Mode, Network, Platform, Provider, RoleRules, Scope
from rayfence.reach.analysis import analyze
from rayfence.reach.cluster_model import model_cluster
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.findings import Counterexample, Findings, NotIsolated, Proof
from rayfence.reach.policies import Json
from rayfence.reach.proofs import not_running, unneeded
from rayfence.reach.requirements import requirements
from rayfence.reach.scenario import Scenario, scenario

from .three import BOUNDS, KINDS, NAMESPACES, PLATFORM, config, three

IDS = [f"{mode} {scope}" for mode, scope in KINDS]
NAME = "kubernetes.io/metadata.name"


def lines(found: Findings, proof: Proof) -> list[str]:
    return [each.line for each in found.counterexamples if each.proof is proof]


def policy(name: str = "more", namespace: str = "ray-a", **spec: Any) -> Json:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def with_layer(base: Scenario, layer: Sequence[Json]) -> Scenario:
    return replace(base, network_layer={**base.network_layer, "team-a": tuple(layer)})


def running(base: Scenario) -> list[Counterexample]:
    here = model_cluster(base, base.config.tenants[0])
    connectivity = Connectivity(here.topology)
    return list(not_running([(each, connectivity.decide(each.flow)) for each in requirements(here)]))


@pytest.mark.parametrize(("mode", "scope"), KINDS, ids=IDS)
def test_they_hold(mode: Mode, scope: Scope) -> None:
    found = analyze(three(mode=mode, scope=scope))

    assert () == found.counterexamples
    assert found.holds
    assert all(found.asked[proof] > 10 for proof in Proof)


@pytest.mark.parametrize(("mode", "scope"), KINDS, ids=IDS)
def test_they_hold_where_kuberay_isolates_each_cluster(mode: Mode, scope: Scope) -> None:
    found = analyze(three(mode=mode, scope=scope, provider=Provider.KUBERAY))

    assert () == found.counterexamples
    assert found.holds


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "scope"), KINDS, ids=IDS)
def test_every_rule_that_is_taken_away_is_missed(mode: Mode, scope: Scope) -> None:
    """By taking it away, and not by looking at who else opens the same."""
    base = three(mode=mode, scope=scope)
    layer = base.network_layer["team-a"]
    kept = [
        f"{each['metadata']['namespace']}/{each['metadata']['name']} {side}[{number}]"
        for index, each in enumerate(layer)
        for side in ("ingress", "egress")
        for number, _ in enumerate(each["spec"].get(side, []))
        if not running(with_layer(base, [*layer[:index], difference(each, side, number), *layer[index + 1 :]]))
    ]

    assert [] == kept


def difference(policy: Json, side: str, number: int) -> Json:
    rules = policy["spec"][side]
    return {**policy, "spec": {**policy["spec"], side: rules[:number] + rules[number + 1 :]}}


def test_a_rule_that_opens_what_is_open_already_is_needed_by_nothing() -> None:
    base = three()
    again = next(each for each in base.network_layer["team-a"] if each["metadata"]["name"] == "rayfence-operator")
    twice = {**again, "metadata": {**again["metadata"], "name": "rayfence-operator-again"}}

    found = analyze(with_layer(base, [*base.network_layer["team-a"], twice]))

    useless = "without it everything that Ray and the config need stays open"
    expected = {f"ray-a/{name} ingress[0]: {useless}" for name in ("rayfence-operator", "rayfence-operator-again")}
    assert expected == set(lines(found, Proof.MINIMAL))


def test_rules_in_the_tenants_own_words_are_noted_and_not_held_against_it() -> None:
    inside = {"from": [{"namespaceSelector": {"matchLabels": {NAME: "ray-a"}}}], "ports": [{"port": 8265}]}
    found = analyze(three(head=RoleRules(ingress=(inside,))))

    assert [] == lines(found, Proof.MINIMAL)
    assert "ray-a/rayfence-head ingress[0]: nothing here needs it" in found.notes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "line"),
    [
        (
            "rayfence-dns",
            "ray-a/sample-head -> kube-system/dns UDP 53 (and 1 more of its ports) must be open, for DNS: egress of "
            "ray-a/sample-head is closed by ",
        ),
        (
            "rayfence-operator",
            "kuberay-operator/kuberay-operator -> ray-a/sample-head TCP 8265 (and 1 more of its ports) must be open, "
            "for the operator: ingress of ray-a/sample-head is closed by ",
        ),
        ("rayfence-monitoring", "monitoring/prometheus -> ray-a/sample-head TCP 8080 must be open, for metrics: "),
        ("rayfence-apiserver", "ray-a/sample-head -> api-server TCP 6443 must be open, for the autoscaler: "),
        (
            "rayfence-tenant",
            "ray-a/notebook -> ray-a/sample-head TCP 6379 (and 3 more of its ports) must be open, for network.ports: ",
        ),
        (
            "rayfence-sample-worker",
            "ray-a/sample-head -> ray-a/sample-first-worker-0 TCP 8080 (and 8 more of its ports) must be open, "
            "for Ray, inside a cluster: ingress of ray-a/sample-first-worker-0 is closed by ",
        ),
    ],
)
def test_a_policy_that_is_missing_has_its_line(name: str, line: str) -> None:
    base = three()
    layer = [each for each in base.network_layer["team-a"] if each["metadata"]["name"] != name]

    assert any(each.startswith(line) for each in lines(analyze(with_layer(base, layer)), Proof.RUNS))


def spaces(*names: str) -> Json:
    return {"namespaceSelector": {"matchExpressions": [{"key": NAME, "operator": "In", "values": list(names)}]}}


EVERYWHERE = {"namespaceSelector": {}}
HEADS = {"matchLabels": {"ray.io/node-type": "head"}}
WHO_GETS_IN = {
    "everybody": ({}, "stranger/stranger", "all ports"),
    "every pod": ({"from": [EVERYWHERE]}, "stranger/stranger", "all ports"),
    "a namespace by name": ({"from": [spaces("elsewhere")]}, "elsewhere/peer-1", "all ports"),
    "one of several namespaces": ({"from": [spaces("ray-a", "elsewhere")]}, "elsewhere/peer-1", "all ports"),
    "namespaces by another label": (
        {"from": [{"namespaceSelector": {"matchLabels": {"team": "x"}}}]},
        "any-x/peer-1",
        "all ports",
    ),
    "the tenant's label anywhere": (
        {"from": [EVERYWHERE | {"podSelector": {"matchLabels": {"tenant": "team-a"}}}]},
        "stranger/forged-as-team-a",
        "all ports",
    ),
    "the cluster's label anywhere": (
        {
            "from": [
                EVERYWHERE | {"podSelector": {"matchExpressions": [{"key": "ray.io/cluster", "operator": "Exists"}]}}
            ]
        },
        "stranger/forged-as-team-a",
        "all ports",
    ),
    "the operator's labels anywhere": (
        {"from": [EVERYWHERE | {"podSelector": {"matchLabels": dict(PLATFORM.operator.peer.pod_labels)}}]},
        "stranger/false-operator",
        "all ports",
    ),
    "the operator's namespace": ({"from": [spaces("kuberay-operator")]}, "kuberay-operator/not-operator", "all ports"),
    "labels of nobody's": (
        {"from": [EVERYWHERE | {"podSelector": {"matchLabels": {"app": "client"}}}]},
        "any/peer-1-client",
        "all ports",
    ),
    "all addresses": ({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}, "internet", "all ports"),
    "some addresses": ({"from": [{"ipBlock": {"cidr": "192.0.2.0/24"}}]}, "192.0.2.0/24", "all ports"),
    "one more port for monitoring": (
        {"from": [spaces("monitoring")], "ports": [{"port": 9999}]},
        "monitoring/prometheus",
        "TCP 9999",
    ),
    "the same port by another protocol": (
        {"from": [spaces("monitoring")], "ports": [{"port": 8080, "protocol": "UDP"}]},
        "monitoring/prometheus",
        "UDP 8080",
    ),
}


@pytest.mark.parametrize(("rule", "source", "ports"), WHO_GETS_IN.values(), ids=WHO_GETS_IN)
@pytest.mark.slow
def test_whoever_gets_in_without_being_asked_is_named(rule: Json, source: str, ports: str) -> None:
    base = three()
    hole = policy(podSelector=HEADS, policyTypes=["Ingress"], ingress=[rule])
    found = lines(analyze(with_layer(base, [*base.network_layer["team-a"], hole])), Proof.ISOLATED)

    expected = (
        f"{source} -> ray-a/sample-head is open on {ports}, and no configuration asks for that: ray-a/more ingress[0]"
    )
    assert expected in found


def test_another_tenant_that_gets_in_comes_first() -> None:
    base = three(mode=Mode.DENY_ALL_INGRESS)
    hole = policy(podSelector=HEADS, policyTypes=["Ingress"], ingress=[{"from": [EVERYWHERE]}])
    first = lines(analyze(with_layer(base, [*base.network_layer["team-a"], hole])), Proof.ISOLATED)[0]

    rest = "is open on all ports, and no configuration asks for that: ray-a/more ingress[0]"
    assert f"ray-b/sample-head -> ray-a/sample-head {rest}" == first


WHERE_TO = {
    "the metadata service": ({"to": [{"ipBlock": {"cidr": "169.254.0.0/16"}}]}, "metadata-service"),
    "the internet": ({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}]}, "internet"),
    "whoever calls itself DNS": (
        {"to": [EVERYWHERE | {"podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}]},
        "stranger/false-dns",
    ),
    "all of the namespace of DNS": ({"to": [spaces("kube-system")]}, "kube-system/not-dns"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("rule", "target"), WHERE_TO.values(), ids=WHERE_TO)
def test_wherever_a_pod_gets_out_to_without_being_asked_is_named(rule: Json, target: str) -> None:
    base = three()
    hole = policy(podSelector={}, policyTypes=["Egress"], egress=[rule])
    found = lines(analyze(with_layer(base, [*base.network_layer["team-a"], hole])), Proof.ISOLATED)

    expected = (
        f"ray-a/notebook -> {target} is open on all ports, and no configuration asks for that: ray-a/more egress[0]"
    )
    assert expected in found


def to_addresses(*cidrs: str, ports: Sequence[Json] = (), left_out: Sequence[str] = ()) -> Json:
    peers = [{"ipBlock": {"cidr": cidr, "except": list(left_out)}} for cidr in cidrs]
    return policy(podSelector={}, policyTypes=["Egress"], egress=[{"to": peers, "ports": list(ports)}])


OPEN = Platform(
    egress=Egress(cidrs=("100.64.0.0/10", "169.254.170.23/32", "169.254.169.254/32", "169.254.0.0/16")),
    dns=Dns(cidrs=("169.254.20.10/32",)),
)
SHUT = {
    "the metadata service": ("169.254.169.254/32", "metadata-service"),
    "another address beside one that is listed": ("169.254.170.24/32", "169.254.170.24/32"),
    "the address of the DNS": ("169.254.20.10/32", "dns-cache"),
    "a metadata service in a range that is listed": ("100.64.0.0/10", "100.100.100.200/32"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("cidr", "target"), SHUT.values(), ids=SHUT)
def test_what_is_shut_is_not_asked_for_whatever_the_platform_lists(cidr: str, target: str) -> None:
    found = lines(analyze(scenario(config(OPEN), more=[to_addresses(cidr)])), Proof.ISOLATED)

    assert any(f" -> {target} is open on " in each and each.endswith("ray-a/more egress[0]") for each in found)


@pytest.mark.slow
def test_what_the_platform_opens_alone_is_asked_for() -> None:
    dns = [{"port": 53, "protocol": "UDP"}]
    left_out = ["100.100.100.200/32", "100.96.0.96/32", "100.80.80.80/32"]

    assert analyze(scenario(config(OPEN), more=[to_addresses("169.254.170.23/32")])).holds
    assert analyze(scenario(config(OPEN), more=[to_addresses("169.254.20.10/32", ports=dns)])).holds
    assert analyze(scenario(config(OPEN), more=[to_addresses("100.64.0.0/10", left_out=left_out)])).holds


def test_a_dns_that_is_no_pod_is_needed_and_open() -> None:
    found = analyze(scenario(config(OPEN)))

    assert () == found.counterexamples
    assert {("TCP 53", "UDP 53")} == {each.ports for each in found.edges if each.target_id == "dns-cache"}


def test_a_dns_that_is_no_pod_is_missed() -> None:
    base = scenario(config(OPEN))
    layer = [
        {**each, "spec": {**each["spec"], "egress": [{"to": each["spec"]["egress"][0]["to"][:1]}]}}
        if each["metadata"]["name"] == "rayfence-dns"
        else each
        for each in base.network_layer["team-a"]
    ]

    assert any("-> dns-cache UDP 53" in each for each in lines(analyze(with_layer(base, layer)), Proof.RUNS))


def test_under_the_scope_cluster_two_clusters_of_a_tenant_are_apart() -> None:
    base = three(scope=Scope.CLUSTER)
    hole = policy(podSelector={}, policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {}}]}])
    way_out = policy("out", podSelector={}, policyTypes=["Egress"], egress=[{"to": [{"podSelector": {}}]}])
    found = lines(analyze(with_layer(base, [*base.network_layer["team-a"], hole, way_out])), Proof.ISOLATED)

    assert any(each.startswith("ray-a/train-aaaaa-head -> ray-a/sample-head is open") for each in found)


def test_what_a_tenant_opens_within_itself_is_its_own_affair() -> None:
    hole = policy(podSelector={}, policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {}}]}])
    found = analyze(scenario(config(mode=Mode.DENY_ALL_INGRESS), more=[hole]))

    assert [] == lines(found, Proof.ISOLATED)
    assert any("ray-a/more ingress[0]" in edge.rules and edge.named_by_config for edge in found.edges)


def test_what_a_tenant_opens_to_others_is_not() -> None:
    hole = policy(podSelector={}, policyTypes=["Ingress"], ingress=[{"from": [spaces("ray-b")]}])
    found = analyze(scenario(config(mode=Mode.DENY_ALL_INGRESS), more=[hole]))

    assert "ray-b/sample-head -> ray-a/sample-head" in {
        f"{each.source_id} -> {each.target_id}" for each in found.counterexamples
    }


OWN = {
    "from": [spaces("ingress-nginx") | {"podSelector": {"matchLabels": {"app": "nginx"}}}],
    "ports": [{"port": 8265}],
}


def test_a_tenants_own_rules_are_obeyed_and_reported() -> None:
    found = analyze(
        three(
            head=RoleRules(ingress=(OWN,)), worker=RoleRules(egress=({"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]},))
        )
    )
    edges = {(edge.source_id, edge.target_id): edge for edge in found.edges}

    assert () == found.counterexamples
    head = edges["ingress-nginx/peer-1-nginx", "ray-a/sample-head"]
    worker = edges["ray-a/sample-first-worker-0", "10.9.0.0/16"]
    assert (("TCP 8265",), ("ray-a/rayfence-head ingress[0]",), True) == (head.ports, head.rules, head.named_by_config)
    assert (("all ports",), True) == (worker.ports, worker.named_by_config)


def test_a_tenants_own_rule_that_is_not_obeyed_is_missed() -> None:
    base = three(head=RoleRules(ingress=(OWN,)))
    layer = [each for each in base.network_layer["team-a"] if each["metadata"]["name"] != "rayfence-head"]
    found = lines(analyze(with_layer(base, layer)), Proof.RUNS)

    reason = "network.head ingress[0], the tenant's own"
    expected = f"ingress-nginx/peer-1-nginx -> ray-a/sample-head TCP 8265 must be open, for {reason}: ingress of "
    assert any(each.startswith(expected) for each in found)


def test_two_modes_that_leave_open_what_the_other_closes_let_tenants_meet() -> None:
    """Each alone is as it was meant. Together they are a way from one tenant to another."""
    modes = dict(zip(NAMESPACES, (Mode.DENY_ALL_EGRESS, Mode.DENY_ALL_INGRESS, Mode.DENY_ALL), strict=True))
    base = config()
    mixed = [replace(each, network=Network(mode=modes[each.name])) for each in base.tenants]
    found = lines(analyze(scenario(Config(PLATFORM, tuple(mixed)))), Proof.ISOLATED)

    assert (
        "ray-b/notebook -> ray-a/notebook is open on all ports, and no configuration asks for that: nothing closes it"
        in found
    )
    assert not any(each.startswith("ray-c/") or " -> ray-c/" in each for each in found)


def test_a_tenant_whose_layer_is_off_is_said_to_be_open() -> None:
    base = config()
    off = replace(base.tenants[2], network=Network(enforce=False))
    found = analyze(scenario(Config(PLATFORM, (*base.tenants[:2], off))))

    assert () == found.counterexamples
    assert (NotIsolated("team-c", "network.enforce is false"),) == found.not_isolated


def test_what_the_platform_lists_may_be_reached_by_tenants_own_policies() -> None:
    out = policy(podSelector={}, policyTypes=["Egress"], egress=[{"to": [{"ipBlock": {"cidr": "198.51.100.0/24"}}]}])
    asked = replace(PLATFORM, egress=Egress(cidrs=("198.51.100.0/24",)))

    assert 1 <= len(analyze(scenario(config(), more=[out])).counterexamples)
    assert () == analyze(scenario(config(asked), more=[out])).counterexamples


def test_rules_that_nothing_given_needs_are_notes() -> None:
    cluster = {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "mine", "namespace": "ray-b", "labels": {"tenant": "team-b"}},
        "spec": {"headGroupSpec": {"template": {"metadata": {"labels": {"tenant": "team-b"}}}}},
    }
    found = analyze(scenario(config(Platform()), [cluster]))

    assert () == found.counterexamples
    assert "ray-a/rayfence-operator ingress[0]: nothing here needs it" in found.notes
    assert "ray-b/rayfence-operator ingress[0]: nothing here needs it" not in found.notes


def unlabelled(kind: str, spec: Json, **labels: str) -> Json:
    metadata = {"name": "nightly", "namespace": "ray-b", "labels": labels}
    return {"apiVersion": "ray.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


GROUPS = {"headGroupSpec": {}, "workerGroupSpecs": [{"groupName": "small"}]}


def test_a_cluster_that_gets_no_policies_of_its_own_does_not_run() -> None:
    found = lines(analyze(scenario(config(), [unlabelled("RayCluster", GROUPS)])), Proof.RUNS)

    assert any(each.startswith("ray-b/nightly-head -> ray-b/nightly-small-worker-0 TCP 8080") for each in found)


def test_what_a_cron_job_brings_runs_though_nobody_copies_the_tenants_label() -> None:
    cron = unlabelled("RayCronJob", {"jobTemplate": {"rayClusterSpec": GROUPS}}, tenant="team-b")

    assert () == analyze(scenario(config(), [cron])).counterexamples


def test_nor_does_a_cron_job_need_a_cluster_of_its_own() -> None:
    cluster = unlabelled("RayCluster", GROUPS, tenant="team-b")
    selecting = {"jobTemplate": {"clusterSelector": {"ray.io/cluster": "nightly"}}}
    cron = unlabelled("RayCronJob", selecting, tenant="team-b")

    found = analyze(scenario(config(scope=Scope.CLUSTER), [cluster, cron]))

    assert () == found.counterexamples
    assert ("ray-b/nightly-aaaaa-submitter", "ray-b/nightly-head", ("TCP 8265",)) in {
        (edge.source_id, edge.target_id, edge.ports) for edge in found.edges
    }


def test_unneeded_says_what_taking_away_says() -> None:
    base = three(scope=Scope.TENANT)
    here = model_cluster(base, base.config.tenants[0])
    connectivity = Connectivity(here.topology)
    none_needed = unneeded(here, [])

    assert 20 < len(none_needed)
    assert [] == unneeded(here, [(each, connectivity.decide(each.flow)) for each in requirements(here)])
    assert BOUNDS == base.config.tenants[0].container


@pytest.mark.slow
def test_policies_of_the_tenants_own_make_no_rule_of_ours_needless() -> None:
    again = {"from": [{"namespaceSelector": {"matchLabels": {NAME: "ray-b"}}}]}
    wide = policy(namespace="ray-b", podSelector={}, policyTypes=["Ingress"], ingress=[again])

    found = scenario(config(), more=[wide])

    assert analyze(three()).asked[Proof.MINIMAL] == analyze(found).asked[Proof.MINIMAL]
    assert lines(analyze(three()), Proof.MINIMAL) == lines(analyze(found), Proof.MINIMAL)
