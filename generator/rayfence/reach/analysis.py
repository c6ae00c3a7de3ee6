"""Runs the proofs for all tenants of a scenario, or answers whether one connection is allowed.

Notes tell a reader what no proof covers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from ipaddress import ip_address

from rayfence.model.config import Config, Enforcement, Scope, Tenant
from rayfence.reach.cluster_model import ClusterMember, model_cluster
from rayfence.reach.connectivity import Connectivity, Decision
from rayfence.reach.findings import Counterexample, Edge, Findings, Group, GroupKind, Member, NotIsolated, Proof, Role
from rayfence.reach.kuberay import RayCluster
from rayfence.reach.policies import EGRESS, INGRESS
from rayfence.reach.proofs import prove
from rayfence.reach.requirements import calls_serve, denies_by_default
from rayfence.reach.scenario import Scenario, namespace_of, samples_autoscale
from rayfence.reach.topology import Address, Endpoint, Flow, Topology
from rayfence.rules import RULES
from rayfence.rules.shared import allowances

PLATFORM_ROLES = {Role.OPERATOR, Role.DNS, Role.MONITORING, Role.API_SERVER}

_UNPROVEN: Mapping[str, tuple[str, str]] = {
    "networks": ("allow.networks", "pods may attach additional networks, where no NetworkPolicy applies"),
    "pod_annotations": (
        "allow.podAnnotations",
        "pods may have annotations that change their network, address or cloud role",
    ),
    "exposure_annotations": ("allow.exposure.annotations", "controllers may expose Services outside the cluster"),
    "exposure_kinds": ("allow.exposure.kinds", "objects of these kinds may bypass NetworkPolicies"),
}
"""What a tenant may be allowed that NetworkPolicies do not bound, by the list, with its name in the config."""

_NAMED_TENANTS = 3


class UnknownEndpoint(ValueError):
    """A name of no endpoint; the message suggests others."""


@dataclass(frozen=True, slots=True)
class Question:
    """The ends by name: `namespace/pod`, an address' name, or any IP address."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"


def analyze(scenario: Scenario, progress: Callable[[int, int], None] = lambda done, total: None) -> Findings:
    """All proofs for all tenants. `progress` takes how many tenants are done, and of how many."""
    census, tenants = _Census(scenario), scenario.config.tenants
    edges, lines, asked = dict[tuple[str, str, bool], Edge](), dict[str, Counterexample](), Counter[Proof]()
    found: list[str] = []
    for number, tenant in enumerate(tenants):
        progress(number, len(tenants))
        model = model_cluster(scenario, tenant)
        proved = prove(model)
        census.add(model.members.values())
        # The connections between two tenants are in the model of each.
        edges.update({(each.source_id, each.target_id, each.named_by_config): each for each in proved.edges})
        lines.update({each.line: each for each in proved.counterexamples})
        found += proved.notes
        asked.update(proved.asked)
    return Findings(
        census.groups(),
        tuple(edges.values()),
        tuple(lines.values()),
        asked,
        (*notes(scenario), *found),
        tuple(_not_isolated(scenario.config)),
    )


class _Census:
    """Members by group, each once."""

    def __init__(self, scenario: Scenario) -> None:
        self._owners = scenario.owners
        self._tenants: dict[str, dict[str, Member]] = {each.name: {} for each in scenario.config.tenants}
        self._others: dict[GroupKind, dict[str, Member]] = {GroupKind.PLATFORM: {}, GroupKind.OUTSIDE: {}}

    def add(self, members: Iterable[ClusterMember]) -> None:
        for each in members:
            member = Member(str(each.endpoint), each.endpoint.name, each.namespace, each.role)
            owner = self._owners.get(each.namespace)
            kind = GroupKind.PLATFORM if each.role in PLATFORM_ROLES else GroupKind.OUTSIDE
            (self._tenants[owner.name] if owner else self._others[kind])[member.id] = member

    def groups(self) -> tuple[Group, ...]:
        tenants = [(name, GroupKind.TENANT, members) for name, members in self._tenants.items()]
        others = [(kind.value, kind, members) for kind, members in self._others.items()]
        return tuple(
            Group(
                name, kind, tuple(sorted({each.namespace for each in members.values()} - {""})), tuple(members.values())
            )
            for name, kind, members in [*tenants, *others]
        )


def _not_isolated(config: Config) -> Iterator[NotIsolated]:
    """The tenants whose rules are not enforced, or whose pods have no default deny."""
    for tenant in config.tenants:
        reasons = [] if tenant.enforcement is Enforcement.ENFORCE else [f"enforcement is {tenant.enforcement}"]
        reasons += [] if tenant.network.enforce else ["network.enforce is false"]
        if reasons:
            yield NotIsolated(tenant.name, ", ".join(reasons))


def notes(scenario: Scenario) -> Iterator[str]:
    """What the proofs do not cover, and RayServices that the tenant's own pods cannot call."""
    yield from _config_notes(scenario.config)
    shut = any(denies_by_default(tenant, EGRESS) for tenant in scenario.config.tenants)
    if shut and scenario.sampled and not samples_autoscale(scenario.config.platform):
        yield "apiServer.cidrs is empty, so heads cannot autoscale, and the samples do not; set it in the Platform"
    for tenant in scenario.config.tenants:
        for each in scenario.created[tenant.name]:
            if each.cluster and each.cluster.redis_is_unknown:
                name = f"RayCluster {namespace_of(each.cluster.manifest)}/{each.cluster.name}"
                unknown = "its manifest does not say where its Redis is"
                yield f"{name}: {unknown}, so it was not checked whether its head reaches it"
            if each.cluster:
                yield from _serve_notes(scenario, tenant, each.cluster)


def _config_notes(config: Config) -> Iterator[str]:
    """What the config lets tenants do that no proof about NetworkPolicies sees."""
    for rule in sorted(RULES, key=lambda rule: rule.ID):
        done = getattr(rule, "UNPROVEN", "")
        if done and rule.ID in config.platform.disabled_rules:
            yield f"{rule.ID} is disabled: {done}, and no proof covers that"
    for name, (field, done) in _UNPROVEN.items():
        who = [tenant.name for tenant in config.tenants if allowances.of(name, tenant, config.platform)]
        if who:
            more = f" and {len(who) - _NAMED_TENANTS} more" if len(who) > _NAMED_TENANTS else ""
            yield f"{field} of {', '.join(who[:_NAMED_TENANTS])}{more}: {done}, and no proof covers that"


def _serve_notes(scenario: Scenario, tenant: Tenant, cluster: RayCluster) -> Iterator[str]:
    """A RayService that the tenant's own pods cannot call."""
    network = tenant.network
    denied = denies_by_default(tenant, INGRESS) and scenario.by_rayfence
    if cluster.service and denied and not calls_serve(network, cluster):
        port = cluster.serve_port
        write = "set network.scope to tenant" if network.scope is Scope.CLUSTER else f"list {port} in network.ports"
        name = f"RayService {namespace_of(cluster.manifest)}/{cluster.service}"
        yield (
            f"{name}: {tenant.name}'s own pods do not reach Serve on {port}; {write}, "
            "or open it to its callers in network.head.ingress and network.worker.ingress"
        )


def answer(scenario: Scenario, question: Question) -> Decision:
    """Whether one flow is allowed, and why. Raises UnknownEndpoint for a name of no endpoint."""
    there = _topology_of_both(scenario, question)
    source, target = (_endpoint(there, name) for name in (question.source, question.target))
    endpoints = dict.fromkeys([*there.endpoints, source, target])
    topology = replace(there, endpoints=list(endpoints))
    return Connectivity(topology).decide(Flow(source, target, question.port, question.protocol))


def _topology_of_both(scenario: Scenario, question: Question) -> Topology:
    """A topology that both ends are in: that of a tenant of theirs, or any."""
    owners, spaces = scenario.owners, (name.partition("/")[0] for name in (question.target, question.source))
    theirs = [owners[space] for space in spaces if space in owners] or list(scenario.config.tenants)
    return model_cluster(scenario, theirs[0], theirs[:2]).topology


def _endpoint(there: Topology, name: str) -> Endpoint:
    known = {str(each): each for each in there.endpoints}
    if name in known:
        return known[name]
    try:
        return Address(name, str(ip_address(name)))
    except ValueError:
        raise UnknownEndpoint(_unknown(name, sorted(known))) from None


def _unknown(name: str, known: list[str]) -> str:
    beside = [each for each in known if each.partition("/")[0] == name.partition("/")[0]]
    close = get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"there is no {name}; {meant}there are {', '.join(beside or known)}"
