"""The network rules that a RayCluster brings along open nothing outside its tenant."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.model.config import Dns, Egress, Platform
from rayfence.model.metadata_services import SERVICES, SHUT
from rayfence.rules import restrict_network_rules
from rayfence.rules.shared.peers import NAME_LABEL
from rayfence.workload import Malformed

from .objects import PLATFORM, TEAM_B, Json, broken, cluster, cron_job, job, service, told

ID = restrict_network_rules.ID
HEAD = "spec.networkPolicy.head"
OPEN = Platform(egress=Egress(("object-store",), ("10.20.0.0/16", "0.0.0.0/0", "fd00::/8", "::/0")))
ALONE = Platform(
    egress=Egress(cidrs=("0.0.0.0/0", "169.254.170.23/32", "169.254.169.254/32", "169.254.30.0/24")),
    dns=Dns(cidrs=("169.254.20.10/32",)),
)
NARROW = Platform(egress=Egress((), ("10.20.0.0/16", "169.254.0.0/16")))


def ruled(role: str = "head", **rules: Any) -> Json:
    """A RayCluster of team-b, which has two namespaces, with rules of its own."""
    return cluster(tenant="team-b", networkPolicy={role: rules})


def called(name: object, **labels: str) -> Json:
    return {"namespaceSelector": {"matchLabels": {NAME_LABEL: name} | labels}}


def expressed(operator: str, *names: object, key: str = NAME_LABEL) -> Json:
    return {"namespaceSelector": {"matchExpressions": [{"key": key, "operator": operator, "values": [*names]}]}}


def let_in(*peers: Any) -> list[str]:
    return broken(restrict_network_rules, ruled(ingressRules=[{"from": [*peers]}]), TEAM_B)


def reached(*peers: Any, ports: Any = None, platform: Platform = PLATFORM) -> list[str]:
    value = ruled(egressRules=[{"to": [*peers], "ports": ports}])
    return broken(restrict_network_rules, value, TEAM_B, platform)


def ranged(cidr: object, *left_out: str, platform: Platform = OPEN) -> list[str]:
    return reached({"ipBlock": {"cidr": cidr, "except": [*left_out]}}, platform=platform)


def at(place: str) -> list[str]:
    return [f"[{ID}] {place}"]


OWN_PEERS: list[Any] = [
    {"podSelector": {}},
    {"podSelector": {"matchLabels": {"app": "client"}}},
    {"podSelector": {}, "namespaceSelector": None},
    called("ray-b"),
    called("ray-b-dev"),
    called("ray-b", stage="dev"),
    called("ray-b") | {"podSelector": {}},
    expressed("In", "ray-b"),
    expressed("In", "ray-b", "ray-b-dev"),
]

OTHER_SELECTORS: list[Any] = [
    {"namespaceSelector": {}},
    {"namespaceSelector": {"matchLabels": {}}},
    {"namespaceSelector": {"matchLabels": {"tenant": "team-b"}}},
    {"namespaceSelector": {"matchLabels": {"name": "ray-b"}}},
    {"namespaceSelector": {"matchExpressions": []}},
    {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "client"}}},
    called("ray-a"),
    called("ray"),
    called("ray-b,ray-b-dev"),
    called("*"),
    called(""),
    called(None),
    called(5),
    expressed("In", "ray-b", "ray-a"),
    expressed("In"),
    expressed("NotIn", "ray-a"),
    expressed("Exists"),
    expressed("DoesNotExist"),
    expressed("in", "ray-b"),
    expressed("In", "ray-b", key="name"),
]


@pytest.mark.parametrize("peer", OWN_PEERS, ids=str)
def test_pods_of_the_tenants_namespaces_may_come_in_and_be_reached(peer: Any) -> None:
    assert ([], []) == (let_in(peer), reached(peer))


@pytest.mark.parametrize("peer", OTHER_SELECTORS, ids=str)
def test_a_selector_that_may_choose_other_namespaces_is_refused_in_both_directions(peer: Any) -> None:
    assert at(f"{HEAD}.ingressRules[0].from[0].namespaceSelector") == let_in(peer)
    assert at(f"{HEAD}.egressRules[0].to[0].namespaceSelector") == reached(peer)


def test_one_requirement_that_names_own_namespaces_is_enough() -> None:
    more = called("ray-b")["namespaceSelector"] | expressed("Exists")["namespaceSelector"]

    assert [] == let_in({"namespaceSelector": more})


def test_every_peer_of_every_rule_is_looked_at() -> None:
    good: Json = {"podSelector": {}}
    value = ruled(ingressRules=[{"from": [good]}, {"from": [good, called("ray-a"), good, called("kube-system")]}])

    assert [
        f"[{ID}] {HEAD}.ingressRules[1].from[1].namespaceSelector",
        f"[{ID}] {HEAD}.ingressRules[1].from[3].namespaceSelector",
    ] == broken(restrict_network_rules, value, TEAM_B)


@pytest.mark.parametrize("rule", [{}, {"from": []}, {"from": None}, {"ports": [{"port": 8265}]}, None, "x"], ids=repr)
def test_ingress_without_peers_is_ingress_from_everybody(rule: Any) -> None:
    assert at(f"{HEAD}.ingressRules[0].from") == broken(restrict_network_rules, ruled(ingressRules=[rule]), TEAM_B)


@pytest.mark.parametrize("rule", [{}, {"to": []}, {"to": None}, {"ports": [{"port": 53}]}, None, "x"], ids=repr)
def test_egress_without_peers_is_egress_to_everything(rule: Any) -> None:
    assert at(f"{HEAD}.egressRules[0].to") == broken(restrict_network_rules, ruled(egressRules=[rule]), TEAM_B)


@pytest.mark.parametrize("peer", [{}, None, "x", {"podSelector": None}], ids=repr)
def test_a_peer_that_names_nobody_is_refused(peer: Any) -> None:
    assert at(f"{HEAD}.ingressRules[0].from[0]") == let_in(peer)


def test_addresses_may_not_come_in_whatever_the_platform_opens() -> None:
    value = ruled(ingressRules=[{"from": [{"ipBlock": {"cidr": "10.20.0.0/16"}}]}])

    assert at(f"{HEAD}.ingressRules[0].from[0].ipBlock") == broken(restrict_network_rules, value, TEAM_B, OPEN)


def test_addresses_beside_a_selector_are_looked_at_as_well() -> None:
    assert at(f"{HEAD}.ingressRules[0].from[0].ipBlock") == let_in(
        {"podSelector": {}, "ipBlock": {"cidr": "10.0.0.0/8"}}
    )


def test_a_listed_namespace_may_be_reached_but_not_come_in() -> None:
    store = called("object-store")
    value = ruled(ingressRules=[{"from": [store]}])

    assert [] == reached(store, platform=OPEN)
    assert [] == reached(expressed("In", "object-store", "ray-b"), platform=OPEN)
    assert at(f"{HEAD}.ingressRules[0].from[0].namespaceSelector") == broken(
        restrict_network_rules, value, TEAM_B, OPEN
    )


@pytest.mark.parametrize(
    "ports",
    [
        [{"port": 53}],
        [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}],
        [{"port": 53, "endPort": 53}],
    ],
    ids=str,
)
def test_dns_may_be_asked(ports: Any) -> None:
    assert [] == reached(called("kube-system"), ports=ports)
    assert [] == reached(
        {**called("kube-system"), "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}, ports=ports
    )


@pytest.mark.parametrize(
    "ports",
    [
        None,
        [],
        [{}],
        [{"port": 443}],
        [{"port": 53}, {"port": 443}],
        [{"port": 53}, {}],
        [{"port": 53, "endPort": 65535}],
        [{"port": 53, "protocol": "SCTP"}],
        [{"port": "53"}],
        [{"port": "dns"}],
    ],
    ids=str,
)
def test_nothing_but_dns_may_be_reached_where_dns_runs(ports: Any) -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].namespaceSelector") == reached(called("kube-system"), ports=ports)


def test_dns_does_not_open_other_namespaces() -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].namespaceSelector") == reached(called("ray-a"), ports=[{"port": 53}])


@pytest.mark.parametrize("cidr", ["10.20.0.0/16", "10.20.30.0/24", "10.20.0.1/32", "10.20.30.1/24"])
def test_a_listed_range_and_what_lies_inside_may_be_reached(cidr: str) -> None:
    assert [] == ranged(cidr, platform=NARROW)


@pytest.mark.parametrize("cidr", ["10.20.0.0/15", "10.0.0.0/8", "10.21.0.0/16", "0.0.0.0/0", "::/0", "fd00::/8"])
def test_a_range_that_is_not_listed_or_is_wider_is_refused(cidr: str) -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == ranged(cidr, platform=NARROW)


def test_no_address_may_be_reached_while_none_is_listed() -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == ranged("10.20.0.0/16", platform=PLATFORM)


@pytest.mark.parametrize(
    "cidr",
    [
        *(None, "", 5, "x", "10.20.0.0", "10.20.0.0/", "10.20.0.0/33", "10.20.0.0/016", "10.20.0.0/255.255.0.0"),
        *("10.20.0/16", "010.20.0.0/16", "10.20.0.0/16\n", "fd00::%eth0/64", "::ffff:10.20.0.0/112"),
    ],
    ids=repr,
)
def test_what_is_no_range_is_refused(cidr: object) -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == ranged(cidr)


EVERY_HOLE = tuple(map(str, SHUT))


def around(hole: str) -> list[str]:
    return ["::/0" if ":" in hole else "0.0.0.0/0"]


@pytest.mark.parametrize(
    ("cidr", "left_out"),
    [
        ("169.254.169.254/32", ()),
        ("169.254.0.0/16", ()),
        ("169.254.0.0/16", ("169.254.169.254/32",)),
        ("169.254.0.0/15", ()),
        ("0.0.0.0/0", ()),
        ("0.0.0.0/0", ("169.254.169.254/32",)),
        ("128.0.0.0/1", ("10.0.0.0/8",)),
        ("0.0.0.0/0", ("x",)),
        ("100.64.0.0/10", ("100.100.100.200/32",)),
        ("fd00::/8", ("fd00:ec2::/64",)),
        *((str(service), ()) for service in SERVICES),
        *((cidr, EVERY_HOLE[:n] + EVERY_HOLE[n + 1 :]) for n, hole in enumerate(EVERY_HOLE) for cidr in around(hole)),
    ],
)
def test_the_metadata_service_may_not_be_reached_whatever_is_listed(cidr: str, left_out: tuple[str, ...]) -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == ranged(cidr, *left_out)


@pytest.mark.parametrize(
    ("cidr", "left_out"),
    [
        ("0.0.0.0/0", EVERY_HOLE),
        ("::/0", EVERY_HOLE),
        ("128.0.0.0/1", ("10.0.0.0/8", "168.0.0.0/7", "192.0.0.0/16")),
        ("100.64.0.0/10", ("100.100.100.200/32", "100.96.0.96/32", "100.80.80.80/32")),
        ("fd00::/8", ("fd00::/16", "fd20:ce::254/128")),
        ("fd12:3456::/64", ()),
    ],
)
def test_a_range_that_leaves_the_metadata_service_out_is_fine(cidr: str, left_out: tuple[str, ...]) -> None:
    assert [] == ranged(cidr, *left_out)


@pytest.mark.parametrize("cidr", ["169.254.170.23/32", "1.2.3.0/24"])
def test_a_link_local_address_may_be_reached_where_it_is_listed_alone(cidr: str) -> None:
    assert [] == ranged(cidr, platform=ALONE)


@pytest.mark.parametrize(
    "cidr",
    [
        *("169.254.170.22/32", "169.254.170.23/31", "169.254.170.0/24", "169.254.30.1/32", "169.254.30.0/24"),
        *("169.254.169.254/32", "169.254.20.10/32", "::ffff:169.254.170.23/128", "64:ff9b::a9fe:aa17/128"),
    ],
)
def test_the_rest_of_the_link_local_range_stays_shut(cidr: str) -> None:
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == ranged(cidr, platform=ALONE)


def test_an_address_of_the_dns_is_open_on_its_port_alone() -> None:
    peer, dns = {"ipBlock": {"cidr": "169.254.20.10/32"}}, [{"port": 53, "protocol": "UDP"}, {"port": 53}]

    assert [] == reached(peer, ports=dns, platform=ALONE)
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == reached(peer, ports=[*dns, {}], platform=ALONE)
    assert at(f"{HEAD}.egressRules[0].to[0].ipBlock.cidr") == reached(peer, ports=dns)


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        ({"head": {"ingressRules": [{}]}}, "head.ingressRules[0].from"),
        ({"worker": {"ingressRules": [{}]}}, "worker.ingressRules[0].from"),
        ({"worker": {"egressRules": [{}]}}, "worker.egressRules[0].to"),
        ({"workerGroups": [{}, {"ingressRules": [{}]}]}, "workerGroups[1].ingressRules[0].from"),
        ({"workerGroups": [{}, {"egressRules": [{}]}]}, "workerGroups[1].egressRules[0].to"),
        ({"mode": "DenyAllEgress", "head": {"ingressRules": [{}]}}, "head.ingressRules[0].from"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_rules_are_looked_at_wherever_they_stand(policy: Json, place: str) -> None:
    assert at(f"spec.networkPolicy.{place}") == broken(restrict_network_rules, cluster(networkPolicy=policy))


def test_rules_are_looked_at_in_every_kind() -> None:
    value = cluster(networkPolicy={"head": {"ingressRules": [{}]}})
    rest = "networkPolicy.head.ingressRules[0].from"

    assert at(f"spec.rayClusterSpec.{rest}") == broken(restrict_network_rules, job(value))
    assert at(f"spec.rayClusterConfig.{rest}") == broken(restrict_network_rules, service(value))
    assert at(f"spec.jobTemplate.rayClusterSpec.{rest}") == broken(restrict_network_rules, cron_job(value))


def test_a_job_on_a_cluster_that_is_there_has_no_rules() -> None:
    assert [] == broken(restrict_network_rules, job(None, clusterSelector={"ray.io/cluster": "one"}))


@pytest.mark.parametrize("policy", [None, {}, {"mode": "DenyAll"}, {"head": None}, {"workerGroups": []}], ids=repr)
def test_no_rules_open_nothing(policy: Any) -> None:
    assert [] == broken(restrict_network_rules, cluster(networkPolicy=policy))


def test_a_list_where_rules_belong_cannot_be_read() -> None:
    with pytest.raises(Malformed, match=r"spec\.networkPolicy\.head"):
        broken(restrict_network_rules, cluster(networkPolicy={"head": []}))


def test_people_read_what_it_opens_and_what_to_write() -> None:
    value = ruled(ingressRules=[{}, {"from": [called("ray-a")]}], egressRules=[{"to": [{"ipBlock": {"cidr": "x"}}]}])
    everybody, other, address = told(restrict_network_rules, value, TEAM_B)

    assert everybody.endswith("name pods of ray-b or ray-b-dev")
    assert "choose ray-b or ray-b-dev by kubernetes.io/metadata.name" in other
    assert address.endswith("inside egress.cidrs of the platform, which is empty")


def test_people_read_all_that_a_range_has_to_leave_out() -> None:
    value = ruled(
        egressRules=[{"to": [{"ipBlock": {"cidr": cidr}} for cidr in ("100.64.0.0/10", "169.254.169.254/32")]}]
    )
    wide, single = told(restrict_network_rules, value, TEAM_B, ALONE)

    assert wide.endswith(
        "100.64.0.0/10 reaches the metadata service of a cloud; add to except: "
        "100.100.100.200/32, 100.96.0.96/32, 100.80.80.80/32"
    )
    assert single.endswith("169.254.169.254/32 is shut, as the metadata service of a cloud is; write another address")
