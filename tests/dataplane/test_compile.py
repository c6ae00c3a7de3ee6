"""NetworkPolicies as nftables text: which lines a policy becomes, and which it must not become."""

from __future__ import annotations

from typing import Any

import pytest
from dataplane.compile import ruleset

from rayfence.reach.topology import Address, Pod, Topology

WEB = Pod("shop", "web", "10.0.0.1", {"app": "web"}, {"http": 8080})
DB = Pod("shop", "db", "10.0.0.2", {"app": "db"}, {"sql": 5432, "http": 80})
OTHER = Pod("else", "other", "10.0.0.3", {"app": "web"}, {"sql": 5433})
OUTSIDE = Address("outside", "192.168.0.1")
NAMESPACES = {"shop": {"team": "a"}, "else": {"team": "b"}}


def policy(pods: Any = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": "shop"}, "spec": {"podSelector": pods or {}, **spec}}


def labelled(app: str) -> dict[str, Any]:
    return {"matchLabels": {"app": app}}


def lines(*policies: Any) -> list[str]:
    """What is added to an empty ruleset, without the words that all lines have."""
    topology = Topology(NAMESPACES, [WEB, DB, OTHER, OUTSIDE], policies)
    added = "".join(ruleset(topology)[1:-1]).splitlines()
    words = (" return", ' comment "shop/p"', "add ", "rule ", "inet rayfence ")
    for word in words:
        added = [line.replace(word, "") for line in added]
    return added


def rules(chain: str, *policies: Any) -> list[str]:
    """The matches of one chain that let through."""
    found = [line.removeprefix(f"{chain}").strip() for line in lines(*policies) if line.startswith(chain)]
    return [line for line in found if line != "goto deny"]


def of_web(**spec: Any) -> list[str]:
    """What `spec` lets into web, or out of it."""
    return rules("ingress-0" if "ingress" in spec else "egress-0", policy(labelled("web"), **spec))


def test_no_policy_is_no_chain():
    assert [] == lines()


def test_a_policy_closes_its_own_pods_in_the_directions_it_names():
    expected = ["chain egress-0", "egress-0 goto deny", "element egress { 10.0.0.1 : jump egress-0 }"]

    assert expected == lines(policy(labelled("web"), policyTypes=["Egress"]))


def test_the_empty_selector_is_every_pod_of_the_namespace():
    closed = [line for line in lines(policy(policyTypes=["Ingress"])) if line.startswith("element")]

    assert ["element ingress { 10.0.0.1 : jump ingress-0 }", "element ingress { 10.0.0.2 : jump ingress-1 }"] == closed


CLOSED = {
    "nothing said": ({}, {"ingress"}),
    "ingress rules": ({"ingress": [{}]}, {"ingress"}),
    "egress rules": ({"egress": [{}]}, {"ingress", "egress"}),
    "no egress rules": ({"egress": []}, {"ingress"}),
    "egress named": ({"policyTypes": ["Egress"]}, {"egress"}),
    "both named": ({"policyTypes": ["Egress", "Ingress"]}, {"ingress", "egress"}),
}


@pytest.mark.parametrize(("spec", "expected"), CLOSED.values(), ids=CLOSED.keys())
def test_which_directions_are_closed(spec: dict[str, Any], expected: set[str]):
    found = {line.split()[1] for line in lines(policy(labelled("web"), **spec)) if line.startswith("element")}

    assert expected == found


def test_several_policies_share_a_chain():
    one = policy(labelled("web"), ingress=[{"ports": [{"port": 1}]}])
    two = policy(labelled("web"), ingress=[{"ports": [{"port": 2}]}])

    assert ["tcp dport 1", "tcp dport 2"] == rules("ingress-0", one, two)


PEERS = {
    "everybody": ({}, [""]),
    "an empty list": ({"from": []}, [""]),
    "pods of the same namespace": ({"from": [{"podSelector": labelled("web")}]}, ["ip saddr { 10.0.0.1 }"]),
    "pods of a namespace": (
        {"from": [{"namespaceSelector": {"matchLabels": {"team": "b"}}, "podSelector": labelled("web")}]},
        ["ip saddr { 10.0.0.3 }"],
    ),
    "a namespace by its name": (
        {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "else"}}}]},
        ["ip saddr { 10.0.0.3 }"],
    ),
    "every namespace": ({"from": [{"namespaceSelector": {}}]}, ["ip saddr { 10.0.0.1, 10.0.0.2, 10.0.0.3 }"]),
    "nobody": ({"from": [{"podSelector": labelled("gone")}]}, []),
    "two peers": (
        {"from": [{"podSelector": labelled("web")}, {"podSelector": labelled("db")}]},
        ["ip saddr { 10.0.0.1, 10.0.0.2 }"],
    ),
    "a block": ({"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}, ["ip saddr 10.0.0.0/8"]),
    "a block with holes": (
        {"from": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.1.2.0/24"]}}]},
        ["ip saddr 10.0.0.0/8 ip saddr != { 10.1.0.0/16 }"],
    ),
    "a block of IPv6": ({"from": [{"ipBlock": {"cidr": "::/0"}}]}, []),
}


@pytest.mark.parametrize(("rule", "expected"), PEERS.values(), ids=PEERS.keys())
def test_whom_a_rule_lets_in(rule: dict[str, Any], expected: list[str]):
    assert expected == of_web(ingress=[rule])


PORTS = {
    "all": ([], [""]),
    "a number": ([{"port": 80}], ["tcp dport 80"]),
    "a range": ([{"port": 80, "endPort": 90, "protocol": "UDP"}], ["udp dport 80-90"]),
    "a protocol": ([{"protocol": "SCTP"}], ["meta l4proto sctp"]),
    "two": ([{"port": 80}, {"port": 53, "protocol": "UDP"}], ["tcp dport 80", "udp dport 53"]),
}


@pytest.mark.parametrize(("ports", "expected"), PORTS.values(), ids=PORTS.keys())
def test_on_which_ports(ports: list[Any], expected: list[str]):
    assert expected == of_web(ingress=[{"ports": ports}])


def test_a_named_port_of_ingress_is_the_isolated_pods():
    assert ["tcp dport 8080"] == of_web(ingress=[{"ports": [{"port": "http"}]}])


def test_a_named_port_that_the_pod_has_not_lets_nothing_in():
    assert [] == of_web(ingress=[{"ports": [{"port": "sql"}]}])


def test_a_named_port_of_egress_is_that_of_each_pod_reached():
    expected = ["ip daddr { 10.0.0.2 } tcp dport 5432", "ip daddr { 10.0.0.3 } tcp dport 5433"]

    assert expected == of_web(policyTypes=["Egress"], egress=[{"ports": [{"port": "sql"}]}])


@pytest.mark.parametrize(("protocol", "expected"), [("TCP", []), ("UDP", ["udp dport 53"])])
def test_a_named_port_has_a_protocol(protocol: str, expected: list[str]):
    dns = Pod("shop", "dns", "10.0.0.4", {"app": "dns"}, {"dns": 53}, {"dns": "UDP"})
    ports = [{"port": "dns", "protocol": protocol}]
    out = {"policyTypes": ["Ingress", "Egress"], "ingress": [{"ports": ports}], "egress": [{"ports": ports}]}
    text = "".join(ruleset(Topology(NAMESPACES, [dns], [policy(**out)])))

    assert expected == [each for each in ["udp dport 53", "tcp dport 53"] if each in text]
    assert len(expected) == text.count(f"ip daddr {{ 10.0.0.4 }} {protocol.lower()} dport 53")


def test_a_named_port_of_egress_keeps_to_the_rules_peers():
    egress = [{"to": [{"podSelector": {}}], "ports": [{"port": "sql"}]}]

    assert ["ip daddr { 10.0.0.2 } tcp dport 5432"] == of_web(policyTypes=["Egress"], egress=egress)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ({"operator": "In", "values": ["web"]}, ["ip saddr { 10.0.0.1 }"]),
        ({"operator": "NotIn", "values": ["web"]}, ["ip saddr { 10.0.0.2 }"]),
        ({"operator": "Exists"}, ["ip saddr { 10.0.0.1, 10.0.0.2 }"]),
        ({"operator": "DoesNotExist"}, []),
    ],
    ids=lambda value: value["operator"] if isinstance(value, dict) else "",
)
def test_operators_of_selectors(expression: dict[str, Any], expected: list[str]):
    peer = {"podSelector": {"matchExpressions": [{"key": "app", **expression}]}}

    assert expected == of_web(ingress=[{"from": [peer]}])


def test_not_in_holds_where_the_key_is_missing():
    peer = {"podSelector": {"matchExpressions": [{"key": "gone", "operator": "NotIn", "values": ["x"]}]}}

    assert ["ip saddr { 10.0.0.1, 10.0.0.2 }"] == of_web(ingress=[{"from": [peer]}])


def test_the_last_part_puts_the_rules_in_force():
    parts = ruleset(Topology(NAMESPACES, [WEB, DB], [policy(policyTypes=["Ingress"])]))

    assert [False, False, True] == ["hook forward" in part for part in parts]


def test_a_large_ruleset_comes_in_parts_that_the_kernel_takes():
    pods = [Pod("shop", f"p{n}", f"10.0.{n >> 8}.{n & 255}") for n in range(300)]

    parts = ruleset(Topology(NAMESPACES, pods, [policy(ingress=[{"ports": [{"port": n} for n in range(1, 9)]}])]))

    assert 12 < len(parts)
    assert max(map(len, parts)) < 17_000


def test_an_address_that_is_not_ipv4_is_an_error():
    with pytest.raises(ValueError, match="fd00::1"):
        ruleset(Topology(NAMESPACES, [Pod("shop", "six", "fd00::1")], []))
