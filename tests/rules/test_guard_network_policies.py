"""NetworkPolicies in a tenant's namespace: rayfence's own are out of reach, and the others open nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good
from rayfence.gotool import KYVERNO, find
from rayfence.model.config import Administrators, Config, Dns, Egress, Platform
from rayfence.model.outcome import Result
from rayfence.model.subjects import NETWORK_POLICIES
from rayfence.rules import guard_network_policies
from rayfence.rules.shared.peers import NAME_LABEL
from rayfence.suite import check
from rayfence.workload import Request, Workload
from rayfence.yamlio import Document

from .objects import PLATFORM, TEAM_A, TEAM_B, Json

ID = guard_network_policies.ID
ACCOUNT = "system:serviceaccount"
BACKGROUND = f"{ACCOUNT}:kyverno:kyverno-background-controller"
COLLECTOR = f"{ACCOUNT}:kube-system:generic-garbage-collector"
NAMESPACES = f"{ACCOUNT}:kube-system:namespace-controller"
OPERATOR = f"{ACCOUNT}:kuberay-operator:kuberay-operator"
NOBODY_KNOWN = Request()
ADMINISTRATOR = Request("jane", ("system:authenticated", "system:masters"))
WIDE_OPEN: list[Json] = [{"from": [{"namespaceSelector": {}}]}]

OWN = [f"[{ID}] metadata.name"]
OPENED = [f"[{ID}] spec.ingress[0].from[0].namespaceSelector"]


def policy(name: str = "mine", **spec: Any) -> Json:
    metadata = {"name": name, "namespace": "ray-a"}
    whole = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} | spec
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": whole}


def broken(value: Json, request: Request = NOBODY_KNOWN, platform: Platform = PLATFORM) -> list[str]:
    found = guard_network_policies.violations(Workload(value, request), TEAM_A, platform)
    return [f"[{violation.rule}] {violation.path}" for violation in found]


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE"])
@pytest.mark.parametrize(
    "username", ["", "jane", OPERATOR, f"{ACCOUNT}:ray-a:kyverno-background-controller", f"{ACCOUNT}:kyverno:default"]
)
def test_nobody_but_kyverno_and_administrators_touches_rayfences_own(operation: str, username: str) -> None:
    assert OWN == broken(policy("rayfence-default-deny"), Request(username, ("system:authenticated",), operation))


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE"])
@pytest.mark.parametrize("request_", [Request(BACKGROUND), ADMINISTRATOR], ids=["Kyverno", "administrator"])
def test_kyverno_and_administrators_do_as_they_like(operation: str, request_: Request) -> None:
    asked = replace(request_, operation=operation)

    assert [] == broken(policy("rayfence-default-deny", ingress=[{}]), asked)
    assert [] == broken(policy("another", ingress=[{}]), asked)


def test_administrators_are_whom_the_platform_names() -> None:
    platform = Platform(administrators=Administrators(groups=("platform-team",), users=("argocd",)))

    assert [] == broken(policy("rayfence-dns"), Request("argocd"), platform)
    assert [] == broken(policy("rayfence-dns"), Request("jane", ("platform-team",)), platform)
    assert OWN == broken(policy("rayfence-dns"), ADMINISTRATOR, platform)
    assert OWN == broken(policy("rayfence-dns"), Request("platform-team", ("argocd",)), platform)


@pytest.mark.parametrize("username", [COLLECTOR, NAMESPACES])
def test_who_tidies_up_deletes_and_takes_off_finalizers_but_makes_nothing(username: str) -> None:
    own = policy("rayfence-dns")

    assert [] == broken(own, Request(username, operation="DELETE"))
    assert [] == broken(own, Request(username, operation="UPDATE"))
    assert OWN == broken(own, Request(username))
    assert OPENED == broken(policy(ingress=WIDE_OPEN), Request(username))


def test_labels_owners_and_annotations_are_no_proof() -> None:
    value = policy("rayfence-one-head")
    value["metadata"] |= {
        "labels": {"app.kubernetes.io/managed-by": "kyverno"},
        "annotations": {"kubernetes.io/authorized-by": BACKGROUND},
        "ownerReferences": [{"apiVersion": "ray.io/v1", "kind": "RayCluster", "name": "one", "uid": "1"}],
    }

    assert OWN == broken(value)


@pytest.mark.parametrize("name", ["rayfence", "rayfence1", "my-rayfence-dns", "Rayfence-dns", "default-deny"])
def test_other_names_are_the_tenants(name: str) -> None:
    assert [] == broken(policy(name, ingress=[]))
    assert OPENED == broken(policy(name, ingress=WIDE_OPEN))


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
@pytest.mark.parametrize("username", ["", "jane", OPERATOR])
def test_nobody_else_opens_anything_to_the_outside(operation: str, username: str) -> None:
    assert OPENED == broken(policy(ingress=WIDE_OPEN), Request(username, (), operation))


def test_anybody_may_delete_what_is_not_rayfences() -> None:
    assert [] == broken(policy(ingress=WIDE_OPEN), Request("jane", (), "DELETE"))


def test_both_directions_are_looked_at_whatever_the_types_say() -> None:
    value = policy(policyTypes=["Ingress"], ingress=[{"from": [{"podSelector": {}}]}, {}], egress=[{}])

    assert [f"[{ID}] spec.ingress[1].from", f"[{ID}] spec.egress[0].to"] == broken(value)


def test_a_way_to_the_metadata_service_is_not_a_tenants_to_open() -> None:
    value = policy(egress=[{"to": [{"ipBlock": {"cidr": "169.254.169.254/32"}}]}])

    assert [f"[{ID}] spec.egress[0].to[0].ipBlock.cidr"] == broken(value)
    assert [f"[{ID}] spec.egress[0].to[0].ipBlock.cidr"] == broken(
        value, platform=Platform(egress=Egress((), ("0.0.0.0/0",)))
    )


def test_what_a_message_says_is_what_to_do() -> None:
    (found,) = guard_network_policies.violations(Workload(policy("rayfence-dns")), TEAM_A, PLATFORM)

    assert "rayfence-dns is rayfence's own; leave it to Kyverno and administrators" == found.message


# --- both readings of odd values --------------------------------------------------------------------------------------

OWN_NAME: Json = {"key": NAME_LABEL, "operator": "In", "values": ["ray-b"]}
CACHE = {"ipBlock": {"cidr": "169.254.20.10/32"}}
DNS = {"namespaceSelector": {"matchLabels": {NAME_LABEL: "kube-system"}}}
CONFIG = Config(
    Platform(
        egress=Egress(("store",), ("0.0.0.0/0", "fd00::/8", "64:ff9b::/96", "169.254.170.23/32")),
        dns=Dns(cidrs=("169.254.20.10/32", "10.96.0.10/32")),
    ),
    (TEAM_A, TEAM_B),
)

LABELS: list[Any] = [None, "x", [], {NAME_LABEL: None}, {NAME_LABEL: 5}, {NAME_LABEL: ["ray-b"]}]
EXPRESSIONS: list[Any] = [None, "x", {}, [None], ["x"], [[]], [[], OWN_NAME], OWN_NAME, [OWN_NAME]]
VALUES: list[Any] = [None, [], "ray-b", ["ray-b", None], [[]], [{}]]
SELECTORS: list[Any] = [
    *([], {}, "x", 5, True),
    *({"matchLabels": odd} for odd in LABELS),
    *({"matchExpressions": odd} for odd in EXPRESSIONS),
    *({"matchExpressions": [OWN_NAME | {"values": odd}]} for odd in VALUES),
    {"matchExpressions": [OWN_NAME | {"operator": None}]},
    {"matchLabels": [], "matchExpressions": [OWN_NAME]},
]
PEERS: list[Any] = [None, "x", [], {}, {"podSelector": "x"}, {"podSelector": []}, {"ipBlock": {}}, {"ipBlock": "x"}]
RANGES: list[Any] = [
    *(None, 5, [], {}, "10.0.0.1", "10.0.0.0/08", "10.0.0.0/33", "10.0.0.1/8", "10.0/8", "010.0.0.0/8", "10.0.0.0/8\n"),
    *("0.0.0.0/0", "169.254.0.0/15", "169.254.1.0/24", "::/0", "fd00::/8", "fd12::/16", "FD12::/16", "fd00::%1/64"),
    *("169.254.170.23/32", "169.254.170.22/31", "169.254.170.24/32", "169.254.20.10/32", "169.254.170.23/24"),
    *("100.100.100.200/32", "100.64.0.0/10", "168.63.129.16/32", "64:ff9b::a9fe:a9fe/128", "64:ff9b::a00:0/104"),
    *("64:ff9b::/96", "::ffff:169.254.169.254/128", "fe80::a9fe:a9fe/128", "fd00:ec2::254/128"),
    *("::ffff:10.0.0.0/112", "::ffff:0a00:0/112", "fd00::1::/64", "fd00:1:2:3:4:5:6::/64", "fd00::1.2.3.4/128"),
]
EXCEPTIONS: list[Any] = [
    None,
    "169.254.0.0/16",
    ["169.254.0.0/15"],
    ["169.254.0.0/17"],
    [5],
    [[]],
    {},
    ["x", "0.0.0.0/1"],
    ["169.254.0.0/15", "168.63.129.16/32", "192.0.0.192/32"],
    ["169.254.0.0/15", "168.63.129.16/32", "192.0.0.193/32"],
    ["128.0.0.0/1"],
]
PORTS: list[Any] = [None, {}, 53, [[]], [None], [{"port": 53.0}], [{"port": "53"}], [{"port": True}], [{"port": [53]}]]

SPECS: list[Any] = [
    *(None, "x", [], {"ingress": None, "egress": "x"}, {"ingress": {}}, {"ingress": [[]]}, {"ingress": [None, {}]}),
    *({"ingress": [{"from": [{"namespaceSelector": odd}]}]} for odd in SELECTORS),
    *({"ingress": [{"from": [odd]}]} for odd in PEERS),
    *({"egress": [{"to": [odd]}]} for odd in PEERS),
    *({"egress": [{"to": [{"ipBlock": {"cidr": odd}}]}]} for odd in RANGES),
    *({"egress": [{"to": [{"ipBlock": {"cidr": "128.0.0.0/1", "except": odd}}]}]} for odd in EXCEPTIONS),
    *({"egress": [{"to": [DNS], "ports": odd}]} for odd in PORTS),
    *({"egress": [{"to": [CACHE], "ports": odd}]} for odd in [*PORTS, [{"port": 53, "protocol": "UDP"}]]),
]


@pytest.fixture(scope="module")
def documents() -> list[Document]:
    (sample, *_) = good(NETWORK_POLICIES, CONFIG.platform, TEAM_B)
    text = yamlio.dump([*({**sample, "spec": spec} for spec in SPECS), policy("rayfence-dns"), policy("rayfence")])
    return [each for each in yamlio.read(text, "odd.yaml") if isinstance(each, Document)]


@pytest.fixture(scope="module")
def by_engine(documents: list[Document]) -> list[Result]:
    return check(CONFIG, documents, "clusterpolicy", find(KYVERNO, lambda sentence: None).path, jobs=2)


def said(result: Result) -> tuple[str, set[tuple[str, str]]]:
    return result.verdict.value, {(finding.rule, finding.path) for finding in result.findings}


@pytest.mark.engine
def test_both_readings_say_the_same_of_odd_values(documents: list[Document], by_engine: list[Result]) -> None:
    both = zip([*SPECS, "reserved", "free"], Evaluator(CONFIG).results(documents), by_engine, strict=True)

    assert [] == [title for title, ours, theirs in both if said(ours) != said(theirs)]


@pytest.mark.parametrize("name", [None, "mine"])
def test_a_name_that_is_yet_to_be_made_is_rayfences_by_its_beginning(name: str | None) -> None:
    value = policy()
    value["metadata"] |= {"name": name, "generateName": "rayfence-"}
    (found,) = guard_network_policies.violations(Workload(value), TEAM_A, PLATFORM)

    assert ("metadata.name", "metadata.generateName") == (str(found.path), str(found.about))
    assert [] == broken(value, Request(BACKGROUND))


@pytest.mark.parametrize("given", ["rayfence", "my-rayfence-", "", None, 5, []])
def test_other_names_that_are_yet_to_be_made_are_the_tenants(given: object) -> None:
    value = policy()
    value["metadata"]["generateName"] = given

    assert [] == broken(value)
