"""Manifests that people hand in: what is of use is taken, and what is wrong has its line."""

from __future__ import annotations

import pytest

from rayfence import yamlio
from rayfence.reach.given import Given, given

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


def read(text: str, namespace: str = "") -> Given:
    return given(yamlio.read(text, "f.yaml"), namespace)


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
        ("[]", "spec: must be object"),
        ("{podSelector: []}", "spec.podSelector: must be object or null"),
        ("{policyTypes: [ingress]}", "spec.policyTypes[0]: must be one of ['Ingress', 'Egress']"),
        ("{ingress: {}}", "spec.ingress: must be array or null"),
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
