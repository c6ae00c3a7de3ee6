"""Picks the other tenants that a proof about one tenant needs, so that not every pair of tenants is computed."""

from __future__ import annotations

from collections.abc import Iterable

from rayfence.model.config import Tenant
from rayfence.reach.policies import Json
from rayfence.reach.scenario import Scenario
from rayfence.reach.witnesses import named_namespaces, peers_of

# Up to this many tenants, every one of them meets every other.
EVERYBODY = 12


def neighbours(scenario: Scenario, tenant: Tenant) -> list[Tenant]:
    """The other tenants, or in a large config those that can matter.

    A flow between two tenants is let through at each end by a rule that names the other end, or by nothing that looks
    at who that is. Whoever this tenant's rules name is here, and a tenant whose rules name this one meets it in its own
    world. Where neither end looks, any tenant of the same shape does as well, so one of each shape is here.
    """
    others = [each for each in scenario.config.tenants if each is not tenant]
    if len(others) < EVERYBODY:
        return others
    owners = scenario.config.by_namespace()
    chosen = {owners[space].name for space in _named(scenario.policies(tenant)) if space in owners}
    shapes: dict[str, Tenant] = {}
    for each in others:
        shapes.setdefault(scenario.shapes[each.name], each)
    chosen |= {each.name for each in shapes.values()}
    return [each for each in others if each.name in chosen]


def _named(policies: Iterable[Json]) -> set[str]:
    selectors = (peer.get("namespaceSelector") for _, peer in peers_of(policies))
    return {space for each in selectors if each is not None for space in named_namespaces(each) or ()}
