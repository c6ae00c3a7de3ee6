"""Lists the flows that Ray needs, and the ports that the config intends to be open, between the members of a cluster.

Both follow from how KubeRay and Ray work and from the config, never from the policies.

A connection is intended if each end that has a default deny intends it. A direction that a tenant's mode does not deny
is open to everyone except other tenants. A tenant without a network layer leaves both directions open, also to other
tenants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from itertools import permutations

from rayfence.model.config import Network, Peer, Scope, Tenant
from rayfence.model.metadata_services import SHUT, may_be_opened
from rayfence.network.policy import DASHBOARD_PORT, directions
from rayfence.reach.cluster_model import INTERNET, ClusterMember, ClusterModel
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import METRICS_PORT, RayCluster
from rayfence.reach.peers import own_rules
from rayfence.reach.policies import (
    ALL_PORTS,
    EGRESS,
    INGRESS,
    PortRange,
    PortSet,
    Rule,
    intersection,
    single_ports,
    union,
)
from rayfence.reach.redis import Redis
from rayfence.reach.topology import Flow, Pod

AGENT_PORT = 52365
# Node managers, object managers and agents listen where the kernel puts them, workers and drivers in Ray's own range.
RANDOM_PORTS = (10002, 14142, 19999, 30000, 38129, 46273, 60000)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A flow that must be open, and what for. `remedy` says what to write where it is closed, if that is known."""

    flow: Flow
    reason: str
    remedy: str = ""


def requirements(model: ClusterModel) -> Iterator[Requirement]:
    """All flows that the tenant of a model needs."""
    yield from _inside_clusters(model)
    yield from _dns(model)
    yield from _platform(model)
    yield from _api_server(model)
    yield from _redis(model)
    yield from _submitters(model)
    yield from _notebooks(model)
    yield from _serve(model)
    yield from _own_rules(model)
    yield from _left_open(model)


def _inside_clusters(model: ClusterModel) -> Iterator[Requirement]:
    for source, target in permutations(model.own(Role.HEAD, Role.WORKER), 2):
        if _share_cluster(source, target) and target.cluster:
            head_ports = target.cluster.head_ports if target.role is Role.HEAD else ()
            for port in (*head_ports, target.metrics, AGENT_PORT, *RANDOM_PORTS):
                yield _requirement(source, target, port, "Ray, inside a cluster")


def _dns(model: ClusterModel) -> Iterator[Requirement]:
    for dns in model.others(Role.DNS):
        for pod in model.own(Role.HEAD, Role.WORKER, Role.SUBMITTER, Role.CLEANUP, Role.NOTEBOOK):
            yield from (_requirement(pod, dns, 53, "DNS", protocol) for protocol in ("UDP", "TCP"))


def _platform(model: ClusterModel) -> Iterator[Requirement]:
    for head in model.own(Role.HEAD):
        ports = [*model.platform.operator.ports, *_dashboard(head)]
        for operator in model.others(Role.OPERATOR):
            yield from (_requirement(operator, head, port, "the operator") for port in dict.fromkeys(ports))
    for prometheus in model.others(Role.MONITORING):
        for pod in model.own(Role.HEAD, Role.WORKER):
            yield _requirement(prometheus, pod, pod.metrics, "metrics")


def _api_server(model: ClusterModel) -> Iterator[Requirement]:
    port, found = model.platform.api_server.port, model.others(Role.API_SERVER)
    for pod in model.own(Role.HEAD, Role.WORKER):
        if pod.cluster is None:
            continue
        remedy = " and ".join(_api_server_remedies(model, pod))
        if pod.cluster.autoscales and pod.role is Role.HEAD:
            yield from (_requirement(pod, server, port, "the autoscaler", remedy=remedy) for server in found)
        if pod.cluster.verifies_tokens:
            yield from (_requirement(pod, server, port, "token review", remedy=remedy) for server in found)


def _api_server_remedies(model: ClusterModel, pod: ClusterMember) -> Iterator[str]:
    """What to write for a pod to reach the API server: heads alone reach it as soon as the config has its address."""
    if not model.platform.api_server.cidrs:
        yield "set apiServer.cidrs in the Platform"
    if pod.role is Role.WORKER and model.scenario.by_rayfence:
        yield f"open the API server in network.worker.egress of {model.tenant.name}"


def _redis(model: ClusterModel) -> Iterator[Requirement]:
    """Of a fault-tolerant cluster the head, and the pod that clears Redis when the cluster is deleted."""
    for pod in model.own(Role.HEAD, Role.CLEANUP):
        for redis in pod.cluster.redis if pod.cluster else ():
            remedy = _redis_remedy(model, redis)
            yield _requirement(pod, model.redis[redis], redis.port, "GCS fault tolerance", remedy=remedy)


def _redis_remedy(model: ClusterModel, redis: Redis) -> str:
    owner = model.redis[redis].tenant
    if not model.scenario.by_rayfence:
        return ""
    if owner is model.tenant:
        return f"list {redis.port} in network.ports of {owner.name}, under the scope tenant"
    if owner:
        return f"{redis.namespace} belongs to {owner.name}, so use a Redis of {model.tenant.name}'s own"
    return f"open {redis} in network.head.egress of {model.tenant.name}"


def _submitters(model: ClusterModel) -> Iterator[Requirement]:
    for submitter in model.own(Role.SUBMITTER):
        for head in model.own(Role.HEAD):
            if _submits_to(submitter, head) and head.cluster:
                yield _requirement(submitter, head, head.cluster.dashboard, "the job's submitter")


def _notebooks(model: ClusterModel) -> Iterator[Requirement]:
    if model.tenant.network.scope is Scope.TENANT:
        for notebook in model.own(Role.NOTEBOOK):
            for head in model.own(Role.HEAD):
                yield from (_requirement(notebook, head, port, "network.ports") for port in model.tenant.network.ports)


def _serve(model: ClusterModel) -> Iterator[Requirement]:
    """A proxy of Serve may run on every pod of a RayService's cluster."""
    network, notebooks = model.tenant.network, model.own(Role.NOTEBOOK)
    for pod in model.own(Role.WORKER):
        if pod.cluster and pod.cluster.service and calls_serve(network, pod.cluster):
            yield from (_requirement(notebook, pod, pod.cluster.serve_port, "Serve") for notebook in notebooks)


def calls_serve(network: Network, cluster: RayCluster) -> bool:
    """Whether the tenant's own pods are to reach Serve on the pods of a RayService's cluster."""
    return network.scope is Scope.TENANT and cluster.serve_port in network.ports


def _own_rules(model: ClusterModel) -> Iterator[Requirement]:
    """One flow for each rule that the tenant wrote, from or to every peer that it matches."""
    for pod in model.own(Role.HEAD, Role.WORKER):
        for rule in own_rules(model.tenant, pod.role, pod.namespace):
            if denies_by_default(model.tenant, rule.direction):
                yield from _by_rule(model, rule, pod)


def _by_rule(model: ClusterModel, rule: Rule, pod: ClusterMember) -> Iterator[Requirement]:
    for other in model.members.values():
        source, target = (other, pod) if rule.direction == INGRESS else (pod, other)
        ports = rule.allowed_ports(target.endpoint)
        # If the other end is a pod of a tenant, its policies decide as well.
        is_free = other.tenant is None and other.role is not Role.FORGED
        if is_free and ports and rule.matches_peer(other.endpoint, model.topology):
            yield _requirement(source, target, ports[0].first, f"{rule}, the tenant's own", ports[0].protocol)


def _left_open(model: ClusterModel) -> Iterator[Requirement]:
    """A mode that denies one direction leaves the other open to everyone, as KubeRay's does."""
    for pod in model.own(Role.HEAD, Role.WORKER):
        if not denies_by_default(model.tenant, EGRESS):
            yield Requirement(Flow(pod.endpoint, INTERNET, 443), "egress, which the mode leaves open")
        if not denies_by_default(model.tenant, INGRESS):
            for stranger in model.others(Role.STRANGER):
                yield _requirement(stranger, pod, 8265, "ingress, which the mode leaves open")


def _requirement(
    source: ClusterMember, target: ClusterMember, port: int, reason: str, protocol: str = "TCP", remedy: str = ""
) -> Requirement:
    # Where a Ray object has no NetworkPolicies of its own, that is why its flows are closed.
    remedy = remedy or source.missing_label or target.missing_label
    return Requirement(Flow(source.endpoint, target.endpoint, port, protocol), reason, remedy)


def intended_ports(model: ClusterModel, source: ClusterMember, target: ClusterMember) -> PortSet:
    """The ports that the configuration asks for from one to the other; one of them is a tenant's."""
    between_tenants = target.tenant is not None and source.tenant not in (None, target.tenant)
    ports = ALL_PORTS
    # Between tenants, ingress is denied in every mode.
    if target.tenant and (
        denies_by_default(target.tenant, INGRESS) or (between_tenants and target.tenant.network.enforce)
    ):
        ports = intersection(ports, union(_ingress(model, source, target, target.tenant)))
    if source.tenant and denies_by_default(source.tenant, EGRESS):
        ports = intersection(ports, union(_egress(model, source, target, source.tenant)))
    return ports


def denies_by_default(tenant: Tenant, direction: str) -> bool:
    """Whether the tenant's pods have a default deny in a direction."""
    return tenant.network.enforce and direction in directions(tenant.network.mode)


def _ingress(model: ClusterModel, source: ClusterMember, target: ClusterMember, tenant: Tenant) -> Iterator[PortRange]:
    yield from _among_themselves(source, target, tenant)
    if target.role is Role.HEAD and _is(model.platform.operator.peer, source):
        yield from single_ports({*model.platform.operator.ports, *_dashboard(target)})
    if target.role in (Role.HEAD, Role.WORKER) and source.namespace and source.namespace == model.platform.monitoring:
        yield from single_ports({METRICS_PORT, target.metrics})
    if _submits_to(source, target):
        yield from single_ports({DASHBOARD_PORT, *_dashboard(target)})
    yield from _by_own_rules(model, INGRESS, source, target, tenant)


def _egress(model: ClusterModel, source: ClusterMember, target: ClusterMember, tenant: Tenant) -> Iterator[PortRange]:
    yield from _among_themselves(source, target, tenant)
    if _is(model.platform.dns.peer, target) or _is_in(model.platform.dns.cidrs, target):
        yield from single_ports([53], "UDP", "TCP")
    if source.role is Role.HEAD and _is_in(model.platform.api_server.cidrs, target):
        yield from single_ports([model.platform.api_server.port])
    if source.role is Role.SUBMITTER and target.role is Role.HEAD and source.namespace == target.namespace:
        yield from single_ports({DASHBOARD_PORT, *_dashboard(target)})
    if target.namespace in model.platform.egress.namespaces or _is_listed(model, target):
        yield from ALL_PORTS
    yield from _by_own_rules(model, EGRESS, source, target, tenant)


def _among_themselves(source: ClusterMember, target: ClusterMember, tenant: Tenant) -> Iterator[PortRange]:
    if _share_cluster(source, target):
        yield from ALL_PORTS
    if tenant.network.scope == "tenant" and source.tenant is target.tenant:
        yield from single_ports(tenant.network.ports)


def _by_own_rules(
    model: ClusterModel, direction: str, source: ClusterMember, target: ClusterMember, tenant: Tenant
) -> Iterator[PortRange]:
    subject, other = (target, source) if direction == INGRESS else (source, target)
    own = (rule for rule in own_rules(tenant, subject.role, subject.namespace) if rule.direction == direction)
    # A tenant may open anything between its own pods, with policies of its own.
    more = model.more if subject.tenant is other.tenant else ()
    beside = (rule for policy in more if policy.selects(subject.endpoint) for rule in policy.rules.get(direction, ()))
    for rule in (*own, *beside):
        if rule.matches_peer(other.endpoint, model.topology):
            yield from rule.allowed_ports(target.endpoint)


def _share_cluster(one: ClusterMember, other: ClusterMember) -> bool:
    """Whether both are pods of one RayCluster."""
    return one.cluster is not None and one.cluster is other.cluster


def _submits_to(submitter: ClusterMember, head: ClusterMember) -> bool:
    """Whether one is the submitter of a job that runs on the other's cluster."""
    if submitter.role is not Role.SUBMITTER or head.role is not Role.HEAD or head.cluster is None:
        return False
    return submitter.namespace == head.namespace and submitter.submits_to == head.cluster.name


def _dashboard(head: ClusterMember) -> list[int]:
    return [head.cluster.dashboard] if head.cluster else []


def _is(peer: Peer, other: ClusterMember) -> bool:
    return other.namespace == peer.namespace and peer.pod_labels.items() <= other.labels.items()


def _is_in(cidrs: Iterable[str], other: ClusterMember) -> bool:
    if isinstance(other.endpoint, Pod):
        return False
    address = ip_address(other.endpoint.ip)
    return any(address in ip_network(cidr, strict=False) for cidr in cidrs)


def _is_listed(model: ClusterModel, other: ClusterMember) -> bool:
    """Whether the platform's egress allows an address. Some addresses must be listed alone, and some stay shut."""
    cidrs = model.platform.egress.cidrs
    if isinstance(other.endpoint, Pod) or not any(ip_address(other.endpoint.ip) in each for each in SHUT):
        return _is_in(cidrs, other)
    alone = ip_network(other.endpoint.ip)
    return may_be_opened(alone) and any(ip_network(each, strict=False) == alone for each in cidrs)
