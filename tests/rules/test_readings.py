"""The reading in CEL, by the real engine, says of the oddest values what the reading in Python says."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good
from rayfence.gotool import KYVERNO, find
from rayfence.model.config import Config, Network, Platform, Provider, Tenant
from rayfence.model.outcome import Result
from rayfence.model.subjects import EXPOSURE, RAY, Subject
from rayfence.suite import check
from rayfence.yamlio import Document

from .objects import TEAM_A, TEAM_B

TEAM_K = replace(TEAM_A, name="team-k", namespaces=("ray-k",), network=Network(provider=Provider.KUBERAY))
CONFIG = Config(Platform(), (TEAM_A, TEAM_B, TEAM_K))
WORKER = "spec.workerGroupSpecs.1"
POD = f"{WORKER}.template.spec"
RESOURCES = f"{POD}.containers.0.resources"

SCALARS: list[Any] = [None, "", 5, True]
ODD: dict[str, list[Any]] = {
    "metadata.labels": [None, {}, "x", []],
    "metadata.labels.tenant": [*SCALARS, {}],
    "metadata.annotations": [None, "x", [], {"maxCpu": None}, {"maxCpu": 4}, {"minMemory": True}, {"maxMemory": [1]}],
    "spec": [None, "x", []],
    "spec.headGroupSpec": [None, {}, []],
    "spec.workerGroupSpecs": [None, {}, "x", [None], [[]]],
    f"{WORKER}.labels": ["x", {"tenant": None}, {"tenant": ""}, []],
    f"{WORKER}.template": [None, "x"],
    f"{WORKER}.maxReplicas": [*SCALARS, "1", 1.5, -1, 2**31, []],
    f"{WORKER}.numOfHosts": [-1, "2", 65536],
    f"{POD}.nodeSelector": [None, "x", []],
    f"{POD}.nodeName": [*SCALARS, 0, [], {}],
    f"{POD}.tolerations": [None, {}, "x", [None], ["x"], [{}], [[]]],
    f"{POD}.tolerations.0.key": SCALARS,
    f"{POD}.tolerations.0.operator": [*SCALARS, "Exists"],
    f"{POD}.containers": [None, {}, [None], ["x"]],
    f"{POD}.containers.0.name": [*SCALARS, ["autoscaler"]],
    f"{POD}.initContainers.0.restartPolicy": [True, []],
    f"{POD}.resources": [{}, "x", {"limits": {}}],
    f"{RESOURCES}.limits": [None, "x", []],
    f"{RESOURCES}.limits.cpu": [*SCALARS, 1.5, 1e-7, 1e21, "4\n", "٤", "0x1", "1e99", "1e100", {}, "-0", ".5", "4."],
    f"{RESOURCES}.limits.memory": ["20Ei", "0", 0, "8Gi1", 8589934593, "8589934592000m", 2**63, 1e16],
    f"{RESOURCES}.limits.nvidia_com/gpu": ["one", -1, 4, 5, "400m", None, "4000000001n", "1n", "4.0"],
    f"{RESOURCES}.requests.cpu": ["1.000000000000000000000000000001"],
    f"{RESOURCES}.requests": [{"cpu": "1", "memory": "9.5E"}, {"cpu": "1", "memory": 9223372036854775808}],
    f"{RESOURCES}.claims": [[], {}, "x"],
    "spec.autoscalerOptions": [{"resources": {}}, {"resources": "x"}, {"resources": []}, "x"],
    "spec.enableInTreeAutoscaling": [True, "true", 1],
    "spec.headGroupSpec.serviceType": [*SCALARS, "NodePort", {}, []],
    "spec.headGroupSpec.headService": [None, "x", [], {"spec": None}, {"spec": "x"}, {"spec": []}],
    "spec.headGroupSpec.headService.spec.type": [*SCALARS, []],
    "spec.headGroupSpec.enableIngress": [*SCALARS, 0, False, {}, []],
    "spec.headGroupSpec.ingressOptions": [*SCALARS, {}, [], {"host": None}],
}

# What stands there matters only to a tenant whose clusters KubeRay isolates.
ISOLATION: dict[str, list[Any]] = {
    "apiVersion": ["ray.io/v1alpha1"],
    "spec": [None, "x", {}, []],
    "spec.networkPolicy": [*SCALARS, {}, [], {"mode": None}, {"mode": ""}, {"mode": "denyall"}, {"mode": 5}],
    "spec.networkPolicy.mode": [*SCALARS, [], {}, "DenyAllIngress", "DenyAll\n", "*"],
    "spec.workerGroupSpecs": [None, {}, "x", [None], ["x"], [[]]],
    f"{WORKER}.groupName": [*SCALARS, [], {}, "a\n", "A", "a-", "a.b", "g" * 63, "g" * 64, "ä"],
    "metadata.name": ["rayfence-one", "rayfence", "rayfenc-e"],
}

SERVICE: dict[str, list[Any]] = {
    "metadata.annotations": [None, "x", [], {"a-snippet": "x"}],
    "spec": [None, "x", {}, []],
    "spec.type": [*SCALARS, "NodePort", {}, []],
    "spec.externalIPs": [*SCALARS, [], [None], {}],
    "spec.externalName": [*SCALARS, 0, False, [], {}],
    "spec.loadBalancerSourceRanges": [None, "", [], [""]],
    "spec.ports": [None, "x", [None, "x", {}], {"nodePort": 1}, [[]]],
    "spec.ports.0.nodePort": [*SCALARS, 0, 0.0, False, "0", -1, [], {}],
}


def changed(tenant: Tenant, place: str, odd: Any, subject: Subject = RAY) -> dict[str, Any]:
    value: Any = good(subject, CONFIG.platform, tenant)[0]
    *way, last = (step.replace("_com", ".com") for step in place.split("."))
    target = value
    for step in way:
        target = target[int(step) if step.isdigit() else step]
    target[last] = deepcopy(odd)
    return dict(value)


OBJECTS = (
    {
        f"{place} = {odd!r}": changed((TEAM_A, TEAM_B)[number % 2], place, odd)
        for place, values in ODD.items()
        for number, odd in enumerate(values)
    }
    | {
        f"isolated by KubeRay, {place} = {odd!r}": changed(TEAM_K, place, odd)
        for place, values in ISOLATION.items()
        for odd in values
    }
    | {
        f"Service's {place} = {odd!r}": changed(TEAM_A, place, odd, EXPOSURE)
        for place, values in SERVICE.items()
        for odd in values
    }
)


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    read = yamlio.read(yamlio.dump(list(OBJECTS.values())), "odd.yaml")
    return [each for each in read if isinstance(each, Document)]


@pytest.fixture(scope="module")
def by_engine(documents: list[Document]) -> list[Result]:
    return check(CONFIG, documents, "clusterpolicy", find(KYVERNO, lambda sentence: None).path, jobs=2)


def said(result: Result) -> tuple[str, set[tuple[str, str]]]:
    return result.verdict.value, {(finding.rule, finding.path) for finding in result.findings}


@pytest.mark.engine
def test_both_readings_say_the_same_of_odd_values(documents: list[Document], by_engine: list[Result]) -> None:
    by_python = Evaluator(CONFIG).results(documents)
    both = zip(OBJECTS, by_python, by_engine, strict=True)

    assert [] == [title for title, ours, theirs in both if said(ours) != said(theirs)]
