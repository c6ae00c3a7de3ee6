"""The real engine says of odd pods, and of odd fields that harden them, what the reading in Python says."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good, ray_object
from rayfence.gotool import KYVERNO, find
from rayfence.model.config import Allow, Config
from rayfence.model.outcome import Result
from rayfence.model.subjects import PODS
from rayfence.rules.restrict_scheduling import PREFERRED, REQUIRED
from rayfence.rules.shared.baseline import APP_ARMOR
from rayfence.suite import check
from rayfence.workload import KINDS
from rayfence.yamlio import Document

from .objects import PLATFORM, TEAM_A, Json

CONFIG = Config(PLATFORM, (replace(TEAM_A, allow=Allow(networks=("ray-a/sriov",), volumes=("csi/x",))),))
WORKER, HEAD, PLAIN = good(PODS, PLATFORM, TEAM_A)

ROLE, NETWORKS = "iam.amazonaws.com/role", "k8s.v1.cni.cncf.io/networks"

SCALARS: list[Any] = [None, "", 5, True, 0]
HARDENED: dict[str, list[Any]] = {
    "metadata.annotations": [None, "x", [], *({f"{APP_ARMOR}ray": odd} for odd in (None, "", 5, "localhost/ray"))],
    "spec.hostNetwork": [*SCALARS, False, 0.0, "true", [], {}],
    "spec.securityContext": [None, "x", [], {"sysctls": {}}, {"sysctls": [None]}, {"sysctls": [{"name": None}]}],
    "spec.securityContext.seccompProfile": ["x", [], {"type": 5}, {"type": ""}],
    "spec.volumes": [None, "x", {"hostPath": {}}, [None], [{"hostPath": None}], [{"hostPath": ""}], [[]]]
    + [[{"csi": odd}] for odd in (None, "x", [], {}, {"driver": 5}, {"driver": "x"})]
    + [[{"name": "x"}, {"nfs": odd}] for odd in (None, "", 0, [], {})],
    "spec.priorityClassName": [*SCALARS, [], {}, "system-", "systemic"],
    "spec.priority": [*SCALARS, 1e9, 1000000001, 1.5e9, "2000000000", []],
    "spec.ephemeralContainers": [None, "x", [{"securityContext": {"privileged": True}}]],
    "spec.containers.0.securityContext": [None, "x", [], {"privileged": 0}, {"procMount": ""}],
    "spec.containers.0.securityContext.capabilities": ["x", [], *({"add": odd} for odd in ("ALL", [None], [5], {}))],
    "spec.containers.0.ports": ["x", [None], [[]], *([{"hostPort": odd}] for odd in (0, 0.0, False, "0", -1, []))],
    "spec.containers.0.lifecycle": ["x", [], {"preStop": "x"}, {"preStop": {"tcpSocket": {"host": "::1"}}}],
}
OF_RAY_PODS: dict[str, list[Any]] = {
    "metadata.labels": [None, {}, "x", [], {"ray.io/cluster": ""}, {"ray.io/cluster": 5, "tenant": "team-a"}],
    "metadata.labels.tenant": [*SCALARS, []],
    "spec": [None, "x", []],
    "spec.nodeSelector": [None, "x", []],
    "spec.tolerations": [None, {}, "x", [None], [[]]],
}
OF_ANY_POD: dict[str, list[Any]] = {
    "metadata.labels": ["x", [], {"tenant": None}, {"tenant": ""}, {"ray.io/cluster": None}],
    "spec.nodeSelector": ["x", [], {"tenant": None}, {"tenant": 5}, {"node-role.kubernetes.io/master": None}],
    "spec.affinity": [None, "x", [], {"podAffinity": "x"}, {"podAffinity": []}, {"nodeAffinity": "x"}],
    "spec.affinity.podAffinity": [{REQUIRED: odd} for odd in ("x", {}, [None], ["x"], [[]], {"namespaces": {}})],
    "spec.affinity.podAntiAffinity": [{PREFERRED: odd} for odd in ("x", [None], [[]], [{"podAffinityTerm": "x"}])]
    + [{PREFERRED: [{"podAffinityTerm": odd}]} for odd in ([], {"namespaces": 0}, {"namespaceSelector": ""})],
    "spec.affinity.nodeAffinity": [{PREFERRED: odd} for odd in ("x", [None], [{"preference": []}], [[]])]
    + [{REQUIRED: odd} for odd in ("x", [], {"nodeSelectorTerms": {}}, {"nodeSelectorTerms": [None, "x"]})]
    + [{REQUIRED: {"nodeSelectorTerms": [{"matchExpressions": odd}]}} for odd in ("x", [None], [[]], {"key": "tenant"})]
    + [{REQUIRED: {"nodeSelectorTerms": {"matchExpressions": {"key": odd, "operator": odd}}}} for odd in SCALARS]
    + [
        {REQUIRED: {"nodeSelectorTerms": {"matchExpressions": {"key": "tenant", "operator": "In", "values": odd}}}}
        for odd in (*SCALARS, [], {}, ["team-a", None], "team-a")
    ],
    "metadata.annotations": [{ROLE: odd} for odd in (None, "", 5, [], {})]
    + [{NETWORKS: odd} for odd in (None, "", 5, [], {}, "other/sriov", "sriov@net1, ray-a/sriov", "sriov,", "sriov @x")]
    + [{"a" + ROLE: "x"}, {ROLE + "s": "x"}, {"x.kubernetes.io/ip_address": "x"}, {"kubernetes.io/ip_address": "x"}],
    "spec.nodeName": [*SCALARS, [], {}],
    "spec.containers": [None, {}, [None], ["x"], [[]]],
    "spec.resources": ["x", [], {"limits": {"cpu": 5}}, {"requests": {"memory": "1e99"}}],
    "spec.containers.0.resources": ["x", [], {"limits": "x"}, {"limits": []}],
    "spec.containers.0.resources.limits.cpu": [*SCALARS, 1e21, 4.0, "4\n", "1e100", {}, [], "-1", "4000m", "4001m"],
}
OF_TEMPLATES: dict[str, list[Any]] = {
    "spec.submitterPodTemplate": [None, "x", []],
    "spec.submitterPodTemplate.spec.hostIPC": [True],
    "spec.rayClusterSpec.autoscalerOptions": [None, "x", [], {"securityContext": "x"}, {"securityContext": []}],
    "spec.rayClusterSpec.autoscalerOptions.securityContext.privileged": SCALARS,
    "spec.rayClusterSpec.headGroupSpec.template.spec.containers.0.securityContext.privileged": SCALARS,
    "spec.rayClusterSpec.workerGroupSpecs": [["x"], [None], [{"template": {"spec": {"hostPID": True}}}]],
}


def changed(value: Json, place: str, odd: Any) -> Json:
    """The object with a value below dotted keys, and the maps on the way to it."""
    whole = target = deepcopy(value)
    *way, last = place.split(".")
    for step in way:
        target = target[int(step)] if step.isdigit() else target.setdefault(step, {})  # type: ignore[call-overload]
    target[last] = deepcopy(odd)
    return whole


OBJECTS = {
    f"{value['kind']} {value['metadata']['name']} {place} = {odd!r}": changed(value, place, odd)
    for value, places in (
        (WORKER, OF_RAY_PODS),
        (HEAD, HARDENED),
        (PLAIN, OF_ANY_POD),
        (ray_object(KINDS[1], PLATFORM, TEAM_A), OF_TEMPLATES),
    )
    for place, values in places.items()
    for odd in values
}


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    read = yamlio.read(yamlio.dump(list(OBJECTS.values())), "odd.yaml")
    return [each for each in read if isinstance(each, Document)]


def said(result: Result) -> tuple[str, set[tuple[str, str]]]:
    return result.verdict.value, {(finding.rule, finding.path) for finding in result.findings}


@pytest.mark.engine
def test_both_readings_say_the_same_of_odd_pods(documents: list[Document]) -> None:
    engine = find(KYVERNO, lambda sentence: None).path
    both = zip(
        OBJECTS,
        Evaluator(CONFIG).results(documents),
        check(CONFIG, documents, "clusterpolicy", engine, jobs=2),
        strict=True,
    )

    assert [] == [title for title, ours, theirs in both if said(ours) != said(theirs)]


def test_the_odd_pods_are_not_all_alike(documents: list[Document]) -> None:
    verdicts = {result.verdict.value for result in Evaluator(CONFIG).results(documents)}

    assert {"admit", "deny", "error"} == verdicts
