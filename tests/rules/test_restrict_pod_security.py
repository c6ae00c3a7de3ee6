"""Ray's pods, and what the operator adds to them, keep to the baseline of the Pod Security Standards."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import restrict_pod_security
from rayfence.rules.shared.baseline import APP_ARMOR, CAPABILITIES, SYSCTLS

from .objects import (
    HEAD,
    WORKERS,
    Json,
    broken,
    cluster,
    container,
    cron_job,
    group,
    job,
    pod,
    service,
    submitter,
    told,
)

ID = restrict_pod_security.ID
SPEC = f"{HEAD}.template.spec"


def at(*places: str) -> list[str]:
    return [f"[{ID}] {place}" for place in places]


def in_head(**spec: Any) -> list[str]:
    return broken(restrict_pod_security, cluster(head=pod(**spec)))


def in_container(**fields: Any) -> list[str]:
    return in_head(containers=[container(**fields)])


@pytest.mark.parametrize("name", ["hostNetwork", "hostPID", "hostIPC"])
def test_a_pod_has_nothing_in_common_with_its_node(name: str) -> None:
    assert at(f"{SPEC}.{name}") == in_head(**{name: True})
    assert [] == in_head(**{name: False})
    assert [] == in_head(**{name: None})


@pytest.mark.parametrize("odd", [0, 1, "", "false", [], {}], ids=repr)
def test_what_is_neither_true_nor_false_is_not_taken_for_false(odd: object) -> None:
    assert at(f"{SPEC}.hostNetwork") == in_head(hostNetwork=odd)


@pytest.mark.parametrize("field", ["containers", "initContainers", "ephemeralContainers"])
def test_every_list_of_containers_is_looked_at_to_its_end(field: str) -> None:
    last = container("last", securityContext={"privileged": True})

    assert at(f"{SPEC}.{field}[1].securityContext.privileged") == in_head(**{field: [container(), last]})


@pytest.mark.parametrize(
    ("field", "allowed", "refused"),
    [
        ("privileged", [False, None], [True, "true"]),
        ("procMount", ["Default", None], ["Unmasked", "default"]),
        ("seccompProfile.type", ["RuntimeDefault", "Localhost", None], ["Unconfined", "runtime/default"]),
        ("appArmorProfile.type", ["RuntimeDefault", "Localhost", None], ["Unconfined"]),
        ("seLinuxOptions.type", ["", "container_t", "container_kvm_t", "container_engine_t"], ["spc_t"]),
        ("seLinuxOptions.user", ["", None], ["system_u"]),
        ("seLinuxOptions.role", ["", None], ["sysadm_r"]),
        ("seLinuxOptions.level", ["s0:c1"], []),
        ("windowsOptions.hostProcess", [False, None], [True]),
        ("windowsOptions.runAsUserName", ["ray"], []),
        ("runAsUser", [0, 1000], []),
        ("allowPrivilegeEscalation", [True, False], []),
    ],
)
def test_a_container_is_confined(field: str, allowed: list[Any], refused: list[Any]) -> None:
    def with_value(value: Any) -> list[str]:
        first, *rest = field.split(".")
        return in_container(securityContext={first: {rest[0]: value} if rest else value})

    place = f"{SPEC}.containers[0].securityContext.{field}"
    assert [[]] * len(allowed) == [with_value(value) for value in allowed]
    assert [at(place)] * len(refused) == [with_value(value) for value in refused]


@pytest.mark.parametrize(
    "context",
    [
        {"seccompProfile": {"type": "Unconfined"}},
        {"appArmorProfile": {"type": "Unconfined"}},
        {"seLinuxOptions": {"type": "spc_t"}},
        {"windowsOptions": {"hostProcess": True}},
    ],
    ids=lambda context: next(iter(context)),
)
def test_what_a_pod_says_for_all_its_containers_is_confined_too(context: Json) -> None:
    (first, fields), *_ = context.items()

    assert at(f"{SPEC}.securityContext.{first}.{next(iter(fields))}") == in_head(securityContext=context)


@pytest.mark.parametrize(
    "name", ["ALL", "SYS_ADMIN", "NET_ADMIN", "NET_RAW", "SYS_PTRACE", "CAP_CHOWN", "chown", "", 5]
)
def test_a_capability_beyond_the_usual_ones_is_refused_where_it_stands(name: object) -> None:
    added = {"capabilities": {"add": ["CHOWN", name]}}

    assert at(f"{SPEC}.containers[0].securityContext.capabilities.add[1]") == in_container(securityContext=added)


def test_the_usual_capabilities_may_be_added_and_all_may_be_dropped() -> None:
    assert [] == in_container(securityContext={"capabilities": {"add": [*CAPABILITIES], "drop": ["ALL"]}})


def test_a_host_port_is_refused_whatever_its_protocol() -> None:
    ports = [{"containerPort": 6379}, {"containerPort": 1, "hostPort": 0}, {"hostPort": 53, "protocol": "UDP"}]

    assert at(f"{SPEC}.containers[0].ports[2].hostPort") == in_container(ports=ports)


@pytest.mark.parametrize("way", ["httpGet", "tcpSocket"])
@pytest.mark.parametrize("probe", ["livenessProbe", "readinessProbe", "startupProbe"])
def test_the_kubelet_probes_no_other_host(probe: str, way: str) -> None:
    assert at(f"{SPEC}.containers[0].{probe}.{way}.host") == in_container(**{probe: {way: {"host": "10.0.0.1"}}})
    assert [] == in_container(**{probe: {way: {"host": "", "port": 8000}}})


@pytest.mark.parametrize("hook", ["postStart", "preStop"])
def test_nor_does_it_call_one_when_a_container_starts_or_ends(hook: str) -> None:
    handler = {hook: {"httpGet": {"host": "169.254.169.254"}}}

    assert at(f"{SPEC}.containers[0].lifecycle.{hook}.httpGet.host") == in_container(lifecycle=handler)


def test_a_volume_of_the_node_is_refused_among_others() -> None:
    volumes = [{"name": "a", "emptyDir": {}}, {"name": "b", "hostPath": {"path": "/var/run"}}, {"name": "c"}]

    assert at(f"{SPEC}.volumes[1].hostPath") == in_head(volumes=volumes)


def test_only_sysctls_that_are_the_pods_own_may_be_set() -> None:
    sysctls = [*({"name": name, "value": "1"} for name in SYSCTLS), {"name": "net.core.somaxconn", "value": "1"}]

    assert at(f"{SPEC}.securityContext.sysctls[{len(SYSCTLS)}].name") == in_head(securityContext={"sysctls": sysctls})


@pytest.mark.parametrize(
    ("annotations", "fine"),
    [
        ({f"{APP_ARMOR}ray": "runtime/default"}, True),
        ({f"{APP_ARMOR}ray": "localhost/ray"}, True),
        ({f"{APP_ARMOR}ray": "runtime/default", f"{APP_ARMOR}sidecar": "unconfined"}, False),
        ({f"{APP_ARMOR}ray": None}, False),
        ({"example.com/apparmor": "unconfined"}, True),
        (None, True),
        ("unconfined", True),
    ],
    ids=str,
)
def test_the_older_annotation_confines_as_well(annotations: Any, fine: bool) -> None:
    head = pod()
    head["metadata"]["annotations"] = annotations

    expected = [] if fine else at(f"{HEAD}.template.metadata.annotations")
    assert expected == broken(restrict_pod_security, cluster(head=head))


def test_every_group_is_looked_at() -> None:
    value = cluster(group(), group(pod(hostPID=True)), head=pod(hostIPC=True))

    assert at(
        f"{SPEC}.hostIPC",
        f"{WORKERS.format(1)}.template.spec.hostPID",
    ) == broken(restrict_pod_security, value)


def test_the_submitter_is_looked_at() -> None:
    value = job(cluster(), submitterPodTemplate=submitter(hostNetwork=True))

    assert at("spec.submitterPodTemplate.spec.hostNetwork") == broken(restrict_pod_security, value)


def test_a_job_without_a_cluster_has_a_submitter_all_the_same() -> None:
    value = job(None, clusterSelector={"ray.io/cluster": "one"}, submitterPodTemplate=submitter(hostNetwork=True))

    assert at("spec.submitterPodTemplate.spec.hostNetwork") == broken(restrict_pod_security, value)


@pytest.mark.parametrize(
    ("kind", "path"),
    [(service, "spec.rayClusterConfig"), (cron_job, "spec.jobTemplate.rayClusterSpec"), (job, "spec.rayClusterSpec")],
    ids=["RayService", "RayCronJob", "RayJob"],
)
def test_every_kind_is_looked_at(kind: Any, path: str) -> None:
    options = {"securityContext": {"privileged": True}}
    value = kind(cluster(head=pod(hostPID=True), autoscalerOptions=options))

    assert at(
        f"{path}.headGroupSpec.template.spec.hostPID",
        f"{path}.autoscalerOptions.securityContext.privileged",
    ) == broken(restrict_pod_security, value)


def test_the_autoscaler_is_confined_like_any_container() -> None:
    context = {"capabilities": {"add": ["SYS_PTRACE"]}, "seccompProfile": {"type": "Unconfined"}}
    value = cluster(autoscalerOptions={"securityContext": context})

    path = "spec.autoscalerOptions.securityContext"
    assert at(f"{path}.seccompProfile.type", f"{path}.capabilities.add[0]") == broken(restrict_pod_security, value)


def test_people_read_what_to_write_instead() -> None:
    head = pod(hostNetwork=True, securityContext={"seccompProfile": {"type": "Unconfined"}})

    assert [
        "is outside the Pod Security baseline; write false, or leave it out",
        "is outside the Pod Security baseline; write RuntimeDefault or Localhost, or leave it out",
    ] == told(restrict_pod_security, cluster(head=head))
