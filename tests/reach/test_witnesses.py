"""Whatever a rule names, somebody is found whom it names."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.reach.policies import read
from rayfence.reach.topology import Address, Endpoint, Flow, Pod, Topology
from rayfence.reach.witnesses import AddressLike, PodLike, witnesses

NAME = "kubernetes.io/metadata.name"
TARGET = Pod("one", "target", "10.0.0.1")


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


FOUND = {
    "pods of the own namespace": ({"podSelector": {"matchLabels": {"app": "x"}}}, [PodLike("one", {"app": "x"})]),
    "a namespace": ({"namespaceSelector": {"matchLabels": {NAME: "two"}}}, [PodLike("two", {})]),
    "namespaces": (
        {"namespaceSelector": expression(NAME, "In", "two", "three"), "podSelector": expression("app", "Exists")},
        [PodLike("three", {"app": "any"}), PodLike("two", {"app": "any"})],
    ),
    "any namespace": ({"namespaceSelector": {}}, [PodLike("any", {}, {})]),
    "labelled namespaces": (
        {"namespaceSelector": expression("team", "In", "x", "y")},
        [PodLike("any-x", {}, {"team": "x"})],
    ),
    "all but some namespaces": ({"namespaceSelector": expression(NAME, "NotIn", "one")}, [PodLike("any", {}, {})]),
    "addresses": ({"ipBlock": {"cidr": "10.1.0.0/16"}}, [AddressLike("10.1.0.0/16", "10.1.0.1")]),
    "addresses with a hole at the start": (
        {"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.0.0/24", "10.1.1.0/24"]}},
        [AddressLike("10.1.0.0/16", "10.1.2.0")],
    ),
    "addresses with a metadata service": (
        {"ipBlock": {"cidr": "100.100.0.0/16"}},
        [
            AddressLike("100.100.0.0/16", "100.100.0.1"),
            AddressLike("100.100.100.200/32", "100.100.100.200"),
        ],
    ),
    "addresses without their metadata service": (
        {"ipBlock": {"cidr": "100.100.0.0/16", "except": ["100.100.100.0/24"]}},
        [AddressLike("100.100.0.0/16", "100.100.0.1")],
    ),
    "one address": ({"ipBlock": {"cidr": "10.1.2.3/32"}}, [AddressLike("10.1.2.3/32", "10.1.2.3")]),
    "addresses of the other kind": ({"ipBlock": {"cidr": "fd00::/64"}}, [AddressLike("fd00::/64", "fd00::1")]),
}


@pytest.mark.parametrize(("peer", "expected"), FOUND.values(), ids=FOUND)
def test_somebody_is_found(peer: dict[str, Any], expected: list[Any]) -> None:
    assert expected == list(witnesses(peer, "one"))


@pytest.mark.parametrize(("peer", "expected"), FOUND.values(), ids=FOUND)
def test_and_is_who_the_rule_names(peer: dict[str, Any], expected: list[Any]) -> None:
    rule = read({"metadata": {"name": "p", "namespace": "one"}, "spec": {"ingress": [{"from": [peer]}]}}).rules[
        "Ingress"
    ]
    for each in witnesses(peer, "one"):
        labels = {each.namespace: each.namespace_labels or {}} if isinstance(each, PodLike) else {}
        topology = Topology(labels, [TARGET, settled(each)], [])
        assert rule[0].lets(Flow(settled(each), TARGET, 80), topology)


def settled(witness: PodLike | AddressLike) -> Endpoint:
    if isinstance(witness, AddressLike):
        return Address("witness", witness.ip)
    return Pod(witness.namespace, "witness", "10.0.0.2", witness.labels)


@pytest.mark.parametrize(
    "peer",
    [
        {"podSelector": {"matchLabels": {"app": "x"}, **expression("app", "NotIn", "x")}},
        {"podSelector": {"matchLabels": {"app": "x"}, **expression("app", "DoesNotExist")}},
        {"namespaceSelector": {"matchLabels": {NAME: "one"}, **expression(NAME, "In", "two")}},
        {"ipBlock": {"cidr": "10.1.2.3/32", "except": ["10.1.2.3/32"]}},
    ],
    ids=["not in", "must not exist", "two names at once", "nothing left"],
)
def test_for_a_contradiction_there_is_nobody(peer: dict[str, Any]) -> None:
    assert [] == list(witnesses(peer, "one"))
