"""Lists the ports that the config asks for between two members. It reads the config, never the policies.

A connection is intended if each end that has a default deny intends it. A direction that a tenant's mode does not deny
is open to everyone except other tenants. A tenant without a network layer leaves both directions open, also to other
tenants.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network

from rayfence.model.config import Peer, Tenant
from rayfence.model.metadata_services import SHUT, may_be_opened
from rayfence.network.policy import DASHBOARD_PORT, directions
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import METRICS_PORT
from rayfence.reach.own import own_rules
from rayfence.reach.policies import EGRESS, INGRESS
from rayfence.reach.population import Inhabitant
from rayfence.reach.spans import EVERY_PORT, Span, Spans, common, on, union
from rayfence.reach.topology import Pod
from rayfence.reach.ways import spans_of
from rayfence.reach.world import World


def named(world: World, source: Inhabitant, target: Inhabitant) -> Spans:
    """The ports that the configuration asks for from one to the other; one of them is a tenant's."""
    between_tenants = target.tenant is not None and source.tenant not in (None, target.tenant)
    spans = EVERY_PORT
    if target.tenant and (closes(target.tenant, INGRESS) or (between_tenants and target.tenant.network.enforce)):
        spans = common(spans, union(_ingress(world, source, target, target.tenant)))
    if source.tenant and closes(source.tenant, EGRESS):
        spans = common(spans, union(_egress(world, source, target, source.tenant)))
    return spans


def closes(tenant: Tenant, direction: str) -> bool:
    """Whether the tenant's pods are to be closed in a direction."""
    return tenant.network.enforce and direction in directions(tenant.network.mode)


def _ingress(world: World, source: Inhabitant, target: Inhabitant, tenant: Tenant) -> Iterator[Span]:
    yield from _among_themselves(source, target, tenant)
    if target.role is Role.HEAD and _is(world.platform.operator.peer, source):
        yield from on({*world.platform.operator.ports, *_dashboard(target)})
    if target.role in (Role.HEAD, Role.WORKER) and source.namespace and source.namespace == world.platform.monitoring:
        yield from on({METRICS_PORT, target.metrics})
    if source.submits_to_head(target):
        yield from on({DASHBOARD_PORT, *_dashboard(target)})
    yield from _by_own_rules(world, INGRESS, target, source, target, tenant)


def _egress(world: World, source: Inhabitant, target: Inhabitant, tenant: Tenant) -> Iterator[Span]:
    yield from _among_themselves(source, target, tenant)
    if _is(world.platform.dns.peer, target) or _is_in(world.platform.dns.cidrs, target):
        yield from on([53], "UDP", "TCP")
    if source.role is Role.HEAD and _is_in(world.platform.api_server.cidrs, target):
        yield from on([world.platform.api_server.port])
    if source.role is Role.SUBMITTER and target.role is Role.HEAD and source.namespace == target.namespace:
        yield from on({DASHBOARD_PORT, *_dashboard(target)})
    if target.namespace in world.platform.egress.namespaces or _is_listed(world, target):
        yield from EVERY_PORT
    yield from _by_own_rules(world, EGRESS, source, target, target, tenant)


def _among_themselves(source: Inhabitant, target: Inhabitant, tenant: Tenant) -> Iterator[Span]:
    if source.shares_cluster(target):
        yield from EVERY_PORT
    if tenant.network.scope == "tenant" and source.tenant is target.tenant:
        yield from on(tenant.network.ports)


def _by_own_rules(
    world: World, direction: str, subject: Inhabitant, other: Inhabitant, target: Inhabitant, tenant: Tenant
) -> Iterator[Span]:
    own = (rule for rule in own_rules(tenant, subject.role, subject.namespace) if rule.direction == direction)
    # What a tenant opens between its own pods, with policies of its own, is its own affair.
    more = world.more if subject.tenant is other.tenant else ()
    beside = (rule for policy in more if policy.selects(subject.endpoint) for rule in policy.rules.get(direction, ()))
    for rule in (*own, *beside):
        if rule.names(other.endpoint, world.topology):
            yield from spans_of(rule.value, target.endpoint)


def _dashboard(head: Inhabitant) -> list[int]:
    return [head.cluster.dashboard] if head.cluster else []


def _is(peer: Peer, other: Inhabitant) -> bool:
    return other.namespace == peer.namespace and peer.pod_labels.items() <= other.labels.items()


def _is_in(cidrs: Iterable[str], other: Inhabitant) -> bool:
    if isinstance(other.endpoint, Pod):
        return False
    address = ip_address(other.endpoint.ip)
    return any(address in ip_network(cidr, strict=False) for cidr in cidrs)


def _is_listed(world: World, other: Inhabitant) -> bool:
    """Whether the platform opens an address. One that is shut it opens by listing it alone, if at all."""
    cidrs = world.platform.egress.cidrs
    if isinstance(other.endpoint, Pod) or not any(ip_address(other.endpoint.ip) in each for each in SHUT):
        return _is_in(cidrs, other)
    alone = ip_network(other.endpoint.ip)
    return may_be_opened(alone) and any(ip_network(each, strict=False) == alone for each in cidrs)
