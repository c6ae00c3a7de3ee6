"""Where the real scheduler puts the pods of admitted RayClusters, and where they would go were a rule not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest
from controlplane import access
from controlplane.client import Client
from controlplane.processes import until

from rayfence import admission
from rayfence.cases.good import good, ray_cluster, ray_object
from rayfence.model.config import Config, Tenant
from rayfence.model.subjects import PODS
from rayfence.workload import KINDS, Workload

from .bundled import Bundled
from .conftest import NATIVE

pytestmark = pytest.mark.native
"""Needs nothing but the API server; that backends say the same is shown elsewhere."""

OPERATOR = "system:serviceaccount:kuberay-operator:kuberay-operator"
SECONDS_TO_SCHEDULE = 30
ROOM = {"cpu": "1000", "memory": "4Ti", "pods": "1000", "nvidia.com/gpu": "16"}


@pytest.fixture(scope="module")
def nodes(admin: Client, config: Config) -> Iterator[dict[str, set[str]]]:
    """Whose a node is -> names: two tainted ones for each tenant, and one for everybody, under ''."""
    found = {each.name: {f"{each.name}-0", f"{each.name}-1"} for each in config.tenants} | {"": {"for-everybody"}}
    for owner, names in found.items():
        for name in names:
            add_node(admin, name, label=owner, taint=owner)
    yield found
    for name in (name for names in found.values() for name in names):
        admin.delete(node(name))


@pytest.fixture
def operator(admin: Client, config: Config) -> Client:
    """KubeRay's account, which makes pods of what was admitted."""
    for namespace in config.by_namespace():
        access.let_edit(admin, [namespace], [OPERATOR, "rayfence-e2e-tenant"])
    return admin.as_user(OPERATOR)


def node(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}


def add_node(admin: Client, name: str, *, label: str, taint: str) -> None:
    """A node that is ready, as a kubelet would say; pods on it never run, for there is none."""
    value = node(name)
    value["metadata"]["labels"] = {"kubernetes.io/os": "linux", **({"tenant": label} if label else {})}
    value["spec"] = {"taints": [{"key": "tenant", "value": taint, "effect": "NoSchedule"}] if taint else []}
    admin.create(value).or_raise()
    ready = {"type": "Ready", "status": "True", "reason": "Test", "message": "", "lastHeartbeatTime": None}
    status = {"capacity": ROOM, "allocatable": ROOM, "conditions": [ready]}
    admin.patch(value, {"status": status}, subresource="status").or_raise()
    # The server adds a taint of its own to a new node; what would take it off is not running.
    admin.patch(value, {"spec": {"taints": value["spec"]["taints"]}}).or_raise()


def pods_of(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One pod for each template, named and labelled as KubeRay does."""
    found = []
    metadata = value["metadata"]
    for number, site in enumerate(Workload(value).sites):
        labels = {"ray.io/cluster": metadata["name"], **site.template["metadata"]["labels"]}
        own = {"name": f"{metadata['name']}-{number}", "namespace": metadata["namespace"], "labels": labels}
        found.append({"apiVersion": "v1", "kind": "Pod", "metadata": own, "spec": deepcopy(site.spec)})
    return found


def landed(admin: Client, pod: Mapping[str, Any]) -> str:
    """The node a pod was put on, '' where the scheduler says that none will do."""

    def decided() -> list[str] | None:
        now = admin.get(pod).or_raise()
        if name := now["spec"].get("nodeName"):
            return [name]
        conditions = now.get("status", {}).get("conditions", [])
        return [""] if any(each.get("reason") == "Unschedulable" for each in conditions) else None

    return until(f"the scheduler decides on {pod['metadata']['name']}", decided, SECONDS_TO_SCHEDULE)[0]


def put(client: Client, admin: Client, pod: dict[str, Any]) -> str:
    """Where a pod lands; it is gone afterwards."""
    client.create(pod).or_raise()
    try:
        return landed(admin, pod)
    finally:
        admin.delete(pod, gracePeriodSeconds="0").or_raise()


def refused(client: Client, pod: Mapping[str, Any]) -> set[str]:
    return set(admission.read(client.create(pod, dry_run=True).message)[0])


def test_every_pod_of_an_admitted_object_lands_on_its_tenants_nodes(
    nodes, bundled: Bundled, admin, tenant, operator, config
):
    bundled.use(NATIVE)
    found: dict[str, set[str]] = {}
    for owner in config.tenants:
        for kind in KINDS:
            value = ray_object(kind, config.platform, owner)
            value["metadata"]["name"] = f"placed-{kind.name.lower()}"
            assert tenant.create(value, dry_run=True).ok
            for pod in pods_of(value):
                found.setdefault(owner.name, set()).add(put(operator, admin, pod))

    assert {each.name for each in config.tenants} == set(found)
    assert {} == {name: places - nodes[name] for name, places in found.items() if places - nodes[name]}


def test_without_a_node_selector_a_pod_would_be_on_everybodys_node(nodes, bundled: Bundled, admin, operator, config):
    """Rule require-tenant-nodes."""
    bad = changed(config, lambda spec: spec.pop("nodeSelector"))
    full(admin, nodes["team-a"], True)
    try:
        assert nodes[""] == {placed_without_policies(bundled, admin, operator, bad)}
    finally:
        full(admin, nodes["team-a"], False)

    bundled.use(NATIVE)
    assert {"guard-pods"} == refused(operator, bad)
    assert {"require-tenant-nodes"} == refused_cluster(admin, config, lambda spec: spec.pop("nodeSelector"))


def test_without_its_toleration_a_pod_would_be_nowhere(nodes, bundled: Bundled, admin, operator, config):
    """Rule require-tenant-toleration."""
    bad = changed(config, lambda spec: spec.update(tolerations=[]))

    assert "" == placed_without_policies(bundled, admin, operator, bad)

    bundled.use(NATIVE)
    assert {"guard-pods"} == refused(operator, bad)
    assert {"require-tenant-toleration"} == refused_cluster(admin, config, lambda spec: spec.update(tolerations=[]))


def test_with_a_toleration_of_everything_a_pod_would_be_on_a_node_that_is_another_tenants_still(
    nodes, bundled: Bundled, admin, operator, config
):
    """Rule restrict-tolerations: a node on its way from team-b to team-a has the new label and the old taint."""
    bad = changed(config, lambda spec: spec["tolerations"].append({"operator": "Exists"}))
    full(admin, nodes["team-a"], True)
    add_node(admin, "on-its-way", label="team-a", taint="team-b")
    try:
        assert "on-its-way" == placed_without_policies(bundled, admin, operator, bad)
    finally:
        admin.delete(node("on-its-way"))
        full(admin, nodes["team-a"], False)

    bundled.use(NATIVE)
    assert {"guard-pods"} == refused(operator, bad)
    tolerant = refused_cluster(admin, config, lambda spec: spec["tolerations"].append({"operator": "Exists"}))
    assert {"restrict-tolerations"} == tolerant


def test_a_bare_pod_that_tolerates_another_tenant_would_be_on_its_nodes(nodes, bundled: Bundled, admin, tenant, config):
    """Rule guard-pods."""
    bad = good(PODS, config.platform, config.tenants[0])[-1]
    bad["spec"] |= {
        "nodeSelector": {"tenant": "team-b"},
        "tolerations": [{"key": "tenant", "operator": "Equal", "value": "team-b", "effect": "NoSchedule"}],
    }

    assert placed_without_policies(bundled, admin, tenant, bad) in nodes["team-b"]

    bundled.use(NATIVE)
    assert {"guard-pods", "restrict-scheduling"} == refused(tenant, bad)


def changed(config: Config, change: Any) -> dict[str, Any]:
    """The head's pod of a RayCluster of team-a, changed."""
    pod = pods_of(ray_cluster(config.platform, team_a(config)))[0]
    change(pod["spec"])
    return pod


def refused_cluster(admin: Client, config: Config, change: Any) -> set[str]:
    """The rules that a RayCluster breaks whose head is changed in the same way."""
    value = ray_cluster(config.platform, team_a(config))
    change(value["spec"]["headGroupSpec"]["template"]["spec"])
    return refused(admin, value)


def team_a(config: Config) -> Tenant:
    return next(each for each in config.tenants if each.name == "team-a")


def placed_without_policies(bundled: Bundled, admin: Client, client: Client, pod: dict[str, Any]) -> str:
    bundled.remove()
    return put(client, admin, pod)


def full(admin: Client, names: set[str], is_full: bool) -> None:
    """Whether nodes take any more pods. Not by cordoning them: that is a taint, which some pods here tolerate."""
    room = ROOM | ({"pods": "0"} if is_full else {})
    for name in names:
        admin.patch(node(name), {"status": {"allocatable": room}}, subresource="status").or_raise()
