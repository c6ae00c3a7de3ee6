"""Whatever a rule names, somebody is found whom it names."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.reach.peers import PeerAddress, PeerPod, sample_peers
from rayfence.reach.policies import read
from rayfence.reach.topology import Address, Endpoint, Flow, Pod, Topology

NAME = "kubernetes.io/metadata.name"
TARGET = Pod("one", "target", "10.0.0.1")


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


FOUND = {
    "pods of the own namespace": ({"podSelector": {"matchLabels": {"app": "x"}}}, [PeerPod("one", {"app": "x"})]),
    "a namespace": ({"namespaceSelector": {"matchLabels": {NAME: "two"}}}, [PeerPod("two", {})]),
    "namespaces": (
        {"namespaceSelector": expression(NAME, "In", "two", "three"), "podSelector": expression("app", "Exists")},
        [PeerPod("three", {"app": "any"}), PeerPod("two", {"app": "any"})],
    ),
    "any namespace": ({"namespaceSelector": {}}, [PeerPod("any", {}, {})]),
    "labelled namespaces": (
        {"namespaceSelector": expression("team", "In", "x", "y")},
        [PeerPod("any-x", {}, {"team": "x"})],
    ),
    "all but some namespaces": ({"namespaceSelector": expression(NAME, "NotIn", "one")}, [PeerPod("any", {}, {})]),
    "addresses": ({"ipBlock": {"cidr": "10.1.0.0/16"}}, [PeerAddress("10.1.0.0/16", "10.1.0.1")]),
    "addresses with a hole at the start": (
        {"ipBlock": {"cidr": "10.1.0.0/16", "except": ["10.1.0.0/24", "10.1.1.0/24"]}},
        [PeerAddress("10.1.0.0/16", "10.1.2.0")],
    ),
    "addresses with a metadata service": (
        {"ipBlock": {"cidr": "100.100.0.0/16"}},
        [
            PeerAddress("100.100.0.0/16", "100.100.0.1"),
            PeerAddress("100.100.100.200/32", "100.100.100.200"),
        ],
    ),
    "addresses without their metadata service": (
        {"ipBlock": {"cidr": "100.100.0.0/16", "except": ["100.100.100.0/24"]}},
        [PeerAddress("100.100.0.0/16", "100.100.0.1")],
    ),
    "one address": ({"ipBlock": {"cidr": "10.1.2.3/32"}}, [PeerAddress("10.1.2.3/32", "10.1.2.3")]),
    "addresses of the other kind": ({"ipBlock": {"cidr": "fd00::/64"}}, [PeerAddress("fd00::/64", "fd00::1")]),
}


@pytest.mark.parametrize(("peer", "expected"), FOUND.values(), ids=FOUND)
def test_somebody_is_found(peer: dict[str, Any], expected: list[Any]) -> None:
    assert expected == list(sample_peers(peer, "one"))


@pytest.mark.parametrize(("peer", "expected"), FOUND.values(), ids=FOUND)
def test_and_is_who_the_rule_names(peer: dict[str, Any], expected: list[Any]) -> None:
    rule = read({"metadata": {"name": "p", "namespace": "one"}, "spec": {"ingress": [{"from": [peer]}]}}).rules[
        "Ingress"
    ]
    for each in sample_peers(peer, "one"):
        labels = {each.namespace: each.namespace_labels or {}} if isinstance(each, PeerPod) else {}
        topology = Topology(labels, [TARGET, endpoint_of(each)], [])
        assert rule[0].allows(Flow(endpoint_of(each), TARGET, 80), topology)


def endpoint_of(sample: PeerPod | PeerAddress) -> Endpoint:
    if isinstance(sample, PeerAddress):
        return Address("sample", sample.ip)
    return Pod(sample.namespace, "sample", "10.0.0.2", sample.labels)


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
    assert [] == list(sample_peers(peer, "one"))
