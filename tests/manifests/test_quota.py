"""What a namespace may hold in all, and that a tenant's file is what the dumper would write, only sooner."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence import yamlio
from rayfence.manifests.quota import ACCELERATORS, NAME, POD_AFFINITY, resource_quotas
from rayfence.manifests.tenant_file import tenant_file, tenant_objects
from rayfence.model.config import (
    ApiServer,
    Bounds,
    Container,
    Dns,
    Enforcement,
    Mode,
    Network,
    Peer,
    Platform,
    Quota,
    RoleRules,
    Scope,
    Tenant,
)
from rayfence.network.policy import Manifest

TEAM = Tenant("team-a", ("ray-b", "ray-a"), Container(Bounds("1", "8"), Bounds("1Gi", "8Gi")))
PLATFORM = Platform()


def quotas_named(name: str, tenant: Tenant) -> list[Manifest]:
    return [quota for quota in resource_quotas(tenant) if quota["metadata"]["name"] == name]


def hard(quota: Quota) -> dict[str, str]:
    limits: dict[str, str] = quotas_named(NAME, replace(TEAM, namespace_quota=quota))[0]["spec"]["hard"]
    return limits


def test_without_a_namespace_quota_there_is_none() -> None:
    assert [] == quotas_named(NAME, TEAM)


def test_no_pod_names_namespaces_in_its_affinity() -> None:
    quotas = quotas_named(POD_AFFINITY, TEAM)
    across = {"matchExpressions": [{"operator": "Exists", "scopeName": "CrossNamespacePodAffinity"}]}

    assert ["ray-a", "ray-b"] == [quota["metadata"]["namespace"] for quota in quotas]
    assert [{"hard": {"pods": "0"}, "scopeSelector": across}] * 2 == [quota["spec"] for quota in quotas]


@pytest.mark.parametrize("enforcement", [Enforcement.AUDIT, Enforcement.WARN])
def test_a_quota_refuses_nothing_that_the_rules_only_report(enforcement: Enforcement) -> None:
    assert [] == resource_quotas(replace(TEAM, enforcement=enforcement))


def test_every_namespace_gets_the_whole_quota() -> None:
    quotas = quotas_named(NAME, replace(TEAM, namespace_quota=Quota(cpu="64")))

    assert ["ray-a", "ray-b"] == [quota["metadata"]["namespace"] for quota in quotas]
    assert quotas[0]["spec"] == quotas[1]["spec"]


def test_a_quota_bounds_limits_and_pods_as_text() -> None:
    limits = hard(Quota(cpu="64", memory="256Gi", workers=16, accelerators=4))

    accelerators = {f"requests.{name}": "4" for name in ACCELERATORS}
    assert {"limits.cpu": "64", "limits.memory": "256Gi", "pods": "16"} | accelerators == limits


def test_what_is_left_out_is_unlimited_but_for_accelerators() -> None:
    assert {f"requests.{name}": "0" for name in ACCELERATORS} == hard(Quota())


def test_no_workers_is_a_limit() -> None:
    assert "0" == hard(Quota(workers=0))["pods"]


def test_an_object_is_labelled_for_pruning() -> None:
    for quota in resource_quotas(replace(TEAM, namespace_quota=Quota())):
        labels = quota["metadata"]["labels"]

        assert {"app.kubernetes.io/managed-by": "rayfence", "rayfence.dev/tenant": "team-a"} == labels


NAMESPACES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
# What reads as another type unquoted is a name too.
TENANT_NAMES = st.sampled_from(["1000", "1k", "1e3", "0x10", "no", "null", "2026-11-22"]) | st.from_regex(
    r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", fullmatch=True
)
RULES = st.lists(
    st.sampled_from(
        [
            {"from": [{"podSelector": {"matchLabels": {"slot": "@tenant@"}}}]},
            {"from": [{"podSelector": {"matchLabels": {"@namespace@": "@peer000000@"}}}]},
            {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}], "ports": [{"port": 443}]},
        ]
    ),
    max_size=2,
).map(tuple)
NETWORKS = st.builds(
    Network,
    enforce=st.booleans(),
    mode=st.sampled_from(Mode),
    scope=st.sampled_from(Scope),
    ports=st.lists(st.integers(1, 65535), max_size=3).map(tuple),
    head=st.builds(RoleRules, RULES, RULES),
    worker=st.builds(RoleRules, RULES, RULES),
)
AMOUNTS = st.none() | st.sampled_from(["1", "1k", "1e3", "500m", "8Gi"])
QUOTAS = st.builds(Quota, AMOUNTS, AMOUNTS, st.integers(0, 9), st.none() | st.integers(0, 9))
TENANTS = st.builds(
    Tenant,
    TENANT_NAMES,
    st.lists(NAMESPACES, min_size=1, max_size=12, unique=True).map(tuple),
    st.just(TEAM.container),
    st.sampled_from(Enforcement),
    network=NETWORKS,
    namespace_quota=st.none() | QUOTAS,
)
DNS_PODS = st.builds(Peer, st.just("kube-system"), st.dictionaries(st.just("k8s-app"), st.just("dns"), max_size=1))
PLATFORMS = st.builds(
    Platform,
    dns=st.builds(Dns, DNS_PODS, st.lists(st.just("169.254.20.10/32"), max_size=1).map(tuple)),
    monitoring=st.none() | NAMESPACES,
    api_server=st.builds(ApiServer, st.lists(st.just("10.0.0.1/32"), max_size=1).map(tuple)),
)


@pytest.mark.slow
@settings(deadline=None)
@given(PLATFORMS, TENANTS)
def test_a_file_is_what_the_dumper_makes_of_its_objects(platform: Platform, tenant: Tenant) -> None:
    assert yamlio.dump(tenant_objects(platform, tenant)) == tenant_file(platform, tenant)


@pytest.mark.slow
@settings(deadline=None)
@given(PLATFORMS, TENANTS)
def test_a_file_reads_back_as_its_objects_in_order_of_namespace_and_name(platform: Platform, tenant: Tenant) -> None:
    documents = [document.value for document in yamlio.read(tenant_file(platform, tenant), "tenant.yaml")]

    assert tenant_objects(platform, tenant) == documents
    order = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in documents]
    assert sorted(set(order)) == order


@pytest.mark.parametrize("platforms", [(PLATFORM, Platform(monitoring=None)), (Platform(monitoring=None), PLATFORM)])
def test_tenants_of_one_shape_on_two_platforms_are_kept_apart(platforms: tuple[Platform, Platform]) -> None:
    files = [tenant_file(platform, TEAM) for platform in platforms]

    assert [yamlio.dump(tenant_objects(platform, TEAM)) for platform in platforms] == files
    assert files[0] != files[1]


def test_a_tenant_with_neither_layer_nor_quota_has_an_empty_file() -> None:
    watched = replace(TEAM, enforcement=Enforcement.AUDIT, network=Network(enforce=False))

    assert "" == tenant_file(PLATFORM, watched)
