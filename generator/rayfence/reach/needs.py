"""What must be open for Ray to start and to run, and for the config to be obeyed: flows out, each with its reason.

Read from KubeRay's and Ray's ways and from the config, never from the policies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations

from rayfence.config import Scope
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import RayCluster
from rayfence.reach.named import closes
from rayfence.reach.own import own_rules
from rayfence.reach.policies import EGRESS, INGRESS, Rule
from rayfence.reach.population import INTERNET, Inhabitant
from rayfence.reach.topology import Flow
from rayfence.reach.ways import spans_of
from rayfence.reach.world import World

AGENT_PORT = 52365
HEAD_PORTS = {"port": 6379, "dashboard-port": 8265, "ray-client-server-port": 10001}
# Node managers, object managers and agents listen where the kernel puts them, workers and drivers in Ray's own range.
RANDOM_PORTS = (10002, 14142, 19999, 30000, 38129, 46273, 60000)


@dataclass(frozen=True, slots=True)
class Need:
    """A flow that must be open, and what for."""

    flow: Flow
    reason: str


def needs(world: World) -> Iterator[Need]:
    """All that the world's tenant needs."""
    yield from _inside_clusters(world)
    yield from _names(world)
    yield from _platform(world)
    yield from _submitters(world)
    yield from _notebooks(world)
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
        for pod in world.own(Role.HEAD, Role.WORKER, Role.SUBMITTER, Role.NOTEBOOK):
            yield from (_need(pod, dns, 53, "DNS", protocol) for protocol in ("UDP", "TCP"))


def _platform(world: World) -> Iterator[Need]:
    for head in world.own(Role.HEAD):
        ports = [*world.platform.operator.ports, *([head.cluster.dashboard] if head.cluster else [])]
        for operator in world.others(Role.OPERATOR):
            yield from (_need(operator, head, port, "the operator") for port in dict.fromkeys(ports))
        if head.cluster and head.cluster.autoscales:
            for server in world.others(Role.API_SERVER):
                yield _need(head, server, world.platform.api_server.port, "the autoscaler")
    for prometheus in world.others(Role.MONITORING):
        for pod in world.own(Role.HEAD, Role.WORKER):
            yield _need(prometheus, pod, pod.metrics, "metrics")


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


def _need(source: Inhabitant, target: Inhabitant, port: int, reason: str, protocol: str = "TCP") -> Need:
    return Need(Flow(source.endpoint, target.endpoint, port, protocol), reason)
