"""What stands in a namespace of a backend without an engine: every flow that Ray needs, and none from outside."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from rayfence import yamlio
from rayfence.backends import BACKENDS
from rayfence.manifests import bundle
from rayfence.manifests.static_file import engineless_file, engineless_objects
from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Scope, Tenant
from rayfence.network import static_layer
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.topology import Flow, Pod, Topology

BOUNDS = Container(Bounds("1", "8"), Bounds("1Gi", "8Gi"))
TEAM = Tenant("team-a", ("ray-a", "ray-a-dev"), BOUNDS)
OTHER = Tenant("team-b", ("ray-b",), BOUNDS)
PLATFORM = Platform()
MODES = list(product(Mode, Scope))
WITHOUT_ENGINE = ["gatekeeper", "validatingadmissionpolicy"]

_IPS = (f"10.0.0.{number}" for number in range(1, 250))


def pod(namespace: str, name: str, labels: dict[str, str], **ports: int) -> Pod:
    return Pod(namespace, name, next(_IPS), labels, ports)


def ray(cluster: str, role: str, namespace: str = "ray-a", **ports: int) -> Pod:
    return pod(namespace, f"{cluster}-{role}", {"ray.io/cluster": cluster, "ray.io/node-type": role}, **ports)


SUBMITTED = {"ray.io/originated-from-crd": "RayJob", "ray.io/originated-from-cr-name": "train"}
HEAD, WORKER = ray("one", "head", dashboard=8265, metrics=8080), ray("one", "worker", metrics=8080)
MOVED, MOVED_WORKER = ray("two", "head", dashboard=8266, metrics=8081), ray("two", "worker", metrics=8082)
SUBMITTER = pod("ray-a", "submitter", SUBMITTED)
NOTEBOOK = pod("ray-a", "notebook", {"app": "notebook"})
ELSEWHERE = ray("three", "worker", "ray-a-dev")
OPERATOR = pod("kuberay-operator", "operator", {"app.kubernetes.io/component": "kuberay-operator"})
PROMETHEUS = pod("monitoring", "prometheus", {"app": "prometheus"})
NEIGHBOUR, SPOOF = ray("one", "worker", "ray-b"), pod("ray-b", "spoof", SUBMITTED)
STRANGER = pod("kuberay-operator", "stranger", {"app": "other"})
PODS = [HEAD, WORKER, MOVED, MOVED_WORKER, SUBMITTER, NOTEBOOK, ELSEWHERE]
PODS += [OPERATOR, PROMETHEUS, NEIGHBOUR, SPOOF, STRANGER]
RANDOM = 41837


def connectivity(network: Network) -> Connectivity:
    config = Config(PLATFORM, (replace(TEAM, network=network), replace(OTHER, network=network)))
    layer = [policy for tenant in config.tenants for policy in static_layer(PLATFORM, tenant)]
    return Connectivity(Topology({}, PODS, layer + engineless_objects(config)))


NEEDED = {
    "head to worker": (HEAD, WORKER, RANDOM),
    "worker to head": (WORKER, HEAD, RANDOM),
    "submitter to head": (SUBMITTER, HEAD, 8265),
    "submitter to a moved dashboard": (SUBMITTER, MOVED, 8266),
    "operator to head": (OPERATOR, HEAD, 8265),
    "operator to a moved dashboard": (OPERATOR, MOVED, 8266),
    "Prometheus to head": (PROMETHEUS, HEAD, 8080),
    "Prometheus to moved metrics of a head": (PROMETHEUS, MOVED, 8081),
    "Prometheus to moved metrics of a worker": (PROMETHEUS, MOVED_WORKER, 8082),
    # The price: see docs/decisions/0009.
    "another cluster of the namespace": (WORKER, MOVED, RANDOM),
}


@pytest.mark.parametrize(("mode", "scope"), MODES)
@pytest.mark.parametrize(("source", "target", "port"), NEEDED.values(), ids=NEEDED.keys())
def test_what_ray_needs_is_open_in_every_mode(source: Pod, target: Pod, port: int, mode: Mode, scope: Scope) -> None:
    assert connectivity(Network(mode=mode, scope=scope)).decide(Flow(source, target, port)).allowed


CLOSED = {
    "a notebook of the namespace, random port": (NOTEBOOK, HEAD, RANDOM),
    "a notebook of the namespace, moved dashboard": (NOTEBOOK, MOVED, 8266),
    "another namespace of the tenant, random port": (ELSEWHERE, HEAD, RANDOM),
    "submitter to a random port": (SUBMITTER, HEAD, RANDOM),
    "submitter to a worker": (SUBMITTER, WORKER, RANDOM),
    "operator to a worker": (OPERATOR, WORKER, 8265),
    "Prometheus to a dashboard": (PROMETHEUS, HEAD, 8265),
    "a stranger beside the operator": (STRANGER, MOVED, 8266),
    "another tenant's pod with the cluster's name": (NEIGHBOUR, HEAD, RANDOM),
    "another tenant's pod with a submitter's labels": (SPOOF, HEAD, 8265),
}


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize(("source", "target", "port"), CLOSED.values(), ids=CLOSED.keys())
def test_nobody_else_comes_in(source: Pod, target: Pod, port: int, scope: Scope) -> None:
    for mode in (Mode.DENY_ALL, Mode.DENY_ALL_INGRESS):
        assert not connectivity(Network(mode=mode, scope=scope)).decide(Flow(source, target, port)).allowed


def test_without_these_policies_a_cluster_does_not_start() -> None:
    layer = static_layer(PLATFORM, TEAM)

    assert not Connectivity(Topology({}, PODS, layer)).decide(Flow(HEAD, WORKER, RANDOM)).allowed


def test_nothing_to_scrape_and_no_operator_is_no_rule_for_everybody() -> None:
    platform = replace(PLATFORM, monitoring=None, operator=replace(PLATFORM.operator, ports=(8000,)))
    found = {each["metadata"]["name"]: each["spec"] for each in engineless_objects(Config(platform, (OTHER,)))}

    sources = [rule["from"] for spec in found.values() for rule in spec["ingress"]]
    assert {"rayfence-dashboard", "rayfence-ray"} == found.keys()
    assert [["podSelector"], ["podSelector"]] == [[key for peer in peers for key in peer] for peers in sources]


@pytest.mark.parametrize("mode", Mode)
def test_each_policy_names_the_directions_that_its_mode_closes(mode: Mode) -> None:
    config = Config(PLATFORM, (replace(OTHER, network=Network(mode=mode)),))
    closed = {each["metadata"]["name"]: each["spec"]["policyTypes"] for each in engineless_objects(config)}

    both = {Mode.DENY_ALL: ["Ingress", "Egress"], Mode.DENY_ALL_INGRESS: ["Ingress"], Mode.DENY_ALL_EGRESS: ["Egress"]}
    dashboard = {} if mode is Mode.DENY_ALL_EGRESS else {"rayfence-dashboard": ["Ingress"]}
    assert dashboard | {"rayfence-ray": both[mode]} == closed


SORTS = Config(
    PLATFORM,
    tuple(
        Tenant(f"{number}e3", (f"{number}e{number}", f"ns-{number}"), BOUNDS, network=Network(mode=mode, scope=scope))
        for number, (mode, scope) in enumerate(MODES)
    ),
)


def test_the_file_is_what_the_dumper_makes_of_its_objects() -> None:
    assert yamlio.dump(engineless_objects(SORTS)) == engineless_file(SORTS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_backends_without_an_engine_have_the_file_and_no_others(backend: str) -> None:
    files = bundle.files(SORTS, [backend])
    path = f"{backend}/network-policies.yaml"

    assert (backend in WITHOUT_ENGINE) is (path in files)
    assert (backend in WITHOUT_ENGINE) is ("- network-policies.yaml\n" in files[f"{backend}/kustomization.yaml"])
    if path in files:
        assert bundle.HEADER + engineless_file(SORTS) == files[path]


def test_without_a_network_layer_there_is_no_file() -> None:
    off = Config(PLATFORM, (replace(OTHER, network=Network(enforce=False)),))

    assert "gatekeeper/network-policies.yaml" not in bundle.files(off, ["gatekeeper"])
