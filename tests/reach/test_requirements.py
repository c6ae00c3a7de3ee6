"""What some Ray objects need beside the rest: the API server, a Redis, callers of Serve; each missed where closed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import ApiServer, Config, Mode, Network, Platform, Provider, RoleRules, Scope, Tenant
from rayfence.reach.analysis import analyze
from rayfence.reach.findings import Findings, Proof
from rayfence.reach.policies import Json
from rayfence.reach.scenario import scenario

from .three import BOUNDS

PLATFORM = Platform()
API = ApiServer(("10.0.0.1/32",))
GROUPS = {"headGroupSpec": {}, "workerGroupSpecs": [{"groupName": "w", "maxReplicas": 1}]}
NAME = "kubernetes.io/metadata.name"
FIELDS = {"RayCluster": "", "RayJob": "rayClusterSpec", "RayService": "rayClusterConfig"}
HEADS = {"matchLabels": {"ray.io/node-type": "head"}}
EVERY_MODE = pytest.mark.parametrize("mode", Mode)


def ray(kind: str = "RayCluster", label: str | None = "team-a", annotations: Json | None = None, **spec: Any) -> Json:
    labels = {} if label is None else {"tenant": label}
    metadata = {"name": "x", "namespace": "ray-a", "labels": labels, "annotations": annotations}
    cluster = {**GROUPS, **spec}
    return {
        "apiVersion": "ray.io/v1",
        "kind": kind,
        "metadata": metadata,
        "spec": {FIELDS[kind]: cluster} if FIELDS[kind] else cluster,
    }


def head_with(*env: Json) -> Json:
    return {"template": {"spec": {"containers": [{"name": "ray-head", "env": list(env)}]}}}


def config(platform: Platform = PLATFORM, **network: Any) -> Config:
    tenants = [Tenant("team-a", ("ray-a",), BOUNDS), Tenant("team-b", ("ray-b",), BOUNDS)]
    return Config(platform, tuple(replace(each, network=Network(**network)) for each in tenants))


def asked(*objects: Json, platform: Platform = PLATFORM, instead: list[Json] | None = None, **network: Any) -> Findings:
    return analyze(scenario(config(platform, **network), objects, instead=instead))


def lines(found: Findings) -> list[str]:
    return [each.line for each in found.counterexamples if each.proof is Proof.RUNS]


def flows(found: Findings) -> list[str]:
    return [re.split(": (?:egress|ingress) of ", line)[0] for line in lines(found)]


def remedies(found: Findings) -> set[str]:
    return {line.rpartition("; ")[2] for line in lines(found)}


def to(*peers: Json, port: int | str) -> Json:
    return {"to": list(peers), "ports": [{"port": port}]}


def space(name: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {NAME: name}}}


def block(cidr: str) -> Json:
    return {"ipBlock": {"cidr": cidr}}


AUTOSCALES = ray(enableInTreeAutoscaling=True)
AUTOSCALER = "ray-a/x-head -> api-server TCP 6443 must be open, for the autoscaler"


def test_an_autoscaling_head_without_a_way_to_the_api_server_is_refuted_and_told_the_field() -> None:
    found = asked(AUTOSCALES)

    assert [AUTOSCALER] == flows(found)
    assert {"set apiServer.cidrs in the Platform"} == remedies(found)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (asked(AUTOSCALES, platform=Platform(api_server=API)), "its address is known"),
        (asked(AUTOSCALES, mode=Mode.DENY_ALL_INGRESS), "egress is open"),
        (asked(ray(enableInTreeAutoscaling=False)), "it does not autoscale"),
        (asked(AUTOSCALES, head=RoleRules(egress=(to(block("10.96.0.0/12"), port=6443),))), "the tenant's own rule"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_with_a_way_holds(found: Findings, why: str) -> None:
    assert [] == lines(found), why


def test_an_autoscaling_head_under_policies_that_lack_the_opening_is_refuted() -> None:
    closed = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "mine", "namespace": "ray-a"},
        "spec": {"podSelector": HEADS, "policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {}}]}]},
    }
    opened = {**closed, "metadata": {"name": "api", "namespace": "ray-a"}, "spec": {**closed["spec"]}}
    opened["spec"]["egress"] = [to(block("10.0.0.1/32"), port=6443)]

    assert AUTOSCALER in flows(asked(AUTOSCALES, platform=Platform(api_server=API), instead=[closed]))
    assert AUTOSCALER not in flows(asked(AUTOSCALES, platform=Platform(api_server=API), instead=[closed, opened]))


@pytest.mark.parametrize("kind", FIELDS)
def test_whatever_brings_the_cluster(kind: str) -> None:
    (found,) = flows(asked(ray(kind, enableInTreeAutoscaling=True)))

    assert found.endswith("-head -> api-server TCP 6443 must be open, for the autoscaler")


def test_samples_autoscale_only_where_they_can_and_a_note_says_so() -> None:
    unknown, known = (analyze(scenario(config(each))) for each in (Platform(), Platform(api_server=API)))

    note = "apiServer.cidrs is empty, so heads cannot autoscale, and the samples do not; set it in the Platform"
    assert (True, True, note in unknown.notes, note in known.notes) == (unknown.holds, known.holds, True, False)
    assert [] == [each for group in unknown.groups for each in group.members if each.role == "api-server"]


TOKENS = {
    "authOptions": ray(authOptions={"mode": "token", "enableK8sTokenAuth": True}),
    "a variable of the head's": ray(headGroupSpec=head_with({"name": "RAY_ENABLE_K8S_TOKEN_AUTH", "value": "true"})),
}
REVIEWS = [f"ray-a/x-{pod} -> api-server TCP 6443 must be open, for token review" for pod in ("head", "w-worker-0")]
TO_API = RoleRules(egress=(to(block("10.0.0.1/32"), port=6443),))


@pytest.mark.parametrize("cluster", TOKENS.values(), ids=TOKENS)
def test_every_pod_asks_the_api_server_about_tokens(cluster: Json) -> None:
    known = Platform(api_server=API)
    nowhere, head_alone, both = (
        asked(cluster),
        asked(cluster, platform=known),
        asked(cluster, platform=known, worker=TO_API),
    )

    assert (REVIEWS, REVIEWS[1:], []) == (flows(nowhere), flows(head_alone), flows(both))
    worker = "open the API server in network.worker.egress of team-a"
    assert {"set apiServer.cidrs in the Platform", f"set apiServer.cidrs in the Platform and {worker}"} == remedies(
        nowhere
    )
    assert {worker} == remedies(head_alone)
    assert both.holds


def test_a_cluster_without_it_asks_nothing() -> None:
    quiet = ray(authOptions={"mode": "token", "enableK8sTokenAuth": False})

    assert [] == lines(asked(quiet))


def fault_tolerant(address: str, **spec: Any) -> Json:
    return ray(gcsFaultToleranceOptions={"redisAddress": address}, **spec)


def from_env(value: Json) -> Json:
    env = {"name": "RAY_REDIS_ADDRESS", **value}
    return ray(annotations={"ray.io/ft-enabled": "true"}, headGroupSpec=head_with(env))


def wanted(redis: str, port: int = 6379) -> list[str]:
    pods = ("ray-a/x-head", "ray-a/x-redis-cleanup")
    return [f"{pod} -> {redis} TCP {port} must be open, for GCS fault tolerance" for pod in pods]


ADDRESSES = {
    "a Service": ("redis.data.svc.cluster.local:6379", "data/redis", 6379),
    "a Service in short": ("redis://redis.data:7000", "data/redis", 7000),
    "a pod of a StatefulSet": ("redis-0.redis.data.svc:6379", "data/redis-0", 6379),
    "an address": ("10.40.0.7:6379", "10.40.0.7", 6379),
    "no port": ("rediss://user:secret@redis.data.svc", "data/redis", 6379),
    "a host outside": ("x.cache.example.com:6380", "x.cache.example.com", 6380),
    "IPv6": ("[2001:db8::7]:6379", "2001:db8::7", 6379),
    "another tenant's": ("redis.ray-b:6379", "ray-b/redis", 6379),
}


@pytest.mark.parametrize(("address", "redis", "port"), ADDRESSES.values(), ids=ADDRESSES)
def test_a_head_and_the_cleanup_without_a_way_to_redis_are_refuted(address: str, redis: str, port: int) -> None:
    assert wanted(redis, port) == flows(asked(fault_tolerant(address)))
    assert wanted(redis, port) == flows(asked(from_env({"value": address})))


OPENED = {
    "the namespace": ("redis.data.svc:6379", to(space("data"), port=6379)),
    "its pods": ("redis.data:6379", to(space("data") | {"podSelector": {"matchLabels": {"app": "redis"}}}, port=6379)),
    "its pods by an expression": (
        "redis.data:6379",
        to(
            space("data") | {"podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["r"]}]}},
            port=6379,
        ),
    ),
    "a named port": ("redis.data:7000", to(space("data"), port="redis")),
    "an address": ("10.40.0.7:6379", to(block("10.40.0.7/32"), port=6379)),
    "a range": ("10.40.0.7:6379", to(block("10.0.0.0/8"), port=6379)),
    "a host's addresses": ("x.cache.example.com:6379", to(block("10.40.0.0/24"), port=6379)),
    "every port": ("x.cache.example.com:6379", {"to": [block("10.40.0.0/24")]}),
}


@pytest.mark.parametrize(("address", "rule"), OPENED.values(), ids=OPENED)
@pytest.mark.parametrize("provider", Provider)
def test_with_a_way_in_network_head_egress_both_hold(address: str, rule: Json, provider: Provider) -> None:
    found = asked(fault_tolerant(address), head=RoleRules(egress=(rule,)), provider=provider)

    assert () == found.counterexamples


CLOSED = {
    "another port": ("redis.data:6379", to(space("data"), port=6380)),
    "another namespace": ("redis.data:6379", to(space("base"), port=6379)),
    "another address": ("10.40.0.8:6379", to(block("10.40.0.7/32"), port=6379)),
    "another protocol": ("redis.data:6379", {"to": [space("data")], "ports": [{"port": 6379, "protocol": "UDP"}]}),
    "every port of an object store": ("redis.data:6379", {"to": [block("10.20.0.0/16")]}),
    "a range with a hole": (
        "10.40.0.7:6379",
        to({"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.40.0.0/16"]}}, port=6379),
    ),
}


@pytest.mark.parametrize(("address", "rule"), CLOSED.values(), ids=CLOSED)
def test_a_way_to_elsewhere_is_none(address: str, rule: Json) -> None:
    found = asked(fault_tolerant(address), head=RoleRules(egress=(rule,)))

    assert 2 == len(lines(found))


def test_what_workers_may_reach_is_no_way_for_the_head() -> None:
    rule = to(space("data"), port=6379)

    assert wanted("data/redis") == flows(asked(fault_tolerant("redis.data:6379"), worker=RoleRules(egress=(rule,))))


def test_the_cleanup_is_missed_alone_where_only_the_head_gets_out() -> None:
    rule = to(space("data"), port=6379)
    base = scenario(config(head=RoleRules(egress=(rule,))), [fault_tolerant("redis.data:6379")])
    layer = [each for each in base.network_layer["team-a"] if each["metadata"]["name"] != "rayfence-redis-cleanup"]

    assert wanted("data/redis")[1:] == flows(
        analyze(replace(base, network_layer={**base.network_layer, "team-a": tuple(layer)}))
    )


def test_a_service_without_pods_may_stand_for_an_address_and_a_note_says_so() -> None:
    found = asked(fault_tolerant("redis.data:6379"), head=RoleRules(egress=(to(block("10.40.0.7/32"), port=6379),)))

    assert found.holds
    assert "data/redis is taken to be at 10.40.0.7, which a rule of team-a names" in found.notes


REMEDIES = {
    "somebody's": ("redis.data:6379", {}, "open data/redis in network.head.egress of team-a"),
    "its own, clusters apart": (
        "redis:6379",
        {"scope": Scope.CLUSTER},
        "list 6379 in network.ports of team-a, under the scope tenant",
    ),
    "its own, on another port": ("redis:7000", {}, "list 7000 in network.ports of team-a, under the scope tenant"),
    "another tenant's": ("redis.ray-b:6379", {}, "ray-b belongs to team-b, so use a Redis of team-a's own"),
}


@pytest.mark.parametrize(("address", "network", "remedy"), REMEDIES.values(), ids=REMEDIES)
def test_the_field_to_set_is_named(address: str, network: dict[str, Any], remedy: str) -> None:
    assert {remedy} == remedies(asked(fault_tolerant(address), **network))


def test_a_redis_of_the_tenants_own_is_reached_on_its_ports() -> None:
    assert () == asked(fault_tolerant("redis:6379")).counterexamples
    assert () == asked(fault_tolerant("redis.ray-a.svc:7000"), ports=(7000, 8265)).counterexamples


def test_another_tenants_redis_stays_closed_whatever_the_head_may_do() -> None:
    found = asked(fault_tolerant("redis.ray-b:6379"), head=RoleRules(egress=(to(space("ray-b"), port=6379),)))

    assert wanted("ray-b/redis") == flows(found)


@EVERY_MODE
def test_only_where_egress_is_closed(mode: Mode) -> None:
    closed = mode is not Mode.DENY_ALL_INGRESS

    assert (wanted("data/redis") if closed else []) == flows(asked(fault_tolerant("redis.data:6379"), mode=mode))


NO_REDIS = {
    "none": ray(),
    "a disk": ray(gcsFaultToleranceOptions={"backend": "rocksdb", "redisAddress": "redis.data:6379"}),
    "nothing said": ray(gcsFaultToleranceOptions={}),
    "none enabled": ray(annotations={"ray.io/ft-enabled": "false"}),
}


@pytest.mark.parametrize("cluster", NO_REDIS.values(), ids=NO_REDIS)
def test_without_redis_nothing_is_asked_and_nobody_cleans_up(cluster: Json) -> None:
    found = asked(cluster)

    assert found.holds
    assert [] == [each for group in found.groups for each in group.members if each.role == "redis-cleanup"]


UNTOLD = {
    "from a Secret": from_env({"valueFrom": {"secretKeyRef": {"name": "redis", "key": "address"}}}),
    "from all of a Secret": ray(annotations={"ray.io/ft-enabled": "true"}),
    "from a variable": fault_tolerant("$(REDIS_HOST):6379"),
    "no port there is": fault_tolerant("redis.data:70000"),
}


@pytest.mark.parametrize("cluster", UNTOLD.values(), ids=UNTOLD)
def test_an_address_that_is_not_told_is_a_note(cluster: Json) -> None:
    told = (
        "RayCluster ray-a/x: its manifest does not say where its Redis is, so it was not checked whether its head "
        "reaches it"
    )

    assert told in asked(cluster).notes
    assert not any("Redis" in note for note in asked(fault_tolerant("redis.data:6379")).notes)


def test_the_tenants_own_pods_reach_serve_on_every_pod_by_default() -> None:
    found = asked(ray("RayService"))
    edges = {(edge.source_id, edge.target_id): edge.ports for edge in found.edges}

    assert found.holds
    assert all("TCP 8000" in edges["ray-a/notebook", f"ray-a/x-aaaaa-{pod}"] for pod in ("head", "w-worker-0"))
    assert ("ray-b/notebook", "ray-a/x-aaaaa-head") not in edges


def test_policies_that_keep_them_from_serve_on_workers_are_refuted() -> None:
    base = scenario(config(), [ray("RayService")])
    layer = [
        {**each, "spec": {**each["spec"], "podSelector": HEADS}}
        if each["metadata"]["name"] == "rayfence-tenant"
        else each
        for each in base.network_layer["team-a"]
    ]
    notebook = "ray-a/notebook -> ray-a/x-aaaaa-w-worker-0 TCP 8000 must be open, for Serve"

    assert notebook in flows(analyze(replace(base, network_layer={**base.network_layer, "team-a": tuple(layer)})))
    assert [] == flows(analyze(base))


@pytest.mark.parametrize(
    ("network", "write"),
    [
        ({"ports": (6379, 8265, 10001)}, "list 8000 in network.ports"),
        ({"scope": Scope.CLUSTER}, "set network.scope to tenant"),
    ],
    ids=["not listed", "clusters apart"],
)
def test_a_service_that_nobody_of_the_tenants_can_call_is_noted(network: dict[str, Any], write: str) -> None:
    told = (
        f"RayService ray-a/x: team-a's own pods do not reach Serve on 8000; {write}, or open it to its callers in "
        "network.head.ingress and network.worker.ingress"
    )

    assert told in asked(ray("RayService"), **network).notes
    assert not any("Serve" in note for note in asked(ray("RayService")).notes)
    assert not any("Serve" in note for note in asked(ray("RayService"), mode=Mode.DENY_ALL_EGRESS, **network).notes)
    assert not any("Serve" in note for note in asked(ray(), **network).notes)


def test_serve_is_where_the_heads_container_says() -> None:
    ports = [{"name": "serve", "containerPort": 9000}]
    moved = ray("RayService", headGroupSpec={"template": {"spec": {"containers": [{"name": "h", "ports": ports}]}}})

    assert any("do not reach Serve on 9000; list 9000 in network.ports" in note for note in asked(moved).notes)
    assert not any("Serve" in note for note in asked(moved, ports=(8265, 9000)).notes)


CAUSES = {
    "a cluster without": ("RayCluster", None, "no label tenant"),
    "a service without": ("RayService", None, "no label tenant"),
    "a cluster with another's": ("RayCluster", "team-b", "the label tenant: team-b"),
    "a job with another's": ("RayJob", "team-b", "the label tenant: team-b"),
}


@pytest.mark.parametrize(("kind", "label", "has"), CAUSES.values(), ids=CAUSES)
def test_a_missing_tenant_label_is_named_as_the_cause(kind: str, label: str | None, has: str) -> None:
    found = asked(ray(kind, label=label))

    assert 1 <= len(lines(found))
    assert {f"{kind} ray-a/x has {has}, so no NetworkPolicy is made for it; write tenant: team-a"} == {
        "; ".join(line.split("; ")[-2:]) for line in lines(found)
    }


def test_the_label_is_no_cause_where_it_is_there_or_nothing_is_generated() -> None:
    base = scenario(config(), [ray()])
    bare = analyze(replace(base, network_layer={**base.network_layer, "team-a": base.network_layer["team-a"][:1]}))
    by_hand = analyze(scenario(config(), [ray(label=None)], instead=list(base.network_layer["team-a"][:1])))

    assert 1 <= len(lines(bare))
    assert not any("label" in line for line in (*lines(bare), *lines(by_hand)))
    assert [] == lines(asked(ray(label=None), provider=Provider.KUBERAY))
    # What KubeRay makes of a RayJob is known by its owner.
    assert [] == lines(asked(ray("RayJob", label=None)))
