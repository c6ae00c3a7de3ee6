"""Findings as `rayfence reach` makes them, of as many tenants as a test wants, every second with two namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rayfence.reach.findings import Counterexample, Edge, Findings, Group, GroupKind, Member, Proof, Role

OPERATOR = Member("kuberay-operator/kuberay-operator", "kuberay-operator", "kuberay-operator", Role.OPERATOR)
PROMETHEUS = Member("monitoring/prometheus", "prometheus", "monitoring", Role.MONITORING)
DNS = Member("kube-system/coredns", "coredns", "kube-system", Role.DNS)
API_SERVER = Member("kube-apiserver", "kube-apiserver", "", Role.API_SERVER)
STRANGER = Member("elsewhere/stranger", "stranger", "elsewhere", Role.STRANGER)
FORGED = Member("elsewhere/forged", "forged", "elsewhere", Role.FORGED)
STORE = Member("10.20.0.0/16", "10.20.0.0/16", "", Role.ADDRESS)

PLATFORM = Group(
    "platform",
    GroupKind.PLATFORM,
    ("kuberay-operator", "monitoring", "kube-system"),
    (OPERATOR, PROMETHEUS, DNS, API_SERVER),
)
OUTSIDE = Group("outside", GroupKind.OUTSIDE, ("elsewhere",), (STRANGER, FORGED, STORE))

ROLES = {"head": Role.HEAD, "workers": Role.WORKER, "submitter": Role.SUBMITTER, "notebook": Role.NOTEBOOK}
HEAD_OF_1, HEAD_OF_2 = "team-1/ray-head", "team-2/ray-head"


def tenant(name: str, spaces: tuple[str, ...]) -> Group:
    members = (
        Member(f"{space}/{pod}", pod, space, role)
        for space in spaces
        for pod, role in (
            (f"ray-{name}" if role in (Role.HEAD, Role.WORKER) else name, role) for name, role in ROLES.items()
        )
    )
    return Group(name, GroupKind.TENANT, spaces, tuple(members))


def sample(tenants: int = 3, *counterexamples: Counterexample, extra: tuple[Edge, ...] = ()) -> Findings:
    """An isolation that holds, as in mode DenyAll; `extra` edges and `counterexamples` spoil it."""
    groups = [
        tenant(f"team-{n}", (f"team-{n}", f"team-{n}-dev") if n % 2 == 0 else (f"team-{n}",))
        for n in range(1, tenants + 1)
    ]
    edges = tuple(edge for group in groups for edge in edges_of(group))
    asked = {Proof.RUNS: 34 * tenants, Proof.ISOLATED: 412 * tenants, Proof.MINIMAL: 18 * tenants}
    return Findings(
        (*groups, PLATFORM, OUTSIDE), (*edges, *extra), counterexamples, asked, ("Pods are one of a kind.",)
    )


def edges_of(group: Group) -> Iterator[Edge]:
    pods = {(member.namespace, member.role): member for member in group.members}
    for (space, role), pod in pods.items():
        yield edge(pod, DNS, "UDP 53", "TCP 53", rule=f"{space}/rayfence-dns egress[0]")
        if role in (Role.HEAD, Role.WORKER):
            yield edge(PROMETHEUS, pod, "TCP 8080", rule=f"{space}/rayfence-monitoring ingress[0]")
            other = pods[space, Role.WORKER if role is Role.HEAD else Role.HEAD]
            yield edge(pod, other, "all ports", rule=f"{space}/rayfence-ray-{other.role} ingress[0]")
        if role is Role.HEAD:
            yield edge(OPERATOR, pod, "TCP 8265", "TCP 8000", rule=f"{space}/rayfence-operator ingress[0]")
            yield edge(pod, API_SERVER, "TCP 6443", rule=f"{space}/rayfence-apiserver egress[0]")
        if role is Role.WORKER and len(group.namespaces) > 1:
            yield edge(pod, STORE, "TCP 443", "TCP 9000-9010", rule=f"{space}/rayfence-worker egress[0]")
        if role in (Role.SUBMITTER, Role.NOTEBOOK):
            for there in group.namespaces:
                ports = ("TCP 8265",) if role is Role.SUBMITTER else ("TCP 6379", "TCP 8265", "TCP 10001")
                yield edge(pod, pods[there, Role.HEAD], *ports, rule=f"{there}/rayfence-tenant ingress[0]")


def edge(source: Member, target: Member, *ports: str, rule: str, asked: bool = True) -> Edge:
    return Edge(source.id, target.id, ports, (rule,), asked)


HOLE = Counterexample(
    Proof.ISOLATED,
    f"isolated: {HEAD_OF_1} reaches {HEAD_OF_2} on TCP 6379, by team-2/open ingress[0]",
    HEAD_OF_1,
    HEAD_OF_2,
    "TCP 6379",
)
HOLE_EDGE = Edge(HEAD_OF_1, HEAD_OF_2, ("TCP 6379",), ("team-2/open ingress[0]",), False)
FROM_OUTSIDE = Counterexample(
    Proof.ISOLATED,
    f"isolated: {FORGED.id} reaches {HEAD_OF_1} on TCP 10001, by team-1/by-label ingress[0]",
    FORGED.id,
    HEAD_OF_1,
    "TCP 10001",
)
FROM_OUTSIDE_EDGE = Edge(FORGED.id, HEAD_OF_1, ("TCP 10001",), ("team-1/by-label ingress[0]",), False)
STARVED = Counterexample(
    Proof.RUNS,
    f"runs: team-3/ray-workers cannot reach {DNS.id} on UDP 53: team-3/rayfence-default-deny closes it",
    "team-3/ray-workers",
    DNS.id,
    "UDP 53",
)
IN_VAIN = Counterexample(Proof.MINIMAL, "minimal: nothing needs team-1/rayfence-extra egress[0]")


def spoilt(tenants: int = 3) -> Findings:
    """Two holes, a flow that Ray needs and does not get, and a rule too many."""
    found = sample(tenants, HOLE, FROM_OUTSIDE, STARVED, IN_VAIN, extra=(HOLE_EDGE, FROM_OUTSIDE_EDGE))
    unasked = Edge("team-1/notebook", STORE.id, ("all ports",), ("nothing closes egress of team-1/notebook",), False)
    kept = tuple(each for each in found.edges if (each.source_id, each.target_id) != ("team-3/ray-workers", DNS.id))
    return replace(found, edges=(*kept, unasked))
