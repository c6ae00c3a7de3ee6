"""What asks KubeRay for a cluster's isolation where its author did not: in Python, and by the real engine."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

import pytest

from rayfence import kyverno, yamlio
from rayfence.backends import BACKENDS, clusterpolicy, validatingpolicy
from rayfence.gotool import KYVERNO, find
from rayfence.model.config import Bounds, Config, Container, Enforcement, Mode, Network, Platform, Provider, Tenant
from rayfence.network import filled
from rayfence.network.tables import FILLING as NAME
from rayfence.network.tables import MAX_ROWS

Json = dict[str, Any]

BOUNDS = Container(Bounds("1", "8"), Bounds("1Gi", "8Gi"))
FILES = {clusterpolicy.NAME, validatingpolicy.NAME}


def tenant(name: str, *namespaces: str, provider: Provider = Provider.KUBERAY, **network: Any) -> Tenant:
    return Tenant(name, namespaces, BOUNDS, network=Network(provider=provider, **network))


CONFIG = Config(
    Platform(),
    (
        tenant("1e3", "1e3", mode=Mode.DENY_ALL_EGRESS),
        tenant("audited", "ray-audited", enforce=False),
        tenant("rayfence", "ray-own", provider=Provider.RAYFENCE),
        tenant("team-a", "ray-a", "ray-a-dev"),
        tenant("team-b", "ray-b", mode=Mode.DENY_ALL_INGRESS),
    ),
)

PLACES: dict[str, tuple[str, ...]] = {
    "RayCluster": ("spec",),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayService": ("spec", "rayClusterConfig"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
}
CLUSTER = {"rayVersion": "2.9.0", "workerGroupSpecs": [{"groupName": "no", "replicas": 1, "minReplicas": None}]}


def ray(kind: str, cluster: Any = CLUSTER, namespace: str = "ray-a", **fields: Any) -> Json:
    """A Ray object with this cluster in its place; `fields` replace what stands at the top."""
    inner = deepcopy(cluster)
    for step in reversed(PLACES[kind]):
        inner = {step: inner}
    metadata = {
        "namespace": namespace,
        "labels": {"tenant": "{{ mode }}"},
        "annotations": {"x": "{{ request.object }}"},
    }
    return {"apiVersion": "ray.io/v1", "kind": kind, "metadata": metadata, **inner, **fields}


def asking(mode: str) -> Json:
    return {**CLUSTER, "networkPolicy": {"mode": mode}}


BOTH: dict[str, tuple[Json, Json]] = {
    **{f"a {kind}": (ray(kind), ray(kind, asking("DenyAll"))) for kind in PLACES},
    "the second namespace": (ray("RayJob", namespace="ray-a-dev"), ray("RayJob", asking("DenyAll"), "ray-a-dev")),
    "another mode": (ray("RayCluster", namespace="ray-b"), ray("RayCluster", asking("DenyAllIngress"), "ray-b")),
    "a name like a number": (ray("RayService", namespace="1e3"), ray("RayService", asking("DenyAllEgress"), "1e3")),
    "null": (ray("RayCluster", {**CLUSTER, "networkPolicy": None}), ray("RayCluster", asking("DenyAll"))),
    "an empty cluster": (ray("RayJob", {}), ray("RayJob", {"networkPolicy": {"mode": "DenyAll"}})),
    "another kind's field as a decoy": (
        ray("RayCluster", {**CLUSTER, "rayClusterSpec": asking("DenyAll")}),
        ray("RayCluster", {**asking("DenyAll"), "rayClusterSpec": asking("DenyAll")}),
    ),
}
LEFT_ALONE: dict[str, Json] = {
    **{f"a {kind} that asks": ray(kind, asking("DenyAll")) for kind in PLACES},
    **{f"a {kind} that asks for another mode": ray(kind, asking("DenyAllIngress")) for kind in PLACES},
    **{f"a {kind} without a mode": ray(kind, {**CLUSTER, "networkPolicy": {}}) for kind in PLACES},
    **{f"a {kind} of another tenant": ray(kind, namespace="ray-own") for kind in PLACES},
    **{f"a {kind} that is older": ray(kind, apiVersion="ray.io/v1alpha1") for kind in PLACES if kind != "RayCronJob"},
    **{f"a {kind} in a namespace that nobody has": ray(kind, namespace="elsewhere") for kind in PLACES},
    "rules without a mode": ray("RayCluster", {"networkPolicy": {"head": {"ingressRules": []}}}),
    "a tenant without the layer": ray("RayCluster", namespace="ray-audited"),
    "a namespace with a suffix": ray("RayCluster", namespace="ray-a-evil"),
    "no spec": {key: value for key, value in ray("RayCluster").items() if key != "spec"},
    "a spec that is text": ray("RayCluster", spec="x"),
    "a job on a cluster that is there": ray("RayJob", spec={"clusterSelector": {"ray.io/cluster": "one"}}),
    "a job with null for a cluster": ray("RayJob", None),
    "a service without a cluster": ray("RayService", spec={"rayClusterSpec": CLUSTER}),
    "a cron job without a job": ray("RayCronJob", spec={"rayClusterSpec": CLUSTER}),
}


def named(title: str, value: Json) -> Json:
    """Under a name of its own, which the engine needs."""
    name = "".join(
        character for character in title.lower().replace(" ", "-") if character.isalnum() or character == "-"
    )
    return {**value, "metadata": {**value["metadata"], "name": name}}


BEFORE = {title: named(title, value) for title, (value, _) in BOTH.items()} | {
    title: named(title, value) for title, value in LEFT_ALONE.items()
}
AFTER = {title: named(title, value) for title, (_, value) in BOTH.items()} | {
    title: BEFORE[title] for title in LEFT_ALONE
}


def policies(backend: str, config: Config = CONFIG) -> str:
    return yamlio.dump(BACKENDS[backend].files(config)[f"{NAME}.yaml"])


def applied(policies: str) -> dict[str, Any]:
    """What the engine makes of every object, by its title; one that it does not write it left alone."""
    values = list(BEFORE.values())
    written, loaded = kyverno.apply(find(KYVERNO, print).path, policies, values)
    assert 1 == loaded
    made = {(each["kind"], each["metadata"]["name"]): each for each in written}
    return {title: made.get((value["kind"], value["metadata"]["name"]), value) for title, value in BEFORE.items()}


@pytest.mark.parametrize("title", BEFORE)
def test_in_python_the_field_is_filled_in_where_it_is_missing_and_nowhere_else(title: str) -> None:
    owner = CONFIG.by_namespace().get(BEFORE[title]["metadata"]["namespace"])
    before = deepcopy(BEFORE[title])

    assert AFTER[title] == filled(owner, before)
    assert BEFORE[title] == before


@pytest.fixture(scope="module", params=sorted(FILES))
def by_engine(request: pytest.FixtureRequest) -> Mapping[str, Any]:
    return applied(policies(request.param))


@pytest.mark.engine
@pytest.mark.parametrize("title", BEFORE)
def test_the_engine_fills_in_the_same_and_changes_nothing_else(title: str, by_engine: Mapping[str, Any]) -> None:
    assert AFTER[title] == by_engine[title]


SABOTAGE = {
    clusterpolicy.NAME: [
        ("ray-b: DenyAllIngress", "ray-b: DenyAll"),
        ("ray-a-dev: DenyAll\n", "ray-a-evil: DenyAll\n"),
        ("- ray.io/v1/RayJob", "- ray.io/v1/RayJobb"),
        ("- ray.io/v1/RayCluster", "- ray.io/v1alpha1/RayCluster"),
        ("type(request.object.spec.networkPolicy) == 'null'", "type(request.object.spec.networkPolicy) != 'null'"),
        ("mode != ''", "mode == ''"),
    ],
    validatingpolicy.NAME: [
        ("'ray-b': 'DenyAllIngress'", "'ray-b': 'DenyAll'"),
        ("'ray-a-dev': 'DenyAll'", "'ray-a-evil': 'DenyAll'"),
        ("- rayjobs", "- rayjobbs"),
        ("object.apiVersion == 'ray.io/v1'", "object.apiVersion != 'ray.io/v1'"),
        ("cluster.?networkPolicy.orValue(null) == null", "true"),
        ("op: 'add'", "op: 'test'"),
    ],
}


@pytest.mark.engine
@pytest.mark.parametrize(
    ("backend", "right", "wrong"),
    [(backend, *fault) for backend, faults in SABOTAGE.items() for fault in faults],
)
def test_a_policy_with_a_fault_in_it_is_noticed(backend: str, right: str, wrong: str) -> None:
    text = policies(backend)
    assert right in text, "the fault fits nowhere"

    assert AFTER != applied(text.replace(right, wrong))


@pytest.mark.parametrize("backend", BACKENDS)
def test_there_is_a_policy_only_where_kuberay_isolates_somebodys_clusters(backend: str) -> None:
    own = Config(Platform(), tuple(each for each in CONFIG.tenants if not each.network.required_mode))

    assert [] == list(BACKENDS[backend].files(own).get(f"{NAME}.yaml", []))
    assert (backend in FILES) is bool(BACKENDS[backend].files(CONFIG).get(f"{NAME}.yaml"))


@pytest.mark.parametrize("backend", sorted(FILES))
@pytest.mark.slow
def test_a_thousand_namespaces_are_a_few_policies(backend: str) -> None:
    names = [f"ray-{number}" for number in range(2 * MAX_ROWS + 1)]
    found = BACKENDS[backend].files(Config(Platform(), (tenant("many", *names),)))[f"{NAME}.yaml"]

    assert [NAME, f"{NAME}-2", f"{NAME}-3"] == [each["metadata"]["name"] for each in found]
    assert 100_000 > max(len(yamlio.dump([each])) for each in found)


def test_a_tenant_that_is_only_audited_is_not_asked_for_anything() -> None:
    audited = Tenant("team-c", ("ray-c",), BOUNDS, Enforcement.AUDIT, network=Network(False, Provider.KUBERAY))

    assert filled(audited, ray("RayCluster", namespace="ray-c")) == ray("RayCluster", namespace="ray-c")
