"""What Services, Ingresses and Gateways may open to the outside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Allow, Exposure, Platform
from rayfence.rules import restrict_exposure
from rayfence.rules.shared.opening_marks import FAMILIES
from rayfence.workload import Malformed

from .objects import HEAD, PLATFORM, TEAM_A, Json, broken, cluster, cron_job, job, service, told

ID = restrict_exposure.ID
OPEN = Platform(exposure=Exposure(load_balancer=True, node_port=True, ingress=True))
BALANCED = Platform(exposure=Exposure(load_balancer=True))
SNIPPET = {"nginx.ingress.kubernetes.io/configuration-snippet": "return 200;"}


def with_head(**fields: Any) -> Json:
    """A RayCluster whose head has these fields."""
    value = cluster()
    value["spec"]["headGroupSpec"] |= fields
    return value


def with_head_service(**spec: Any) -> Json:
    return with_head(headService={"spec": spec})


def bare(kind: str, **spec: Any) -> Json:
    """A Service or an Ingress in a namespace of team-a."""
    version = "v1" if kind == "Service" else "networking.k8s.io/v1"
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "one", "namespace": "ray-a"}, "spec": spec}


def upgraded(**options: Any) -> Json:
    """A RayService that is upgraded step by step."""
    value = service(cluster())
    strategy = {"type": "NewClusterWithIncrementalUpgrade", "clusterUpgradeOptions": options}
    value["spec"]["upgradeStrategy"] = strategy
    return value


def annotated(value: Json, annotations: Any) -> Json:
    return value | {"metadata": value["metadata"] | {"annotations": annotations}}


def marked(place: str, key: str) -> Json:
    """A RayService with a mark on one of its Services, or on its head's."""
    value = service(cluster())
    steps = ["spec", *place.split(".")]
    target = value
    for step in steps:
        target = target.setdefault(step, {})
    target[key] = "true"
    return value


def places(value: Json, platform: Platform = PLATFORM) -> list[str]:
    found = broken(restrict_exposure, value, TEAM_A, platform)
    assert all(each.startswith(f"[{ID}] ") for each in found)
    return [each.removeprefix(f"[{ID}] ") for each in found]


@pytest.mark.parametrize("written", [None, "", "ClusterIP"], ids=repr)
def test_services_inside_the_cluster_are_free(written: Any) -> None:
    assert [] == places(with_head(serviceType=written))
    assert [] == places(with_head_service(type=written, clusterIP="None"))
    assert [] == places(bare("Service", type=written, ports=[{"port": 8000}]))


@pytest.mark.parametrize(
    "written", ["LoadBalancer", "NodePort", "ExternalName", "loadbalancer", "*", 5, True, {}], ids=repr
)
def test_every_other_type_is_refused_wherever_it_is_written(written: Any) -> None:
    assert [f"{HEAD}.serviceType"] == places(with_head(serviceType=written))
    assert [f"{HEAD}.headService.spec.type"] == places(with_head_service(type=written))
    assert ["spec.type"] == places(bare("Service", type=written))


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (job, "spec.rayClusterSpec"),
        (service, "spec.rayClusterConfig"),
        (cron_job, "spec.jobTemplate.rayClusterSpec"),
    ],
    ids=["RayJob", "RayService", "RayCronJob"],
)
def test_every_kind_has_its_head_looked_at(make: Any, path: str) -> None:
    assert [f"{path}.headGroupSpec.serviceType"] == places(make(with_head(serviceType="NodePort")))
    assert [f"{path}.headGroupSpec.enableIngress"] == places(make(with_head(enableIngress=True)))


def test_a_service_for_applications_is_looked_at() -> None:
    value = service(cluster())
    value["spec"]["serveService"] = {"spec": {"type": "LoadBalancer", "externalIPs": ["203.0.113.7"]}}

    assert ["spec.serveService.spec.type", "spec.serveService.spec.externalIPs"] == places(value)


def test_only_a_rayservice_has_a_service_for_applications_and_a_gateway() -> None:
    decoys = {
        "serveService": {"spec": {"type": "LoadBalancer"}},
        "upgradeStrategy": {"clusterUpgradeOptions": {"gatewayClassName": "outside"}},
    }

    assert [] == places(cluster(**decoys))
    assert [] == places(job(cluster(), **decoys))


def test_a_job_on_anothers_cluster_opens_nothing() -> None:
    assert [] == places(job(None, clusterSelector={"ray.io/cluster": "shared"}))


@pytest.mark.parametrize("platform", [PLATFORM, OPEN], ids=["closed", "open"])
@pytest.mark.parametrize(
    ("field", "value"),
    [("externalIPs", ["203.0.113.7"]), ("externalIPs", "203.0.113.7"), ("externalName", "head.other.svc")],
    ids=str,
)
def test_other_addresses_and_names_are_never_taken(field: str, value: Any, platform: Platform) -> None:
    assert [f"{HEAD}.headService.spec.{field}"] == places(with_head_service(**{field: value}), platform)
    assert [f"spec.{field}"] == places(bare("Service", **{field: value}), platform)


@pytest.mark.parametrize("platform", [PLATFORM, OPEN], ids=["closed", "open"])
def test_a_service_is_never_a_name_outside(platform: Platform) -> None:
    assert ["spec.type"] == places(bare("Service", type="ExternalName"), platform)


@pytest.mark.parametrize("field", ["loadBalancerIP", "loadBalancerClass", "loadBalancerSourceRanges"])
def test_what_belongs_to_a_load_balancer_goes_with_it(field: str) -> None:
    value = bare("Service", **{field: ["203.0.113.0/24"] if field.endswith("Ranges") else "x"})

    assert [f"spec.{field}"] == places(value)
    assert [] == places(value, BALANCED)


@pytest.mark.parametrize("empty", [None, "", []], ids=repr)
def test_what_is_left_empty_is_left_out(empty: Any) -> None:
    fields = dict.fromkeys(["externalIPs", "externalName", "loadBalancerIP", "loadBalancerSourceRanges"], empty)

    assert [] == places(bare("Service", **fields))


@pytest.mark.parametrize("port", [30800, "30800", True, False, -1], ids=repr)
def test_a_port_of_nodes_is_chosen_by_nobody_who_may_not_open_it(port: Any) -> None:
    value = bare("Service", ports=[{"port": 8265}, {"port": 8000, "nodePort": port}])

    assert ["spec.ports[1].nodePort"] == places(value)
    assert [] == places(value, BALANCED)


@pytest.mark.parametrize("port", [None, 0], ids=repr)
def test_no_port_of_nodes_is_free(port: Any) -> None:
    assert [] == places(bare("Service", ports=[{"port": 8000, "nodePort": port}, None]))


@pytest.mark.parametrize(
    ("exposure", "allowed"),
    [
        (Exposure(), {"ClusterIP"}),
        (Exposure(node_port=True), {"ClusterIP", "NodePort"}),
        (Exposure(load_balancer=True), {"ClusterIP", "LoadBalancer"}),
        (Exposure(load_balancer=True, node_port=True), {"ClusterIP", "NodePort", "LoadBalancer"}),
    ],
    ids=["nothing", "NodePort", "LoadBalancer", "both"],
)
def test_the_platform_opens_each_type_on_its_own(exposure: Exposure, allowed: set[str]) -> None:
    every = {"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"}
    platform = replace(PLATFORM, exposure=exposure)

    assert allowed == {each for each in every if [] == places(bare("Service", type=each), platform)}


def test_an_ingress_is_refused_unless_the_platform_allows_it() -> None:
    assert ["kind"] == places(bare("Ingress"))
    assert [] == places(bare("Ingress"), OPEN)


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ({"enableIngress": True}, "enableIngress"),
        ({"enableIngress": "true"}, "enableIngress"),
        ({"enableIngress": 0}, "enableIngress"),
        ({"ingressOptions": {"host": "ray.example.com"}}, "ingressOptions"),
        ({"ingressOptions": "x"}, "ingressOptions"),
    ],
    ids=str,
)
def test_so_is_one_that_the_operator_would_make(head: Json, field: str) -> None:
    assert [f"{HEAD}.{field}"] == places(with_head(**head))
    assert [] == places(with_head(**head), OPEN)


@pytest.mark.parametrize("head", [{"enableIngress": False}, {"enableIngress": None, "ingressOptions": {}}], ids=str)
def test_an_ingress_that_is_turned_off_is_none(head: Json) -> None:
    assert [] == places(annotated(with_head(**head), SNIPPET))


def test_so_is_the_gateway_of_a_stepwise_upgrade() -> None:
    value = upgraded(gatewayClassName="outside", stepSizePercent=10)

    assert ["spec.upgradeStrategy.clusterUpgradeOptions.gatewayClassName"] == places(value)
    assert [] == places(value, OPEN)
    assert [] == places(upgraded(gatewayClassName=""))


@pytest.mark.parametrize(
    "key",
    [
        "nginx.ingress.kubernetes.io/configuration-snippet",
        "nginx.ingress.kubernetes.io/server-snippet",
        "nginx.org/location-snippets",
        "haproxy.org/backend-config-snippet",
        "haproxy-ingress.github.io/config-backend",
        "zalando.org/skipper-filter",
        "zalando.org/skipper-predicate",
        "zalando.org/skipper-routes",
    ],
)
def test_no_ingress_brings_configuration_of_its_controller(key: str) -> None:
    for value in (with_head(enableIngress=True), bare("Ingress")):
        assert ["metadata.annotations"] == places(annotated(value, {"app": "x", key: "y"}), OPEN)


@pytest.mark.parametrize("annotations", [None, "x", {"nginx.ingress.kubernetes.io/rewrite-target": "/"}], ids=str)
def test_other_annotations_of_an_ingress_are_free(annotations: Any) -> None:
    assert [] == places(annotated(with_head(enableIngress=True), annotations), OPEN)


def test_annotations_that_reach_no_ingress_are_free() -> None:
    assert [] == places(annotated(cluster(), SNIPPET))
    assert [] == places(annotated(bare("Service"), SNIPPET))


def test_a_list_for_a_map_has_no_reading() -> None:
    with pytest.raises(Malformed, match=r"^spec: a list"):
        places(bare("Service") | {"spec": []})


def test_people_read_what_is_there_and_what_is_allowed() -> None:
    (type_,) = told(restrict_exposure, with_head(serviceType="LoadBalancer"))
    ports, ingress = told(
        restrict_exposure, with_head(headService={"spec": {"ports": [{"nodePort": 30800}]}}, enableIngress=True)
    )
    (*_, snippet) = told(restrict_exposure, annotated(bare("Ingress"), SNIPPET))

    assert "is LoadBalancer, must be ClusterIP" == type_
    assert "is 30800, must be left out, the platform opens no ports of nodes" == ports
    assert ingress.endswith("the platform allows none")
    assert snippet.endswith("take out nginx.ingress.kubernetes.io/configuration-snippet")


MARKS = [
    "rayClusterConfig.headServiceAnnotations",
    "rayClusterConfig.headGroupSpec.headService.metadata.annotations",
    "rayClusterConfig.headGroupSpec.headService.metadata.labels",
    "serveService.metadata.annotations",
    "serveService.metadata.labels",
]


@pytest.mark.parametrize("place", MARKS)
def test_what_opens_a_service_is_refused_wherever_kuberay_takes_it_from(place: str) -> None:
    assert [f"spec.{place}"] == places(marked(place, "tailscale.com/expose"))
    assert [] == places(marked(place, "tailscale.community/expose"))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_refused_on_a_service_unless_it_is_listed(family: str) -> None:
    key = family.replace("*", "x")
    listed = Platform(allow=Allow(exposure_annotations=(family,)))
    value = annotated(bare("Service"), {key: "true"})

    assert ["metadata.annotations"] == places(value)
    assert [] == places(value, listed)
    assert ["metadata.annotations"] == places(value, Platform(allow=Allow(exposure_annotations=(f"{key}x",))))


def test_labels_of_a_service_are_looked_at_and_those_of_other_kinds_are_not() -> None:
    value = bare("Service")
    value["metadata"]["labels"] = {"istio.io/global": "true"}
    own = cluster()
    own["metadata"]["labels"] |= {"istio.io/global": "true"}

    assert ["metadata.labels"] == places(value)
    assert [] == places(own)
    assert ["kind"] == places(annotated(bare("Ingress"), {"external-dns.alpha.kubernetes.io/hostname": "x"}))


def test_people_read_which_keys_to_take_out() -> None:
    value = annotated(bare("Service"), {"tailscale.com/expose": "true", "app": "x", "skupper.io/proxy": "tcp"})
    (message,) = told(restrict_exposure, value)

    assert message.endswith("take out tailscale.com/expose, skupper.io/proxy")
