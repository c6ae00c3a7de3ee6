"""NetworkPolicies read as the API defines them: which pods they isolate, and what they allow; sets of ports."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.reach.policies import (
    ALL_PORTS,
    PortRange,
    PortSet,
    difference,
    intersection,
    port_texts,
    read,
    selects,
    single_ports,
    union,
)

from .samples import (
    API_SERVER,
    BARE,
    DEV,
    EVERYONE,
    HEAD,
    INTERNET,
    NAMESPACES,
    OTHER,
    WORKER,
    decide,
    from_,
    policy,
    ports_open,
    reached,
    reaching,
    to,
)

ALL_TENANTS_UP_TO = [each for each in EVERYONE if each != HEAD]
TEAM_A = {"namespaceSelector": {"matchLabels": {"team": "a"}}}
HEADS = {"podSelector": {"matchLabels": {"role": "head"}}}


def expression(operator, *values, key="app"):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "labels", "holds"),
    [
        pytest.param({}, {}, True, id="empty, no labels"),
        pytest.param({}, {"app": "ray"}, True, id="empty"),
        pytest.param({"matchLabels": None, "matchExpressions": None}, {}, True, id="nulls are empty"),
        pytest.param({"matchLabels": {"app": "ray"}}, {"app": "ray", "x": "y"}, True, id="label"),
        pytest.param({"matchLabels": {"app": "ray"}}, {"app": "web"}, False, id="another label"),
        pytest.param({"matchLabels": {"app": "ray"}}, {}, False, id="no label"),
        pytest.param({"matchLabels": {"app": "ray", "role": "head"}}, {"app": "ray"}, False, id="one label of two"),
        pytest.param({"matchLabels": {"app": ""}}, {}, False, id="an empty value is not a missing key"),
        pytest.param({"matchLabels": {"app": ""}}, {"app": ""}, True, id="an empty value is one"),
        pytest.param({"matchLabels": {"app": None}}, {}, False, id="null is not a missing key"),
        pytest.param({"matchLabels": {"app": None}}, {"app": ""}, True, id="null is an empty value"),
        pytest.param(expression("In", "ray", "web"), {"app": "web"}, True, id="In"),
        pytest.param(expression("In", "ray", "web"), {"app": "db"}, False, id="In, another"),
        pytest.param(expression("In", "ray"), {}, False, id="In, missing"),
        pytest.param(expression("NotIn", "ray"), {"app": "web"}, True, id="NotIn"),
        pytest.param(expression("NotIn", "ray", "web"), {"app": "web"}, False, id="NotIn, one of them"),
        pytest.param(expression("NotIn", "ray"), {}, True, id="NotIn, missing"),
        pytest.param(expression("Exists"), {"app": ""}, True, id="Exists"),
        pytest.param(expression("Exists"), {"role": "head"}, False, id="Exists, missing"),
        pytest.param(expression("DoesNotExist"), {"role": "head"}, True, id="DoesNotExist"),
        pytest.param(expression("DoesNotExist"), {"app": ""}, False, id="DoesNotExist, there"),
        pytest.param(
            {"matchLabels": {"app": "ray"}} | expression("Exists", key="role"),
            {"app": "ray"},
            False,
            id="both must hold",
        ),
    ],
)
def test_a_selector_holds_where_all_its_requirements_do(selector, labels, holds):
    assert holds == selects(selector, labels)


def test_an_unknown_operator_is_an_error():
    with pytest.raises(KeyError, match="in"):
        selects(expression("in", "ray"), {"app": "ray"})


def test_a_policy_isolates_the_selected_pods_of_its_namespace():
    found = read(policy({"matchLabels": {"role": "head"}}))

    assert [HEAD] == [each for each in EVERYONE if found.selects(each)]


def test_a_policy_without_a_namespace_is_in_default():
    assert "default/p" == read(policy(namespace=None)).name


@pytest.mark.parametrize(
    ("spec", "closed"),
    [
        pytest.param({}, {"Ingress"}, id="nothing"),
        pytest.param({"ingress": [{}]}, {"Ingress"}, id="ingress rules"),
        pytest.param({"egress": [{}]}, {"Ingress", "Egress"}, id="egress rules"),
        pytest.param({"egress": []}, {"Ingress"}, id="no egress rules"),
        pytest.param({"policyTypes": [], "egress": [{}]}, {"Ingress", "Egress"}, id="no types"),
        pytest.param({"policyTypes": ["Egress"], "ingress": [{}]}, {"Egress"}, id="Egress alone"),
        pytest.param({"policyTypes": ["Ingress"], "egress": [{}]}, {"Ingress"}, id="Ingress alone"),
        pytest.param({"policyTypes": ["Egress", "Ingress"]}, {"Ingress", "Egress"}, id="both"),
    ],
)
def test_a_policy_closes_what_policy_types_name_and_by_default_ingress_and_egress_where_it_has_rules(spec, closed):
    assert closed == set(read(policy(**spec)).rules)


def test_a_rule_says_where_it_stands():
    rules = read(policy(ingress=[{}, {}], egress=[{}])).rules

    assert ["ray-a/p ingress[0]", "ray-a/p ingress[1]"] == [str(each) for each in rules["Ingress"]]
    assert ["ray-a/p egress[0]"] == [str(each) for each in rules["Egress"]]


@pytest.mark.parametrize("rules", [None, []])
def test_a_closed_direction_without_rules_lets_nobody_in(rules):
    assert [] == reaching(HEAD, policy(policyTypes=["Ingress"], ingress=rules))


@pytest.mark.parametrize("rule", [{}, {"from": None}, {"from": []}, {"from": [], "ports": []}])
def test_a_rule_that_names_nobody_lets_everybody_in(rule):
    assert ALL_TENANTS_UP_TO == reaching(HEAD, policy(ingress=[rule]))


@pytest.mark.parametrize(
    ("peer", "who"),
    [
        pytest.param({"podSelector": {}}, [WORKER, BARE], id="all pods of the policy's namespace"),
        pytest.param({"podSelector": {"matchLabels": {"app": "ray"}}}, [WORKER], id="pods of the policy's namespace"),
        pytest.param({"namespaceSelector": {}}, [WORKER, BARE, DEV, OTHER], id="all pods, no address"),
        pytest.param(TEAM_A, [WORKER, BARE, DEV], id="all pods of these namespaces"),
        pytest.param({"namespaceSelector": {"matchLabels": {"env": "dev"}}} | HEADS, [DEV], id="both must hold"),
        pytest.param({"namespaceSelector": {}} | HEADS, [DEV, OTHER], id="pods of any namespace"),
        pytest.param({"namespaceSelector": {}, "podSelector": {}}, [WORKER, BARE, DEV, OTHER], id="both empty"),
        pytest.param({"namespaceSelector": None, "podSelector": {}, "ipBlock": None}, [WORKER, BARE], id="nulls"),
        pytest.param(
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ray-b"}}}, [OTHER], id="by name"
        ),
        pytest.param({"ipBlock": {"cidr": "0.0.0.0/0"}}, ALL_TENANTS_UP_TO, id="all addresses"),
        pytest.param({"ipBlock": {"cidr": "10.1.0.2/32"}}, [WORKER], id="one address"),
        pytest.param({"ipBlock": {"cidr": "10.1.0.2/31"}}, [WORKER, BARE], id="two addresses"),
        pytest.param({"ipBlock": {"cidr": "10.3.9.9/16"}}, [OTHER], id="host bits count for nothing"),
        pytest.param({"ipBlock": {"cidr": "192.0.2.0/24"}}, [API_SERVER], id="what is no pod"),
        pytest.param({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, [API_SERVER, INTERNET], id="except"),
        pytest.param(
            {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16", "10.2.0.1/32"]}}, [OTHER], id="except two"
        ),
        pytest.param({"ipBlock": {"cidr": "10.0.0.0/8", "except": None}}, [WORKER, BARE, DEV, OTHER], id="except null"),
        pytest.param({"ipBlock": {"cidr": "::/0"}}, [], id="another kind of address"),
    ],
)
def test_a_peer_is(peer, who):
    assert who == reaching(HEAD, from_(peer))
    assert who == reached(HEAD, to(peer))


def test_several_peers_are_any_of_them():
    assert [WORKER, BARE, API_SERVER] == reaching(
        HEAD, from_({"podSelector": {}}, {"ipBlock": {"cidr": "192.0.2.10/32"}})
    )


def test_selectors_in_one_peer_are_and_in_two_peers_or():
    dev = {"namespaceSelector": {"matchLabels": {"env": "dev"}}}
    workers = {"podSelector": {"matchLabels": {"role": "worker"}}}

    assert [] == reaching(HEAD, from_(dev | workers))
    assert [WORKER, DEV] == reaching(HEAD, from_(dev, workers))


def test_a_namespace_cannot_give_itself_another_name():
    assert "ray-a" == NAMESPACES["ray-b"]["kubernetes.io/metadata.name"]

    ours = from_({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ray-a"}}})

    assert [WORKER, BARE] == reaching(HEAD, ours)


@pytest.mark.parametrize(
    ("port", "numbers"),
    [
        pytest.param({"port": 8265}, [8265], id="a number"),
        pytest.param({"port": 8265, "protocol": "TCP"}, [8265], id="protocol"),
        pytest.param({"port": 8265, "protocol": None}, [8265], id="protocol null is TCP"),
        pytest.param({"port": 8265, "protocol": "UDP"}, [], id="another protocol"),
        pytest.param({"port": 8264, "endPort": 8266}, [8264, 8265, 8266], id="both ends of a range count"),
        pytest.param({"port": 8265, "endPort": 8265}, [8265], id="a range of one"),
        pytest.param({"port": 8265, "endPort": None}, [8265], id="endPort null"),
        pytest.param({"port": 8266, "endPort": 65535}, [8266, 9999, 65535], id="to the last port"),
        pytest.param({}, [1, 53, 80, 8264, 8265, 8266, 9999, 65535], id="all of TCP"),
        pytest.param({"protocol": "UDP"}, [], id="all of UDP"),
        pytest.param({"port": "dashboard"}, [8265], id="a name"),
        pytest.param({"port": "dashboard", "protocol": "UDP"}, [], id="a name of another protocol"),
        pytest.param({"port": "dns"}, [], id="a name of UDP, protocol not given"),
        pytest.param({"port": "nobodys"}, [], id="a name nobody has"),
    ],
)
def test_a_port_is_these_of_tcp(port, numbers):
    assert numbers == ports_open(port)


@pytest.mark.parametrize(
    ("port", "numbers"),
    [
        pytest.param({"port": 53, "protocol": "UDP"}, [53], id="a number"),
        pytest.param({"port": "dns", "protocol": "UDP"}, [53], id="a name"),
        pytest.param({"port": "dashboard", "protocol": "UDP"}, [], id="a name of TCP"),
        pytest.param({"port": 53}, [], id="protocol not given"),
        pytest.param({}, [], id="all of TCP"),
    ],
)
def test_a_port_is_these_of_udp(port, numbers):
    assert numbers == ports_open(port, protocol="UDP")


def test_a_rule_without_ports_is_all_ports_of_all_protocols():
    found = [decide(OTHER, HEAD, 1, policy(ingress=[{}]), protocol=each).allowed for each in ("TCP", "UDP", "SCTP")]

    assert [True, True, True] == found


def test_several_ports_are_any_of_them():
    rule = from_(ports=[{"port": 80}, {"port": 443}])

    assert [True, True, False] == [decide(OTHER, HEAD, port, rule).allowed for port in (80, 443, 81)]


def test_a_name_is_the_targets_also_on_the_way_out():
    named = to(ports=[{"port": "dashboard"}])

    assert [False, True] == [decide(HEAD, WORKER, port, named).allowed for port in (8265, 9999)]
    assert [True, False] == [decide(WORKER, HEAD, port, named).allowed for port in (8265, 9999)]


def test_what_is_no_pod_has_no_named_ports():
    assert not decide(HEAD, API_SERVER, 8265, to(ports=[{"port": "dashboard"}])).allowed


def test_peers_and_ports_of_one_rule_must_both_fit():
    rules = policy(ingress=[{"from": [HEADS], "ports": [{"port": 1}]}, {"from": [TEAM_A], "ports": [{"port": 2}]}])

    assert [False, True] == [decide(WORKER, BARE, port, rules).allowed for port in (1, 2)]
    assert [True, True] == [decide(HEAD, BARE, port, rules).allowed for port in (1, 2)]
    assert [False, True] == [decide(DEV, BARE, port, rules).allowed for port in (1, 2)]


ONE = st.builds(
    lambda protocol, ends: PortRange(protocol, *sorted(ends)),
    st.sampled_from(["TCP", "UDP"]),
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
)
SETS = st.lists(ONE, max_size=5).map(union)


def ports(spans: PortSet) -> set[tuple[str, int]]:
    return {(span.protocol, port) for span in spans for port in range(span.first, span.last + 1)}


@settings(deadline=None)
@given(SETS, SETS)
def test_they_are_joined_met_and_cut_as_sets_are(one: PortSet, other: PortSet) -> None:
    assert ports(one) | ports(other) == ports(union([*one, *other]))
    assert ports(one) & ports(other) == ports(intersection(one, other))
    assert ports(one) - ports(other) == ports(difference(one, other))


@settings(deadline=None)
@given(SETS, SETS)
def test_the_same_ports_are_the_same_value(one: PortSet, other: PortSet) -> None:
    assert (ports(one) == ports(other)) is (one == other)


@settings(deadline=None)
@given(SETS)
def test_every_port_takes_nothing_away_and_leaves_nothing(spans: PortSet) -> None:
    assert spans == intersection(ALL_PORTS, spans) == intersection(spans, ALL_PORTS)
    assert () == difference(spans, ALL_PORTS)


@pytest.mark.parametrize(
    ("expected", "spans"),
    [
        ((), ()),
        (("TCP 8265",), single_ports([8265])),
        (("TCP 9000-9001",), single_ports([9001, 9000])),
        (("TCP 53", "UDP 53"), single_ports([53], "UDP", "TCP")),
        (("all TCP ports",), (PortRange("TCP", 1, 65535),)),
        (("all ports",), ALL_PORTS),
    ],
)
def test_they_are_told_in_words(expected: tuple[str, ...], spans: PortSet) -> None:
    assert expected == port_texts(spans)
