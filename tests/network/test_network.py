"""What a tenant's NetworkPolicies let through, read as Kubernetes reads them, and what their text must never hold."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.config import (
    ApiServer,
    Bounds,
    Container,
    Dns,
    Mode,
    Network,
    Operator,
    Peer,
    Platform,
    RoleRules,
    Scope,
    Tenant,
)
from rayfence.network import generated, static_layer

BOUNDS = Container(Bounds("1", "8"), Bounds("1Gi", "8Gi"))
PLATFORM = Platform()
TEAM = Tenant("team-a", ("ray-a", "ray-a-dev"), BOUNDS)
JOB = {"ray.io/originated-from-cr-name": "train", "ray.io/originated-from-crd": "RayJob"}
OWNER = {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "train", "uid": "1", "controller": True}
NAMESPACE_NAME = "kubernetes.io/metadata.name"


def ray_cluster(name: str, namespace: str = "ray-a", **metadata: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": {"tenant": "team-a"}} | metadata
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": {}}


ONE = ray_cluster("one")
FROM_JOB = ray_cluster("from-job", labels={"tenant": "team-a"} | JOB, ownerReferences=[OWNER])


@dataclass(frozen=True)
class Pod:
    namespace: str
    labels: dict[str, str] = field(default_factory=dict)


def ray_pod(cluster: str, role: str, namespace: str = "ray-a") -> Pod:
    return Pod(namespace, {"ray.io/cluster": cluster, "ray.io/node-type": role})


HEAD, WORKER = ray_pod("one", "head"), ray_pod("one", "worker")
OTHER_HEAD = ray_pod("two", "head")
JOB_HEAD, JOB_WORKER = ray_pod("from-job", "head"), ray_pod("from-job", "worker")
SUBMITTER, FOREIGN_SUBMITTER = Pod("ray-a", JOB), Pod("ray-a", JOB | {"ray.io/originated-from-cr-name": "other"})
NOTEBOOK = Pod("ray-a-dev", {"app": "notebook"})
NEIGHBOUR = ray_pod("one", "worker", "ray-b")
OPERATOR = Pod("kuberay-operator", {"app.kubernetes.io/component": "kuberay-operator"})
STRANGER = Pod("kuberay-operator", {"app": "other"})
FAKE_OPERATOR = Pod("ray-b", OPERATOR.labels)
PROMETHEUS = Pod("monitoring", {"app": "prometheus"})
DNS, NOT_DNS = Pod("kube-system", {"k8s-app": "kube-dns"}), Pod("kube-system", {"k8s-app": "metrics"})
PODS = [HEAD, WORKER, OTHER_HEAD, JOB_HEAD, SUBMITTER, NOTEBOOK, NEIGHBOUR, OPERATOR, STRANGER, PROMETHEUS, DNS]


def policies(tenant: Tenant, platform: Platform = PLATFORM) -> list[dict[str, Any]]:
    clusters = [ONE, ray_cluster("two"), FROM_JOB]
    return static_layer(platform, tenant) + [p for each in clusters for p in generated(platform, tenant, each)]


def with_network(**network: Any) -> Tenant:
    return replace(TEAM, network=Network(**network))


# A small reading of the NetworkPolicy API, for pods; ipBlock peers are nobody's.


def matches(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    exact = all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())
    return exact and all(labels.get(e["key"]) in e["values"] for e in selector.get("matchExpressions", []))


def admits(peer: dict[str, Any], pod: Pod, own_namespace: str) -> bool:
    if "ipBlock" in peer:
        return False
    there = {NAMESPACE_NAME: pod.namespace}
    in_place = (
        matches(peer["namespaceSelector"], there) if "namespaceSelector" in peer else pod.namespace == own_namespace
    )
    return in_place and matches(peer.get("podSelector", {}), pod.labels)


def one_way(
    direction: str, side: str, subject: Pod, other: Pod, port: tuple[int, str], found: list[dict[str, Any]]
) -> bool:
    mine = [
        p
        for p in found
        if p["metadata"]["namespace"] == subject.namespace
        and direction in p["spec"]["policyTypes"]
        and matches(p["spec"]["podSelector"], subject.labels)
    ]
    return not mine or any(
        any(admits(peer, other, subject.namespace) for peer in rule[side])
        and ("ports" not in rule or any((each["port"], each["protocol"]) == port for each in rule["ports"]))
        for policy in mine
        for rule in policy["spec"].get(direction.lower(), [])
    )


def reaches(source: Pod, target: Pod, port: int, found: list[dict[str, Any]], protocol: str = "TCP") -> bool:
    out = one_way("Egress", "to", source, target, (port, protocol), found)
    return out and one_way("Ingress", "from", target, source, (port, protocol), found)


RANDOM = 41837
# source, target, port, and whether it passes under scope tenant and under scope cluster
FLOWS = {
    "head to its worker, any port": (HEAD, WORKER, RANDOM, True, True),
    "worker to its head, any port": (WORKER, HEAD, RANDOM, True, True),
    "worker to worker": (WORKER, WORKER, RANDOM, True, True),
    "another cluster's head, random port": (WORKER, OTHER_HEAD, RANDOM, False, False),
    "another cluster's head, Ray port": (WORKER, OTHER_HEAD, 6379, True, False),
    "notebook to head, Ray client": (NOTEBOOK, HEAD, 10001, True, False),
    "notebook to head, metrics": (NOTEBOOK, HEAD, 8080, False, False),
    "submitter to its head": (SUBMITTER, JOB_HEAD, 8265, True, True),
    "submitter to its head, another port": (SUBMITTER, JOB_HEAD, 8080, False, False),
    "notebook to head, Serve": (NOTEBOOK, HEAD, 8000, True, False),
    "notebook to worker, Serve": (NOTEBOOK, WORKER, 8000, True, False),
    "neighbour to worker, Serve": (NEIGHBOUR, WORKER, 8000, False, False),
    "stranger to worker, Serve": (STRANGER, WORKER, 8000, False, False),
    "submitter to a worker of its cluster": (SUBMITTER, JOB_WORKER, 52365, False, False),
    "another job's submitter": (FOREIGN_SUBMITTER, JOB_HEAD, 8265, True, False),
    "submitter to a cluster that is not its own": (SUBMITTER, HEAD, 8265, True, False),
    "neighbour to head": (NEIGHBOUR, HEAD, 6379, False, False),
    "neighbour to worker": (NEIGHBOUR, WORKER, RANDOM, False, False),
    "head to neighbour": (HEAD, NEIGHBOUR, 6379, False, False),
    "operator to head, dashboard": (OPERATOR, HEAD, 8265, True, True),
    "operator to head, Serve": (OPERATOR, HEAD, 8000, True, True),
    "operator to head, client": (OPERATOR, HEAD, 10001, False, False),
    "operator to worker": (OPERATOR, WORKER, 8265, False, False),
    "stranger in the operator's namespace": (STRANGER, HEAD, 8265, False, False),
    "operator's labels in another namespace": (FAKE_OPERATOR, HEAD, 8265, False, False),
    "Prometheus to head": (PROMETHEUS, HEAD, 8080, True, True),
    "Prometheus to worker": (PROMETHEUS, WORKER, 8080, True, True),
    "Prometheus to dashboard": (PROMETHEUS, HEAD, 8265, False, False),
    "Prometheus to a pod that is not Ray's": (PROMETHEUS, NOTEBOOK, 8080, False, False),
    "worker to DNS": (WORKER, DNS, 53, True, True),
    "notebook to DNS": (NOTEBOOK, DNS, 53, True, True),
    "worker to another pod beside DNS": (WORKER, NOT_DNS, 53, False, False),
    "head to monitoring": (HEAD, PROMETHEUS, 9090, False, False),
}


@pytest.mark.parametrize(("source", "target", "port", "expected", "_"), FLOWS.values(), ids=FLOWS.keys())
def test_the_policies_let_through_what_a_tenant_needs(
    source: Pod, target: Pod, port: int, expected: bool, _: bool
) -> None:
    assert expected is reaches(source, target, port, policies(TEAM))


@pytest.mark.parametrize(("source", "target", "port", "_", "expected"), FLOWS.values(), ids=FLOWS.keys())
def test_scope_cluster_keeps_a_tenants_clusters_apart(
    source: Pod, target: Pod, port: int, _: bool, expected: bool
) -> None:
    assert expected is reaches(source, target, port, policies(with_network(scope=Scope.CLUSTER)))


def test_dns_answers_over_udp_too() -> None:
    assert reaches(WORKER, DNS, 53, policies(TEAM), "UDP")


def test_a_submitter_gets_out_where_the_tenants_ports_leave_the_dashboard_out() -> None:
    assert reaches(SUBMITTER, JOB_HEAD, 8265, policies(with_network(ports=(6379,))))


@pytest.mark.parametrize("target", PODS, ids=str)
def test_a_mode_closes_its_direction_as_deny_all_does_and_leaves_the_other_open(target: Pod) -> None:
    both = policies(TEAM)
    ingress, egress = (policies(with_network(mode=mode)) for mode in (Mode.DENY_ALL_INGRESS, Mode.DENY_ALL_EGRESS))

    for source, port in itertools.product(PODS, (6379, 8080, 8265, RANDOM)):
        on = (port, "TCP")
        assert one_way("Ingress", "from", target, source, on, both) is reaches(source, target, port, ingress)
        assert one_way("Egress", "to", source, target, on, both) is reaches(source, target, port, egress)


def test_the_policies_of_a_namespace_are_named_by_what_they_open() -> None:
    rules = RoleRules(ingress=({"from": [{"podSelector": {}}]},))
    tenant = with_network(head=rules, worker=rules, scope=Scope.CLUSTER)
    platform = replace(PLATFORM, api_server=ApiServer(("10.0.0.1/32",)))

    names = [(p["metadata"]["namespace"], p["metadata"]["name"]) for p in static_layer(platform, tenant)]

    own = ["apiserver", "backstop", "default-deny", "dns", "head", "monitoring", "operator", "submitter", "worker"]
    assert [(namespace, f"rayfence-{each}") for namespace in TEAM.namespaces for each in own] == names


NAMES_BY_MODE = {
    Mode.DENY_ALL: {"backstop", "default-deny", "dns", "monitoring", "operator", "submitter", "tenant"},
    Mode.DENY_ALL_INGRESS: {"backstop", "default-deny", "monitoring", "operator", "tenant"},
    Mode.DENY_ALL_EGRESS: {"backstop", "default-deny", "dns", "submitter", "tenant"},
}


@pytest.mark.parametrize(("mode", "expected"), NAMES_BY_MODE.items(), ids=map(str, NAMES_BY_MODE))
def test_a_policy_left_without_a_direction_is_not_written(mode: Mode, expected: set[str]) -> None:
    names = {p["metadata"]["name"].removeprefix("rayfence-") for p in static_layer(PLATFORM, with_network(mode=mode))}

    assert expected == names


def test_a_tenant_without_enforcement_gets_no_layer() -> None:
    assert [] == policies(with_network(enforce=False))


def by_name(tenant: Tenant, platform: Platform = PLATFORM) -> dict[str, Any]:
    return {p["metadata"]["name"]: p["spec"] for p in static_layer(platform, tenant)}


def test_a_default_deny_selects_every_pod_and_allows_nothing() -> None:
    expected = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

    assert expected == by_name(TEAM)["rayfence-default-deny"]


def test_a_tenants_own_rules_are_kept_word_for_word() -> None:
    rule = {"to": [{"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.2.0/24"]}}], "ports": [{"port": "https"}]}
    tenant = with_network(worker=RoleRules(egress=(rule,)))

    selector = {"matchLabels": {"ray.io/node-type": "worker"}}
    assert {"podSelector": selector, "policyTypes": ["Egress"], "egress": [rule]} == by_name(tenant)["rayfence-worker"]


def test_the_pod_that_clears_redis_gets_out_where_heads_do_and_nobody_gets_in() -> None:
    rule = {"to": [{"ipBlock": {"cidr": "10.40.0.7/32"}}], "ports": [{"port": 6379}]}
    way_in = {"from": [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "ingress"}}}]}
    tenant = with_network(head=RoleRules(ingress=(way_in,), egress=(rule,)))

    selector = {"matchLabels": {"ray.io/node-type": "redis-cleanup"}}
    expected = {"podSelector": selector, "policyTypes": ["Egress"], "egress": [rule]}
    assert expected == by_name(tenant)["rayfence-redis-cleanup"]
    assert "rayfence-redis-cleanup" not in by_name(with_network(worker=RoleRules(egress=(rule,))))
    assert "rayfence-redis-cleanup" not in by_name(with_network(head=RoleRules(ingress=(way_in,))))


def test_a_tenants_rule_for_a_direction_that_is_open_is_left_out() -> None:
    tenant = with_network(mode=Mode.DENY_ALL_INGRESS, head=RoleRules(egress=({"to": [{"podSelector": {}}]},)))

    assert "rayfence-head" not in by_name(tenant)


def test_heads_reach_the_api_server_where_it_is_known() -> None:
    platform = replace(PLATFORM, api_server=ApiServer(("10.0.0.1/32", "10.0.0.2/32"), 443))

    rule = {
        "to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}, {"ipBlock": {"cidr": "10.0.0.2/32"}}],
        "ports": [{"port": 443, "protocol": "TCP"}],
    }
    selector = {"matchLabels": {"ray.io/node-type": "head"}}
    expected = {"podSelector": selector, "policyTypes": ["Egress"], "egress": [rule]}
    assert expected == by_name(TEAM, platform)["rayfence-apiserver"]


def test_every_pod_reaches_the_addresses_of_the_dns_on_its_port_alone() -> None:
    platform = replace(PLATFORM, dns=Dns(PLATFORM.dns.peer, ("169.254.20.10/32",)))
    (rule,) = by_name(TEAM, platform)["rayfence-dns"]["egress"]
    pods = by_name(TEAM)["rayfence-dns"]["egress"][0]

    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} == rule["to"].pop()
    assert pods == rule


def test_one_namespace_is_named_by_label_and_several_by_expression() -> None:
    alone = by_name(replace(TEAM, namespaces=("only",)))["rayfence-tenant"]["ingress"][0]["from"]
    both = by_name(replace(TEAM, namespaces=("z", "a")))["rayfence-tenant"]["ingress"][0]["from"]

    assert [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "only"}}}] == alone
    expression = {"key": NAMESPACE_NAME, "operator": "In", "values": ["a", "z"]}
    assert [{"namespaceSelector": {"matchExpressions": [expression]}}] == both


# An empty list of ports or peers in a rule means all of them.
EMPTIED = {
    "no ports for the tenant": (with_network(ports=()), PLATFORM, "rayfence-tenant"),
    "no ports for the operator": (TEAM, replace(PLATFORM, operator=Operator(ports=())), "rayfence-operator"),
    "no monitoring": (TEAM, replace(PLATFORM, monitoring=None), "rayfence-monitoring"),
    "no address of the API server": (TEAM, PLATFORM, "rayfence-apiserver"),
}


@pytest.mark.parametrize(("tenant", "platform", "name"), EMPTIED.values(), ids=EMPTIED.keys())
def test_nothing_to_open_is_no_policy_and_never_everything(tenant: Tenant, platform: Platform, name: str) -> None:
    assert name not in by_name(tenant, platform)


def test_an_operator_without_pod_labels_is_its_whole_namespace() -> None:
    platform = replace(PLATFORM, operator=Operator(Peer("ops")))

    rule = by_name(TEAM, platform)["rayfence-operator"]["ingress"][0]

    assert [{"namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "ops"}}}] == rule["from"]


def test_every_object_says_who_wrote_it_and_for_whom() -> None:
    labels = [p["metadata"]["labels"] for p in static_layer(PLATFORM, TEAM)]

    expected = {"app.kubernetes.io/managed-by": "rayfence", "rayfence.dev/tenant": "team-a"}
    assert [expected] * len(labels) == labels


def test_a_generated_head_policy_opens_its_cluster_and_nothing_else() -> None:
    head, _ = generated(PLATFORM, TEAM, ONE)

    peers = [{"podSelector": {"matchLabels": {"ray.io/cluster": "one"}}}]
    expected = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "rayfence-one-head",
            "namespace": "ray-a",
            "labels": {"rayfence.dev/tenant": "team-a", "ray.io/cluster": "one"},
        },
        "spec": {
            "podSelector": {"matchLabels": {"ray.io/cluster": "one", "ray.io/node-type": "head"}},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": peers}],
            "egress": [{"to": peers}],
        },
    }
    assert expected == head


def test_only_the_head_of_a_jobs_cluster_lets_its_submitter_in() -> None:
    apart = with_network(scope=Scope.CLUSTER)
    head, worker = (policy["spec"]["ingress"] for policy in generated(PLATFORM, apart, FROM_JOB))

    submitter = {
        "from": [{"podSelector": {"matchLabels": JOB}}],
        "ports": [{"port": 8265, "protocol": "TCP"}],
    }
    assert submitter == head[1]
    assert 1 == len(worker)


SPOOFS = {
    "owner without labels": ({}, [OWNER]),
    "labels without owner": (JOB, []),
    "owner of another name": (JOB, [OWNER | {"name": "other"}]),
    "owner of another kind": (JOB, [OWNER | {"kind": "RayService"}]),
    "owner of another group": (JOB, [OWNER | {"apiVersion": "batch/v1"}]),
    "owner that does not control": (JOB, [OWNER | {"controller": False}]),
    "label of another kind": (JOB | {"ray.io/originated-from-crd": "RayService"}, [OWNER]),
}


@pytest.mark.parametrize(("labels", "owners"), SPOOFS.values(), ids=SPOOFS.keys())
def test_a_job_counts_only_if_labels_and_controlling_owner_agree(labels: dict[str, str], owners: list[Any]) -> None:
    cluster = ray_cluster("one", labels={"tenant": "team-a"} | labels, ownerReferences=owners)

    apart = with_network(scope=Scope.CLUSTER)
    assert generated(PLATFORM, apart, ONE) == generated(PLATFORM, apart, cluster)


NOTHING = {
    "no labels": ray_cluster("one", labels=None),
    "no tenant label": ray_cluster("one", labels={"app": "ray"}),
    "another tenant's label": ray_cluster("one", labels={"tenant": "team-b"}),
    "the label in other letters": ray_cluster("one", labels={"tenant": "Team-a"}),
    "a namespace of nobody's": ray_cluster("one", "elsewhere"),
    "a namespace with the tenant's as prefix": ray_cluster("one", "ray-a-evil"),
    "no namespace": ray_cluster("one", namespace=None),
    "another kind": ray_cluster("one") | {"kind": "RayJob"},
    "another group": ray_cluster("one") | {"apiVersion": "example.com/v1"},
}


@pytest.mark.parametrize("cluster", NOTHING.values(), ids=NOTHING.keys())
def test_nothing_is_generated_for_what_is_not_clearly_the_tenants(cluster: dict[str, Any]) -> None:
    assert [] == generated(PLATFORM, TEAM, cluster)


CLUSTER_NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,51}[a-z0-9])?", fullmatch=True)


@cache
def names_in_the_layer() -> set[str]:
    """Every name that a policy of a namespace may have."""
    rules = RoleRules(ingress=({"from": [{"podSelector": {}}]},))
    platform = replace(PLATFORM, api_server=ApiServer(("10.0.0.1/32",)))
    tenant = with_network(head=rules, worker=rules, ports=(1,))
    return {policy["metadata"]["name"] for policy in static_layer(platform, tenant)}


@pytest.mark.slow
@settings(deadline=None)
@given(CLUSTER_NAMES, CLUSTER_NAMES)
def test_no_cluster_name_can_take_the_name_of_another_policy(one: str, other: str) -> None:
    names = [p["metadata"]["name"] for name in {one, other} for p in generated(PLATFORM, TEAM, ray_cluster(name))]

    assert 2 * len({one, other}) == len(set(names) - names_in_the_layer())


def mappings(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from mappings(each)


NETWORKS = st.builds(
    Network,
    mode=st.sampled_from(Mode),
    scope=st.sampled_from(Scope),
    ports=st.lists(st.integers(1, 65535), max_size=3, unique=True).map(tuple),
)
PLATFORMS = st.builds(
    Platform,
    monitoring=st.none() | st.just("monitoring"),
    api_server=st.builds(ApiServer, st.lists(st.just("10.0.0.1/32"), max_size=1).map(tuple)),
    operator=st.builds(Operator, ports=st.lists(st.integers(1, 65535), max_size=2).map(tuple)),
)


@settings(deadline=None)
@given(PLATFORMS, NETWORKS)
def test_no_rule_is_empty_and_every_port_names_its_protocol(platform: Platform, network: Network) -> None:
    found = policies(replace(TEAM, network=network), platform)
    rules = [rule for p in found for side in ("ingress", "egress") for rule in p["spec"].get(side, [])]

    assert all(rule.get("from") or rule.get("to") for rule in rules)
    assert all(rule.get("ports", "left out") for rule in rules)
    assert all("protocol" in each for each in mappings(found) if "port" in each)
    assert {"In"} >= {each["operator"] for each in mappings(found) if "operator" in each}


@settings(deadline=None)
@given(PLATFORMS, NETWORKS)
def test_a_policy_names_exactly_the_directions_it_has_rules_for(platform: Platform, network: Network) -> None:
    for policy in policies(replace(TEAM, network=network), platform):
        spec = policy["spec"]
        is_base = policy["metadata"]["name"] in ("rayfence-default-deny", "rayfence-backstop")
        sides = [side for side in ("Ingress", "Egress") if spec.get(side.lower())]
        assert (sides == []) if is_base else (sides == spec["policyTypes"])
