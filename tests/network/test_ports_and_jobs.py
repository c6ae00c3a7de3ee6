"""What a RayCluster with moved ports and a RayJob on a selected cluster bring, to the letter; what no text brings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.config import (
    ApiServer,
    Bounds,
    Container,
    Mode,
    Network,
    Operator,
    Platform,
    RoleRules,
    Scope,
    Tenant,
)
from rayfence.network import asks, generated, static_layer
from rayfence.network.start_params import dashboard_port, moved_metrics_ports
from rayfence.network.static import engineless_specs
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.topology import Flow, Pod, Topology

PLATFORM = Platform()
TEAM = Tenant("team-a", ("ray-a",), Container(Bounds("1", "8"), Bounds("1Gi", "8Gi")))
APART = replace(TEAM, network=Network(scope=Scope.CLUSTER))
JOB = {"ray.io/originated-from-cr-name": "train", "ray.io/originated-from-crd": "RayJob"}
OWNER = {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "train", "uid": "1", "controller": True}

OPERATOR = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kuberay-operator"}},
    "podSelector": {"matchLabels": {"app.kubernetes.io/component": "kuberay-operator"}},
}
MONITORING = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
SUBMITTER = {"podSelector": {"matchLabels": JOB}}
CLUSTER = {"podSelector": {"matchLabels": {"ray.io/cluster": "one"}}}


def tcp(*ports: int | str) -> list[dict[str, Any]]:
    return [{"port": port, "protocol": "TCP"} for port in ports]


def ray_cluster(head: Any = None, *workers: Any, of_job: bool = False) -> dict[str, Any]:
    owner = {"ownerReferences": [OWNER]} if of_job else {}
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {
            "name": "one",
            "namespace": "ray-a",
            "labels": {"tenant": "team-a"} | (JOB if of_job else {}),
            **owner,
        },
        "spec": {
            "headGroupSpec": {"rayStartParams": head},
            "workerGroupSpecs": [{"rayStartParams": each} for each in workers],
        },
    }


def ray_job(cluster: Any = "one", name: str = "train", tenant: str = "team-a", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "metadata": {"name": name, "namespace": "ray-a", "labels": {"tenant": tenant}},
        "spec": {"clusterSelector": {"ray.io/cluster": cluster}} | spec,
    }


def ingress(tenant: Tenant, cluster: dict[str, Any], platform: Platform = PLATFORM) -> list[list[dict[str, Any]]]:
    """The ingress rules for head and workers, but for the first of each, which is that of the cluster's own pods."""
    found = [policy["spec"]["ingress"] for policy in generated(platform, tenant, cluster)]
    assert [{"from": [CLUSTER]}] * 2 == [rules[0] for rules in found]
    return [rules[1:] for rules in found]


def test_a_moved_dashboard_is_open_to_the_operator_and_to_the_jobs_submitter() -> None:
    cluster = ray_cluster({"dashboard-port": "8266"}, of_job=True)

    rules = [{"from": [SUBMITTER], "ports": tcp(8266)}, {"from": [OPERATOR], "ports": tcp(8266)}]
    assert [rules, []] == ingress(TEAM, cluster) == ingress(APART, cluster)


def test_moved_metrics_are_open_to_monitoring_each_port_once() -> None:
    cluster = ray_cluster(
        {"metrics-export-port": "8081"},
        {"metrics-export-port": "9001"},
        {"metrics-export-port": "8080"},
        {"metrics-export-port": "10000"},
        {"metrics-export-port": "9001"},
    )

    expected = [[{"from": [MONITORING], "ports": tcp(8081)}], [{"from": [MONITORING], "ports": tcp(10000, 9001)}]]
    assert expected == ingress(TEAM, cluster)


def test_ports_inside_the_cluster_need_nothing() -> None:
    assert [[], []] == ingress(TEAM, ray_cluster({"port": "6380", "ray-client-server-port": "10002"}))


def test_what_the_static_layer_opens_is_not_opened_twice() -> None:
    usual = {"dashboard-port": "8265", "metrics-export-port": "8080"}

    assert [[], []] == ingress(TEAM, ray_cluster(usual, usual, of_job=True))


def test_a_submitter_is_let_in_where_the_tenants_pods_are_not() -> None:
    rules = [{"from": [SUBMITTER], "ports": tcp(8265)}]
    without = replace(TEAM, network=Network(ports=(6379, 10001)))

    assert [rules, []] == ingress(APART, ray_cluster(of_job=True)) == ingress(without, ray_cluster(of_job=True))


def test_a_port_that_the_operator_has_anyway_is_not_opened_again() -> None:
    assert [[], []] == ingress(TEAM, ray_cluster({"dashboard-port": "8000"}))


def test_an_operator_that_needs_no_dashboard_gets_no_moved_one() -> None:
    platform = replace(PLATFORM, operator=Operator(ports=(8000,)))

    assert [[], []] == ingress(TEAM, ray_cluster({"dashboard-port": "8266"}), platform)


def test_without_monitoring_no_metrics_are_opened() -> None:
    platform = replace(PLATFORM, monitoring=None)

    assert [[], []] == ingress(TEAM, ray_cluster({"metrics-export-port": "8081"}), platform)


def test_where_ingress_is_open_moved_ports_need_nothing() -> None:
    open_inwards = replace(TEAM, network=Network(mode=Mode.DENY_ALL_EGRESS))
    usual, moved = ray_cluster(), ray_cluster({"dashboard-port": "1", "metrics-export-port": "2"}, of_job=True)

    assert generated(PLATFORM, open_inwards, usual) == generated(PLATFORM, open_inwards, moved)


NO_PORTS = [
    "",
    "0",
    "08266",
    "65536",
    "99999",
    "-1",
    "+8266",
    "8266.0",
    "8e3",
    " 8266",
    "8266\n",
    "\u0668\u0662",
    8266,
    None,
]
NO_PORTS += [True, ["8266"], {"port": "8266"}, "{{ request.object }}", "(( object ))", "8266, 22", "*"]


@pytest.mark.parametrize("text", NO_PORTS, ids=repr)
def test_what_is_no_plain_port_is_as_good_as_left_out(text: Any) -> None:
    params = {"dashboard-port": text, "metrics-export-port": text}

    assert generated(PLATFORM, TEAM, ray_cluster()) == generated(PLATFORM, TEAM, ray_cluster(params, params))


@given(st.integers(1, 65535))
def test_every_port_number_is_read(port: int) -> None:
    cluster = ray_cluster({"dashboard-port": str(port)}, {"metrics-export-port": str(port)})

    assert port == dashboard_port(cluster)
    assert ([port] if port != 8080 else []) == moved_metrics_ports(cluster, "worker")


@pytest.mark.parametrize(
    "spec", [None, [], "spec", {"headGroupSpec": [], "workerGroupSpecs": {}}, {"workerGroupSpecs": [1]}]
)
def test_a_spec_of_odd_types_has_the_usual_ports(spec: Any) -> None:
    assert generated(PLATFORM, TEAM, ray_cluster()) == generated(PLATFORM, TEAM, {**ray_cluster(), "spec": spec})


def job_policy(ports: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {
            "name": "rayfence-train-submitter",
            "namespace": "ray-a",
            "labels": {"rayfence.dev/tenant": "team-a"} | JOB,
        },
        "spec": {
            "podSelector": {"matchLabels": {"ray.io/cluster": "one", "ray.io/node-type": "head"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [SUBMITTER], "ports": ports}],
        },
    }


def test_a_job_on_a_selected_cluster_lets_its_submitter_in_there() -> None:
    assert [job_policy(tcp(8265, "dashboard"))] == generated(PLATFORM, APART, ray_job())


def test_where_the_tenants_pods_reach_dashboards_only_a_moved_one_is_left_to_open() -> None:
    assert [job_policy(tcp("dashboard"))] == generated(PLATFORM, TEAM, ray_job())


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("scope", Scope)
def test_a_submitter_is_let_in_where_the_mode_closes_ingress(mode: Mode, scope: Scope) -> None:
    tenant = replace(TEAM, network=Network(mode=mode, scope=scope))

    assert (mode is not Mode.DENY_ALL_EGRESS) is bool(generated(PLATFORM, tenant, ray_job())) is asks(tenant, ray_job())


@pytest.mark.parametrize("mode", [None, "", "K8sJobMode"])
def test_a_pod_submits_the_job_unless_it_says_otherwise(mode: str | None) -> None:
    assert generated(PLATFORM, TEAM, ray_job()) == generated(PLATFORM, TEAM, ray_job(submissionMode=mode))


NO_JOBS = {
    "another tenant's label": ray_job(tenant="team-b"),
    "no label": ray_job(tenant=""),
    "a cluster of its own": ray_job(clusterSelector=None, rayClusterSpec={}),
    "another label of the cluster": ray_job(clusterSelector={"app": "one"}),
    "no selector": ray_job(clusterSelector={}),
    "a selector that is none": ray_job(clusterSelector="one"),
    "submitted by the operator": ray_job(submissionMode="HTTPMode"),
    "submitted by hand": ray_job(submissionMode="InteractiveMode"),
    "submitted in a way nobody knows": ray_job(submissionMode="k8sJobMode"),
    "a submission mode of another type": ray_job(submissionMode=False),
    "another group": ray_job() | {"apiVersion": "example.com/v1"},
    "another kind": ray_job() | {"kind": "RayCronJob"},
    "a spec that is none": ray_job() | {"spec": []},
    **{
        f"the name {name!r}": ray_job(name)
        for name in ("", "One", "-one", "one.two", "o" * 64, "one\n", "*", "{{ x }}", 1)
    },
}


@pytest.mark.parametrize("job", NO_JOBS.values(), ids=NO_JOBS.keys())
def test_nothing_is_generated_for_a_job_that_does_not_clearly_select_a_cluster(job: dict[str, Any]) -> None:
    assert [] == generated(PLATFORM, TEAM, job)


def test_a_tenant_without_the_layer_gets_nothing_for_a_job() -> None:
    assert [] == generated(PLATFORM, replace(TEAM, network=Network(enforce=False)), ray_job())


# A cluster with its dashboard moved, a job that selects it, and one that does not.
ONE = {"ray.io/cluster": "one"}
MOVED = ray_cluster({"dashboard-port": "8266", "metrics-export-port": "8081"}, {"metrics-export-port": "8082"})
HEAD = Pod("ray-a", "head", "10.0.0.1", ONE | {"ray.io/node-type": "head"}, {"dashboard": 8266})
WORKER = Pod("ray-a", "worker", "10.0.0.2", ONE | {"ray.io/node-type": "worker"})
ITS_JOB = Pod("ray-a", "train", "10.0.0.3", JOB)
OTHER_JOB = Pod("ray-a", "other", "10.0.0.4", JOB | {"ray.io/originated-from-cr-name": "other"})
THE_OPERATOR = Pod("kuberay-operator", "operator", "10.0.0.5", {"app.kubernetes.io/component": "kuberay-operator"})
PROMETHEUS = Pod("monitoring", "prometheus", "10.0.0.6")
PODS = [HEAD, WORKER, ITS_JOB, OTHER_JOB, THE_OPERATOR, PROMETHEUS]


def allowed(mode: Mode, scope: Scope, source: Pod, target: Pod, port: int) -> bool:
    tenant = replace(TEAM, network=Network(mode=mode, scope=scope))
    made = [policy for each in (MOVED, ray_job()) for policy in generated(PLATFORM, tenant, each)]
    connectivity = Connectivity(Topology({}, PODS, static_layer(PLATFORM, tenant) + made))
    return connectivity.decide(Flow(source, target, port)).allowed


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("scope", Scope)
def test_moved_ports_are_reached_in_every_mode_and_scope(mode: Mode, scope: Scope) -> None:
    flows = [(ITS_JOB, HEAD, 8266), (THE_OPERATOR, HEAD, 8266), (PROMETHEUS, HEAD, 8081), (PROMETHEUS, WORKER, 8082)]

    assert [True] * 4 == [allowed(mode, scope, *flow) for flow in flows]


@pytest.mark.parametrize("mode", [Mode.DENY_ALL, Mode.DENY_ALL_INGRESS])
def test_a_job_that_did_not_select_the_cluster_stays_out(mode: Mode) -> None:
    ports = (8265, 8266, 10001)

    assert [False] * 3 == [allowed(mode, Scope.CLUSTER, OTHER_JOB, HEAD, port) for port in ports]


# A name is the last part of a policy's, and the roles are the very words a name might end in.
NAMES = st.sampled_from(["default", "head", "worker", "dns", "tenant", "submitter", "ray", "dashboard", "x", "x-head"])
NAMES |= st.from_regex(r"[a-z]([-a-z0-9]{0,51}[a-z0-9])?", fullmatch=True)
NAMES |= st.builds("{}-{}".format, NAMES, st.sampled_from(["head", "worker", "submitter"]))
EVERYTHING = replace(
    TEAM,
    network=Network(
        ports=(1,),
        head=RoleRules(ingress=({"from": [{"podSelector": {}}]},)),
        worker=RoleRules(ingress=({"from": [{"podSelector": {}}]},)),
    ),
)
WITH_API_SERVER = replace(PLATFORM, api_server=ApiServer(("10.0.0.1/32",)))
STATIC = [policy["metadata"]["name"] for policy in static_layer(WITH_API_SERVER, EVERYTHING)]
STATIC += engineless_specs(PLATFORM, EVERYTHING.network)


def test_the_names_of_the_static_layer_are_all_there() -> None:
    openings = ["dns", "head", "monitoring", "operator", "submitter", "tenant", "worker"]

    assert [
        f"rayfence-{each}" for each in ["apiserver", "backstop", "default-deny", *openings, "dashboard", "ray"]
    ] == STATIC


@pytest.mark.slow
@settings(deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True), st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_no_cluster_and_no_job_takes_the_name_of_another_policy(clusters: list[str], jobs: list[str]) -> None:
    objects = [{**ray_cluster(), "metadata": {**ray_cluster()["metadata"], "name": name}} for name in clusters]
    made = [policy for each in objects for policy in generated(PLATFORM, EVERYTHING, each)]
    made += [policy for name in jobs for policy in generated(PLATFORM, EVERYTHING, ray_job(name=name))]
    names = [policy["metadata"]["name"] for policy in made]

    assert 2 * len(clusters) + len(jobs) == len(names) == len(set(names) - set(STATIC))
