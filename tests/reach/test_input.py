"""Manifests that people hand in: what is of use is taken, and what is wrong has its line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from rayfence import yamlio
from rayfence.cases.good import ray_object
from rayfence.reach.analysis import analyze
from rayfence.reach.input import Input, read_input
from rayfence.reach.scenario import scenario
from rayfence.workload import KINDS

from .three import config

POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: mine, namespace: ray-a}}
spec: {spec}
"""
CLUSTER = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata: {name: mine}
spec: {}
"""


def read(text: str, namespace: str = "") -> Input:
    return read_input(yamlio.read(text, "f.yaml"), namespace)


def test_ray_objects_and_policies_are_taken_and_the_rest_is_passed_over() -> None:
    found = read(f"{CLUSTER}---\nkind: ConfigMap\napiVersion: v1\n---\n{POLICY.format(spec='{}')}---\n[1]\n")

    assert ["RayCluster"] == [each["kind"] for each in found.objects]
    assert ["NetworkPolicy"] == [each["kind"] for each in found.policies]
    assert [] == found.problems


def test_items_of_lists_are_taken() -> None:
    listed = "".join(f"    {line}\n" for line in CLUSTER.splitlines())
    found = read(f"apiVersion: v1\nkind: List\nitems:\n  -\n{listed}", "ray-a")

    assert [("mine", "ray-a")] == [(each["metadata"]["name"], each["metadata"]["namespace"]) for each in found.objects]


def test_of_two_with_one_name_the_last_counts() -> None:
    found = read(f"{POLICY.format(spec='{}')}---\n{POLICY.format(spec='{policyTypes: [Egress]}')}")

    assert [{"policyTypes": ["Egress"]}] == [each["spec"] for each in found.policies]


@pytest.mark.parametrize(
    "spec",
    [
        "{podSelector: null, ingress: null, egress: null, policyTypes: null}",
        "{podSelector: {}, ingress: [{}]}",
        "{podSelector: {matchLabels: null, matchExpressions: null}, ingress: [{from: null, ports: null}]}",
        "{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: http}]}]}",
        "{egress: [{to: [{namespaceSelector: {}, podSelector: {}}], ports: [{port: 1, endPort: 9, protocol: SCTP}]}]}",
    ],
)
def test_what_an_api_server_takes_is_taken(spec: str) -> None:
    found = read(POLICY.format(spec=spec))

    assert (1, []) == (len(found.policies), found.problems)


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        ("[]", "spec: a list where a mapping belongs; write a mapping there"),
        ("{podSelector: []}", "spec.podSelector: a list where a mapping belongs; write a mapping there"),
        ("{policyTypes: [ingress]}", "spec.policyTypes[0]: must be one of ['Ingress', 'Egress']"),
        ("{ingress: {}}", "spec.ingress: a mapping where a list belongs; write a list there"),
        ("{ingress: [{from: [{}]}]}", "spec.ingress[0].from[0]: must contain at least 1 properties"),
        ("{ingress: [{to: []}]}", "spec.ingress[0]: must not contain {'to'} properties"),
        ("{ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}", "spec.ingress[0].from[0].ipBlock.cidr: must be cidr"),
        ("{egress: [{ports: [{port: 0}]}]}", "spec.egress[0].ports[0].port: "),
        ("{egress: [{ports: [{protocol: tcp}]}]}", "spec.egress[0].ports[0].protocol: must be one of "),
        (
            "{podSelector: {matchExpressions: [{key: a, operator: Is}]}}",
            "spec.podSelector.matchExpressions[0].operator: must be one of ",
        ),
    ],
)
def test_what_cannot_be_read_has_its_line_and_path(spec: str, problem: str) -> None:
    (found,) = read(POLICY.format(spec=spec)).problems

    assert f"f.yaml:4: {problem}" in str(found)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kind: RayCluster\napiVersion: ray.io/v1\n", "f.yaml:1: metadata.name: is missing; name the object"),
        (CLUSTER.replace("spec: {}", "spec: [1]"), "f.yaml:4: spec: a list where a mapping belongs"),
        ("kind: {\n", "f.yaml:"),
    ],
    ids=["no name", "a list", "no YAML"],
)
def test_so_has_an_object_of_no_use(text: str, problem: str) -> None:
    (found,) = read(text).problems

    assert str(found).startswith(problem)


SHAPES = {
    "labels that are a text": ("metadata.labels: tenant=team-a", "a text where a mapping belongs"),
    "labels that are a list": ("metadata.labels: [tenant]", "a list where a mapping belongs"),
    "a label that is a number": ("metadata.labels.tenant: 1", "a number where a text belongs"),
    "a label with dots in its key": ("metadata.labels[ray.io/x]: true", "true or false where a text belongs"),
    "annotations": ("metadata.annotations: [1]", "a list where a mapping belongs"),
    "metadata that is a list": ("metadata: [1]", "a list where a mapping belongs"),
    "metadata that is a text": ("metadata: mine", "a text where a mapping belongs"),
    "a name that is a list": ("metadata.name: [mine]", "a list where a text belongs"),
    "a namespace that is a map": ("metadata.namespace: {a: b}", "a mapping where a text belongs"),
    "owners": ("metadata.ownerReferences: {name: x}", "a mapping where a list belongs"),
    "a spec that is a text": ("spec: cluster", "a text where a mapping belongs"),
    "a head that is a list": ("spec.headGroupSpec: []", "a list where a mapping belongs"),
    "a template that is a list": ("spec.headGroupSpec.template: []", "a list where a mapping belongs"),
    "its labels": ("spec.headGroupSpec.template.metadata.labels: x", "a text where a mapping belongs"),
    "its spec": ("spec.headGroupSpec.template.spec: x", "a text where a mapping belongs"),
    "its containers": ("spec.headGroupSpec.template.spec.containers: {name: x}", "a mapping where a list belongs"),
    "a container": ("spec.headGroupSpec.template.spec.containers: [x]", "a text where a mapping belongs"),
    "a port of it": (
        "spec.headGroupSpec.template.spec.containers: [{ports: [{containerPort: http}]}]",
        "a text where a whole number belongs",
    ),
    "start parameters": ("spec.headGroupSpec.rayStartParams: [x]", "a list where a mapping belongs"),
    "groups": ("spec.workerGroupSpecs: {}", "a mapping where a list belongs"),
    "a group": ("spec.workerGroupSpecs: [x]", "a text where a mapping belongs"),
    "a flag": ("spec.enableInTreeAutoscaling: 'true'", "a text where true or false belongs"),
    "authentication": ("spec.authOptions: token", "a text where a mapping belongs"),
    "an address": ("spec.gcsFaultToleranceOptions.redisAddress: [a, b]", "a list where a text belongs"),
    "a mode": ("spec.networkPolicy.mode: Open", "must be one of "),
    "rules of its own": ("spec.networkPolicy.head.ingressRules: {}", "a mapping where a list belongs"),
}


def a_cluster_with(path: str, text: str) -> str:
    """The text of a RayCluster, on its last line the `text` at `path`."""
    lines = ["apiVersion: ray.io/v1", "kind: RayCluster"]
    if not path.startswith("metadata"):
        lines.append("metadata: {name: x}")
    steps = path.removesuffix("[ray.io/x]").split(".") + (["ray.io/x"] if path.endswith("]") else [])
    for depth, step in enumerate(steps):
        if (step == "labels" and depth == 1) or step in ("annotations", "namespace", "ownerReferences"):
            lines.append("  name: x")
        lines.append("  " * depth + f"{step}:")
    lines[-1] += f" {text}"
    return "\n".join(lines)


@pytest.mark.parametrize(("written", "problem"), SHAPES.values(), ids=SHAPES)
def test_a_field_of_another_type_has_its_line_and_path(written: str, problem: str) -> None:
    path, _, value = written.partition(": ")
    text = a_cluster_with(path, value)
    (found,) = read(text).problems

    assert text.count("\n") + 1 == found.line
    where, _, what = found.message.partition(": ")
    assert (True, True) == (where.startswith(path), what.startswith(problem))


@pytest.mark.parametrize(
    "text",
    ["[1]", "kind: [RayCluster]\napiVersion: ray.io/v1\n", "kind: RayCluster\napiVersion: {v: 1}\n", "kind: 1\n", "x"],
)
def test_what_is_no_object_at_all_is_passed_over(text: str) -> None:
    found = read(text)

    assert ([], [], []) == (found.objects, found.policies, found.problems)


JUNK = [None, "x", "", 0, -1, 1.5, True, [], {}, [1], ["x"], [None], {"x": 1}, {"x": "y"}, [[]], [{}], "8265", "a.b:1"]


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every map or list with each of its keys or indices."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield value, key
        yield from places(inner)


def spoiled(chance: random.Random) -> dict[str, Any]:
    """A Ray object with everything that is read in it, and junk in up to two places."""
    tenants = config()
    kind = chance.choice(KINDS)
    found: dict[str, Any] = deepcopy(ray_object(kind, tenants.platform, tenants.tenants[1]))
    cluster = found
    for step in kind.cluster:
        cluster = cluster[str(step)]
    cluster |= {
        "enableInTreeAutoscaling": True,
        "authOptions": {"enableK8sTokenAuth": True},
        "gcsFaultToleranceOptions": {"redisAddress": "redis.data:6379"},
        "networkPolicy": {"head": {"ingressRules": [{"from": [{"podSelector": {}}]}]}, "workerGroups": []},
    }
    for _ in range(chance.choice((1, 1, 2))):
        holder, key = chance.choice(list(places(found)))
        holder[key] = deepcopy(chance.choice(JUNK))
    return found


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.slow
def test_junk_is_refused_with_its_place_or_read(seed: int) -> None:
    chance, refused, taken = random.Random(seed), 0, 0
    for _ in range(60):
        value = spoiled(chance)
        found = read(yaml.safe_dump(value))
        assert all(problem.line >= 1 and ": " in problem.message for problem in found.problems)
        refused, taken = refused + bool(found.problems), taken + len(found.objects)
        scenario(config(), found.objects)
        if taken % 10 == 1:
            analyze(scenario(config(), found.objects))

    assert 10 < refused
    assert 10 < taken
