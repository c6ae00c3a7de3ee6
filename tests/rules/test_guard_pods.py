"""A pod in a tenant's namespace (1 to 4 cpus, 2Gi to 8Gi), whoever wrote it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good
from rayfence.model.config import Config, Platform
from rayfence.model.subjects import PODS
from rayfence.rules import guard_pods
from rayfence.workload import Request, Workload

from .objects import PLATFORM, TEAM_A, Json, container, pod

ID = guard_pods.ID
PLAIN: Json = {"metadata": {}, "spec": {"containers": [{"name": "any"}]}}


def a_pod(labels: Any = None, template: Json | None = None, **spec: Any) -> Json:
    """A pod of team-a that has nothing to do with Ray; `spec` replaces or adds fields of its spec."""
    given = PLAIN if template is None else template
    metadata = given["metadata"] | {"name": "one", "namespace": "ray-a"}
    if labels is not None:
        metadata["labels"] = labels
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": given["spec"] | spec}


def ray_pod(labels: Json | None = None, **spec: Any) -> Json:
    """A pod of team-a's RayCluster."""
    given = {"ray.io/cluster": "one", "tenant": "team-a"} if labels is None else labels
    return a_pod(given, pod(), **spec)


def broken(value: Json, operation: str = "CREATE") -> list[str]:
    found = list(guard_pods.violations(Workload(value, Request(operation=operation)), TEAM_A, PLATFORM))
    assert {ID} >= {violation.rule for violation in found}
    return [str(violation.path) for violation in found]


def in_python(config: Config, value: Json, request: Request) -> list[str]:
    return [str(violation.path) for violation in Evaluator(config, request).violations(value)]


def test_pods_that_have_nothing_to_do_with_ray_need_nothing() -> None:
    assert [] == broken(a_pod())


def test_a_pod_of_a_cluster_has_all_that_keeps_it_apart() -> None:
    assert [] == broken(ray_pod())
    assert ["metadata.labels.tenant", "spec.nodeSelector.tenant", "spec.tolerations"] == broken(
        a_pod({"ray.io/cluster": "one"})
    )


@pytest.mark.parametrize("label", ["team-b", "", "Team-A", "team-a ", "*", 5, True], ids=repr)
def test_no_pod_carries_another_value_of_the_tenants_label(label: object) -> None:
    assert ["metadata.labels.tenant"] == broken(a_pod({"tenant": label}))


@pytest.mark.parametrize("labels", [{}, {"tenant": None}, {"tenant": "team-a"}, {"ray.io/cluster": None}], ids=str)
def test_without_a_cluster_the_label_may_be_the_own_one_or_none(labels: Json) -> None:
    assert [] == broken(a_pod(labels))


@pytest.mark.parametrize("cluster", ["one", "", 5], ids=repr)
def test_whoever_names_a_cluster_is_of_it(cluster: object) -> None:
    assert ["metadata.labels.tenant"] == broken(ray_pod({"ray.io/cluster": cluster}))


@pytest.mark.parametrize("selector", [None, {}, {"tenant": "team-b"}, {"zone": "a"}], ids=str)
def test_a_pod_of_a_cluster_stays_on_its_tenants_nodes(selector: object) -> None:
    assert ["spec.nodeSelector.tenant"] == broken(ray_pod(nodeSelector=selector))


def test_a_pod_that_is_made_for_a_node_would_get_past_scheduler_and_taints() -> None:
    assert ["spec.nodeName"] == broken(a_pod(nodeName="node-1"))
    assert ["spec.nodeName"] == broken(ray_pod(nodeName="node-1"))


def test_a_pod_that_the_scheduler_gave_to_a_node_may_be_updated() -> None:
    assert [] == broken(a_pod(nodeName="node-1"), operation="UPDATE")


@pytest.mark.parametrize(
    ("toleration", "place"),
    [
        ({"operator": "Exists"}, "[0].key"),
        ({"key": "", "operator": "Exists"}, "[0].key"),
        ({"key": "tenant", "operator": "Exists"}, "[0]"),
        ({"key": "tenant", "value": "team-b"}, "[0]"),
        ({"key": "tenant", "value": "team-b", "effect": "NoExecute"}, "[0]"),
    ],
    ids=str,
)
def test_no_pod_tolerates_another_tenants_taint(toleration: Json, place: str) -> None:
    assert [f"spec.tolerations{place}"] == broken(a_pod(tolerations=[toleration]))


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": "tenant", "value": "team-a"},
        {"key": "tenant", "value": "team-a", "effect": "NoExecute", "tolerationSeconds": 60},
        {"key": "nvidia.com/gpu", "operator": "Exists"},
        *(
            {"key": f"node.kubernetes.io/{name}", "operator": "Exists", "effect": effect}
            for name, effect in (
                ("not-ready", "NoExecute"),
                ("unreachable", "NoExecute"),
                ("disk-pressure", "NoSchedule"),
                ("unschedulable", "NoSchedule"),
            )
        ),
    ],
    ids=str,
)
def test_what_kubernetes_gives_to_pods_and_daemon_sets_is_fine(toleration: Json) -> None:
    assert [] == broken(a_pod(tolerations=[toleration]))


@pytest.mark.parametrize("field", ["containers", "initContainers"])
@pytest.mark.parametrize(
    ("side", "resource", "kept", "beyond"),
    [
        ("limits", "cpu", ["4", "4000m", 4, None], ["4001m", 5, "1e3", "lots", "1e999999999"]),
        ("limits", "memory", ["8Gi", "1"], ["8589934593", "9Gi"]),
        ("requests", "cpu", ["1m", "4", 0, "0"], ["4001m"]),
        ("requests", "memory", ["8Gi"], ["1E"]),
    ],
)
def test_no_container_is_above_the_maxima(
    field: str, side: str, resource: str, kept: list[Any], beyond: list[Any]
) -> None:
    def with_amount(amount: Any) -> list[str]:
        last = {"name": "last", "resources": {side: {resource: amount}}}
        return broken(a_pod(**{field: [{"name": "first"}, last]}))

    assert [[]] * len(kept) == [with_amount(amount) for amount in kept]
    assert [[f"spec.{field}[1].resources.{side}.{resource}"]] * len(beyond) == [with_amount(each) for each in beyond]


def test_nor_is_a_pod_as_a_whole() -> None:
    assert [] == broken(a_pod(resources={"limits": {"cpu": "4", "memory": "8Gi"}}))
    assert ["spec.resources.requests.cpu", "spec.resources.limits.memory"] == broken(
        a_pod(resources={"limits": {"memory": "9Gi"}, "requests": {"cpu": "5"}})
    )


@pytest.mark.parametrize("nothing", [0, "0", "0m", "0.0", "-1"], ids=repr)
def test_a_limit_of_nothing_limits_nothing(nothing: Any) -> None:
    """A container runtime reads 0 as no limit, and a ResourceQuota counts it as 0."""
    limits = {"limits": {"cpu": nothing, "memory": nothing}}

    assert ["spec.containers[0].resources.limits.cpu", "spec.containers[0].resources.limits.memory"] == broken(
        a_pod(containers=[{"name": "any", "resources": limits}])
    )
    assert ["spec.resources.limits.cpu", "spec.resources.limits.memory"] == broken(a_pod(resources=limits))


def test_a_resized_pod_stays_below_them() -> None:
    assert ["spec.containers[0].resources.limits.cpu"] == broken(
        ray_pod(containers=[container(cpu="4.5", resources={"limits": {"cpu": "4.5"}})]), operation="UPDATE"
    )


def test_an_ephemeral_container_needs_no_resources_and_is_hardened() -> None:
    debugger = {"name": "debugger", "securityContext": {"capabilities": {"add": ["SYS_PTRACE"]}}}

    assert [] == broken(a_pod(ephemeralContainers=[{"name": "debugger"}]), operation="UPDATE")
    assert ["spec.ephemeralContainers[0].securityContext.capabilities.add[0]"] == broken(
        a_pod(ephemeralContainers=[debugger]), operation="UPDATE"
    )


def test_every_pod_keeps_to_the_baseline() -> None:
    value = a_pod(hostNetwork=True, volumes=[{"name": "node", "hostPath": {"path": "/"}}])

    assert ["spec.hostNetwork", "spec.volumes[0].hostPath"] == broken(value)


def test_pods_are_hardened_by_this_rule_where_the_other_one_is_disabled() -> None:
    off = Config(Platform(disabled_rules=("restrict-pod-security",)), (TEAM_A,))

    assert ["spec.hostPID"] == in_python(off, a_pod(hostPID=True), Request())


def test_nothing_is_guarded_where_this_rule_is_disabled() -> None:
    off = Config(Platform(disabled_rules=("guard-pods",)), (TEAM_A,))

    assert [] == in_python(off, a_pod(hostPID=True), Request())


def test_pods_outside_the_tenants_namespaces_are_nobodys_business() -> None:
    value = a_pod(hostPID=True)
    value["metadata"]["namespace"] = "kube-system"

    assert [] == in_python(Config(PLATFORM, (TEAM_A,)), value, Request())


def test_a_pod_older_than_the_policy_loses_its_finalizer() -> None:
    old = a_pod(hostPID=True)
    new = deepcopy(old)
    old["metadata"]["finalizers"] = ["batch.kubernetes.io/job-tracking"]

    assert [] == in_python(Config(PLATFORM, (TEAM_A,)), new, Request(operation="UPDATE", old=old))


def test_a_pod_older_than_the_policy_changes_beside_a_toleration_of_everything() -> None:
    old = a_pod(tolerations=[{"operator": "Exists"}])
    labelled, other = deepcopy(old), a_pod(tolerations=[{"operator": "Exists"}], hostname="other")
    labelled["metadata"]["labels"] = {"app": "x"}
    config = Config(PLATFORM, (TEAM_A,))

    assert [] == in_python(config, labelled, Request(operation="UPDATE", old=old))
    assert ["spec.tolerations[0].key"] == in_python(config, other, Request(operation="UPDATE", old=old))


def test_a_pod_of_a_cluster_cannot_drop_its_label() -> None:
    old = ray_pod()
    new = deepcopy(old)
    del new["metadata"]["labels"]["tenant"]

    assert ["metadata.labels.tenant"] == in_python(
        Config(PLATFORM, (TEAM_A,)), new, Request(operation="UPDATE", old=old)
    )


def relabelled(old: Json, new: Json, username: str = "") -> list[str]:
    request = Request(username, operation="UPDATE", old=ray_pod(old))
    return in_python(Config(PLATFORM, (TEAM_A,)), ray_pod(new), request)


OPERATOR = PLATFORM.operator.username
LABELS = {"ray.io/cluster": "one", "ray.io/node-type": "worker", "ray.io/group": "small", "ray.io/is-ray-node": "yes"}
OWN = {"tenant": "team-a"}


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("change", [{}, {"x": "two"}, {"x": ""}, {"x": None}], ids=str)
def test_a_label_by_which_kuberay_finds_a_pod_stays(label: str, change: Json) -> None:
    """KubeRay would make another pod in its place, and this one would run on uncounted."""
    kept = {key: value for key, value in LABELS.items() if key != label}
    value = change.get("x", None)
    new = kept | OWN | ({label: value} if change else {})

    assert [f"metadata.labels[{label}]"] == relabelled(LABELS | OWN, new)


def test_both_labels_do_not_come_off_together() -> None:
    assert ["metadata.labels[ray.io/cluster]", "metadata.labels.tenant"] == relabelled(
        {"ray.io/cluster": "one"} | OWN, {}
    )


def test_the_tenants_label_comes_off_no_pod() -> None:
    assert ["metadata.labels.tenant"] == relabelled(OWN, {})
    assert ["metadata.labels.tenant"] == relabelled(OWN | {"app": "x"}, {"app": "x", "tenant": None})


def test_a_wrong_label_may_be_put_right_and_others_are_free() -> None:
    assert [] == relabelled({"tenant": "team-b"}, OWN)
    assert [] == relabelled({"app": "x"}, {"app": "y"})
    assert [] == relabelled(LABELS | OWN | {"app": "x"}, LABELS | OWN)
    assert [] == relabelled({}, LABELS | OWN)


def test_kuberays_operator_may_take_labels_off() -> None:
    assert [] == relabelled(LABELS | OWN, {}, OPERATOR)
    assert ["metadata.labels[ray.io/group]"] == relabelled(
        {"ray.io/group": "small"} | OWN, OWN, "system:serviceaccount:ray-a:kuberay-operator"
    )


def test_an_update_of_nobody_knows_what_is_judged_as_it_is() -> None:
    assert [] == broken(ray_pod(OWN), operation="UPDATE")


@pytest.mark.parametrize("label", LABELS)
def test_whoever_has_a_label_of_kuberays_is_one_of_its_pods(label: str) -> None:
    """The NetworkPolicies of heads select by `ray.io/node-type` alone."""
    assert ["metadata.labels.tenant", "spec.nodeSelector.tenant", "spec.tolerations"] == broken(a_pod({label: "head"}))
    assert [] == broken(ray_pod({label: "head"} | OWN))


def test_what_clears_redis_is_a_head_but_for_its_size() -> None:
    labels = LABELS | OWN | {"ray.io/node-type": "redis-cleanup"}

    assert [] == broken(ray_pod(labels, containers=[container("ray-head", cpu="200m", memory="256Mi")]))


@pytest.mark.parametrize(
    "name",
    ["wait-gcs-ready", "wait-for-tls-ip-san", "autoscaler", "ray-job-submitter", "redis-cleanup"],
)
def test_what_the_operator_adds_may_be_below_the_minimum(name: str) -> None:
    assert [] == broken(ray_pod(initContainers=[container(name, cpu="50m", memory="64Mi")]))


@pytest.mark.parametrize("value", good(PODS, PLATFORM, TEAM_A), ids=lambda value: str(value["metadata"]["name"]))
def test_another_tenants_pod_is_foreign_here(value: Json) -> None:
    value["metadata"].setdefault("labels", {})["tenant"] = "team-b"

    assert ["metadata.labels.tenant"] == broken(value)
