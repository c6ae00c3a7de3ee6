"""Reads the NetworkPolicy rules that a tenant wrote in its config for its heads and workers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rayfence.model.config import RoleRules, Tenant
from rayfence.reach.findings import Role
from rayfence.reach.policies import DIRECTIONS, EGRESS, INGRESS, Json, Rule


def own_rules(tenant: Tenant, role: Role, namespace: str) -> Iterator[Rule]:
    """Those for one role, as if they stood in a policy of a namespace."""
    network = tenant.network
    match role:
        case Role.HEAD:
            field, rules = "network.head", network.head
        case Role.WORKER:
            field, rules = "network.worker", network.worker
        case Role.CLEANUP:
            # The pod that clears a head's Redis must get to where the head did.
            field, rules = "network.head", RoleRules(egress=network.head.egress)
        case _:
            return
    written: Mapping[str, Iterable[Json]] = {INGRESS: rules.ingress, EGRESS: rules.egress}
    for direction in DIRECTIONS:
        for number, value in enumerate(written[direction]):
            yield Rule(field, direction, number, namespace, value)


def own_peers(tenant: Tenant) -> Iterator[tuple[str, Json]]:
    """Everybody whom they name, with each namespace of the tenant."""
    for namespace in tenant.namespaces:
        for role in (Role.HEAD, Role.WORKER):
            yield from ((namespace, peer) for rule in own_rules(tenant, role, namespace) for peer in rule.peers)
