"""Kinds that open the network beside NetworkPolicy and Ingress."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rayfence.model.config import Administrators, Allow, Exposure, Platform
from rayfence.model.network_kinds import plural
from rayfence.model.subjects import CREATE, NETWORK_KINDS, UPDATE, Resource, subject_of
from rayfence.rules import restrict_network_kinds
from rayfence.rules.restrict_network_kinds import MADE
from rayfence.workload import NOBODY, Request, Workload

from .objects import PLATFORM, TEAM_A, Json

ID = restrict_network_kinds.ID
OPEN = Platform(exposure=Exposure(ingress=True))
NOTHING = Allow()
OPERATOR = Request(PLATFORM.operator.username)
RESOURCES = {each.kind_in_group: each for each in NETWORK_KINDS.resources}


def of(resource: Resource, version: str = "") -> Json:
    api_version = f"{resource.group}/{version or resource.version}"
    return {"apiVersion": api_version, "kind": resource.kind, "metadata": {"name": "one", "namespace": "ray-a"}}


def refused(value: Json, allow: Allow = NOTHING, platform: Platform = PLATFORM, request: Request = NOBODY) -> list[str]:
    tenant = replace(TEAM_A, allow=allow)
    return [str(each.path) for each in restrict_network_kinds.violations(Workload(value, request), tenant, platform)]


@pytest.mark.parametrize("name", RESOURCES)
def test_every_kind_is_refused_unless_it_is_listed(name: str) -> None:
    value = of(RESOURCES[name])

    assert ["kind"] == refused(value)
    assert ["kind"] == refused(value, Allow(exposure_kinds=tuple(each for each in RESOURCES if each != name)))
    assert [] == refused(value, Allow(exposure_kinds=(name,)))


def test_every_version_of_a_kind_is_meant() -> None:
    value = of(RESOURCES["HTTPRoute.gateway.networking.k8s.io"], "v7beta2")

    assert NETWORK_KINDS is subject_of(value["apiVersion"], value["kind"])
    assert ["kind"] == refused(value)


def test_what_the_platform_lists_holds_for_who_has_no_list() -> None:
    platform = Platform(allow=Allow(exposure_kinds=("Route.route.openshift.io",)))
    value = of(RESOURCES["Route.route.openshift.io"])

    assert [] == refused(value, platform=platform)
    assert ["kind"] == refused(value, Allow(exposure_kinds=()), platform)


@pytest.mark.parametrize("name", MADE)
def test_kuberay_makes_what_the_platform_lets_a_ray_object_ask_for(name: str) -> None:
    value = of(RESOURCES[name])

    assert [] == refused(value, platform=OPEN, request=OPERATOR)
    assert ["kind"] == refused(value, request=OPERATOR)
    assert ["kind"] == refused(value, platform=OPEN)


def test_kuberay_makes_no_other_kind() -> None:
    assert ["kind"] == refused(of(RESOURCES["HTTPProxy.projectcontour.io"]), platform=OPEN, request=OPERATOR)


def test_administrators_may_and_so_may_who_takes_off_a_finalizer() -> None:
    value = of(RESOURCES["CiliumNetworkPolicy.cilium.io"])
    admin = Platform(administrators=Administrators(groups=("admins",), users=("jo",)))
    tidying = "system:serviceaccount:kube-system:generic-garbage-collector"

    assert [] == refused(value, platform=admin, request=Request("jo"))
    assert [] == refused(value, platform=admin, request=Request("x", ("admins",)))
    assert [] == refused(value, request=Request(tidying, operation=UPDATE))
    assert ["kind"] == refused(value, request=Request(tidying, operation=CREATE))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Gateway", "gateways"),
        ("HTTPProxy", "httpproxies"),
        ("ServiceEntry", "serviceentries"),
        ("RouterAccess", "routeraccesses"),
        ("IngressRouteTCP", "ingressroutetcps"),
        ("ServiceExport", "serviceexports"),
    ],
)
def test_a_kind_has_its_name_in_the_paths_of_the_api(kind: str, expected: str) -> None:
    assert expected == plural(kind)
