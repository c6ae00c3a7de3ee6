"""Lists the flows that Ray needs and that the config asks for, each with its reason.

It follows from how KubeRay and Ray work and from the config, never from the policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from rayfence.model.config import Network, Scope
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import RayCluster
from rayfence.reach.named import closes
from rayfence.reach.own import own_rules
from rayfence.reach.policies import EGRESS, INGRESS, Rule
from rayfence.reach.population import INTERNET, Inhabitant
from rayfence.reach.redis import Redis
from rayfence.reach.topology import Flow
from rayfence.reach.ways import spans_of
from rayfence.reach.world import World

AGENT_PORT = 52365
HEAD_PORTS = {"port": 6379, "dashboard-port": 8265, "ray-client-server-port": 10001}
# Node managers, object managers and agents listen where the kernel puts them, workers and drivers in Ray's own range.
RANDOM_PORTS = (10002, 14142, 19999, 30000, 38129, 46273, 60000)


@dataclass(frozen=True, slots=True)
class Need:
    """A flow that must be open, and what for. `remedy` says what to write where it is closed, if that is known."""

    flow: Flow
    reason: str
    remedy: str = ""


def needs(world: World) -> Iterator[Need]:
    """All that the world's tenant needs."""
    yield from _inside_clusters(world)
    yield from _names(world)
    yield from _platform(world)
    yield from _api_server(world)
    yield from _redis(world)
    yield from _submitters(world)
    yield from _notebooks(world)
    yield from _serve(world)
    yield from _own_rules(world)
    yield from _left_open(world)


def _inside_clusters(world: World) -> Iterator[Need]:
    for source, target in permutations(world.own(Role.HEAD, Role.WORKER), 2):
        if source.shares_cluster(target) and target.cluster:
            for port in _ray_ports(target.cluster, target):
                yield _need(source, target, port, "Ray, inside a cluster")


def _ray_ports(cluster: RayCluster, pod: Inhabitant) -> list[int]:
    fixed = [cluster.port(name, default) for name, default in HEAD_PORTS.items()] if pod.role is Role.HEAD else []
    return [*fixed, pod.metrics, AGENT_PORT, *RANDOM_PORTS]


def _names(world: World) -> Iterator[Need]:
    for dns in world.others(Role.DNS):
        for pod in world.own(Role.HEAD, Role.WORKER, Role.SUBMITTER, Role.CLEANUP, Role.NOTEBOOK):
            yield from (_need(pod, dns, 53, "DNS", protocol) for protocol in ("UDP", "TCP"))


def _platform(world: World) -> Iterator[Need]:
    for head in world.own(Role.HEAD):
        ports = [*world.platform.operator.ports, *([head.cluster.dashboard] if head.cluster else [])]
        for operator in world.others(Role.OPERATOR):
            yield from (_need(operator, head, port, "the operator") for port in dict.fromkeys(ports))
    for prometheus in world.others(Role.MONITORING):
        for pod in world.own(Role.HEAD, Role.WORKER):
            yield _need(prometheus, pod, pod.metrics, "metrics")


def _api_server(world: World) -> Iterator[Need]:
    port, found = world.platform.api_server.port, world.others(Role.API_SERVER)
    for pod in world.own(Role.HEAD, Role.WORKER):
        if pod.cluster is None:
            continue
        remedy = " and ".join(_openings_to_api_server(world, pod))
        if pod.cluster.autoscales and pod.role is Role.HEAD:
            yield from (_need(pod, server, port, "the autoscaler", remedy=remedy) for server in found)
        if pod.cluster.verifies_tokens:
            yield from (_need(pod, server, port, "token review", remedy=remedy) for server in found)


def _openings_to_api_server(world: World, pod: Inhabitant) -> Iterator[str]:
    """What to write for a pod to reach the API server: heads alone reach it as soon as the config has its address."""
    if not world.platform.api_server.cidrs:
        yield "set apiServer.cidrs in the Platform"
    if pod.role is Role.WORKER and world.scenario.by_rayfence:
        yield f"open the API server in network.worker.egress of {world.tenant.name}"


def _redis(world: World) -> Iterator[Need]:
    """Of a fault-tolerant cluster the head, and the pod that clears Redis when the cluster is deleted."""
    for pod in world.own(Role.HEAD, Role.CLEANUP):
        for redis in pod.cluster.redis if pod.cluster else ():
            remedy = _opening_to_redis(world, redis)
            yield _need(pod, world.redis[redis], redis.port, "GCS fault tolerance", remedy=remedy)


def _opening_to_redis(world: World, redis: Redis) -> str:
    owner = world.redis[redis].tenant
    if not world.scenario.by_rayfence:
        return ""
    if owner is world.tenant:
        return f"list {redis.port} in network.ports of {owner.name}, under the scope tenant"
    if owner:
        return f"{redis.namespace} belongs to {owner.name}, so use a Redis of {world.tenant.name}'s own"
    return f"open {redis} in network.head.egress of {world.tenant.name}"


def _submitters(world: World) -> Iterator[Need]:
    for submitter in world.own(Role.SUBMITTER):
        for head in world.own(Role.HEAD):
            if submitter.submits_to_head(head) and head.cluster:
                yield _need(submitter, head, head.cluster.dashboard, "the job's submitter")


def _notebooks(world: World) -> Iterator[Need]:
    if world.tenant.network.scope is Scope.TENANT:
        for notebook in world.own(Role.NOTEBOOK):
            for head in world.own(Role.HEAD):
                yield from (_need(notebook, head, port, "network.ports") for port in world.tenant.network.ports)


def _serve(world: World) -> Iterator[Need]:
    """A proxy of Serve may run on every pod of a RayService's cluster."""
    network, notebooks = world.tenant.network, world.own(Role.NOTEBOOK)
    for pod in world.own(Role.WORKER):
        if pod.cluster and pod.cluster.service and calls_serve(network, pod.cluster):
            yield from (_need(notebook, pod, pod.cluster.serve_port, "Serve") for notebook in notebooks)


def calls_serve(network: Network, cluster: RayCluster) -> bool:
    """Whether the tenant's own pods are to reach Serve on the pods of a RayService's cluster."""
    return network.scope is Scope.TENANT and cluster.serve_port in network.ports


def _own_rules(world: World) -> Iterator[Need]:
    """One flow for each rule that the tenant wrote, from or to everybody whom it names."""
    for pod in world.own(Role.HEAD, Role.WORKER):
        for rule in own_rules(world.tenant, pod.role, pod.namespace):
            if closes(world.tenant, rule.direction):
                yield from _by_rule(world, rule, pod)


def _by_rule(world: World, rule: Rule, pod: Inhabitant) -> Iterator[Need]:
    for other in world.inhabitants.values():
        source, target = (other, pod) if rule.direction == INGRESS else (pod, other)
        opened = spans_of(rule.value, target.endpoint)
        # Of a pod of the tenant's own, or of another's, the other end decides as well.
        is_free = other.tenant is None and other.role is not Role.FORGED
        if is_free and opened and rule.names(other.endpoint, world.topology):
            yield _need(source, target, opened[0].first, f"{rule}, the tenant's own", opened[0].protocol)


def _left_open(world: World) -> Iterator[Need]:
    """A mode that closes one direction leaves the other to everybody, as KubeRay's does."""
    for pod in world.own(Role.HEAD, Role.WORKER):
        if not closes(world.tenant, EGRESS):
            yield Need(Flow(pod.endpoint, INTERNET, 443), "egress, which the mode leaves open")
        if not closes(world.tenant, INGRESS):
            for stranger in world.others(Role.STRANGER):
                yield _need(stranger, pod, 8265, "ingress, which the mode leaves open")


def _need(
    source: Inhabitant, target: Inhabitant, port: int, reason: str, protocol: str = "TCP", remedy: str = ""
) -> Need:
    # Where a Ray object has no NetworkPolicies of its own, that is why its flows are closed.
    remedy = remedy or source.lacks or target.lacks
    return Need(Flow(source.endpoint, target.endpoint, port, protocol), reason, remedy)
