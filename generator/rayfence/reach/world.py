"""Builds the cluster as one tenant meets it: its own pods, and every endpoint that it may connect to.

It has all other tenants, or in a large config only those that can matter; see `neighbours`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import chain, count

from rayfence.model.config import Platform, Tenant
from rayfence.reach.findings import Role
from rayfence.reach.neighbours import neighbours
from rayfence.reach.own import own_peers
from rayfence.reach.policies import Json, Policy, read
from rayfence.reach.population import (
    Addresses,
    Inhabitant,
    addresses,
    api_server_of,
    outsiders,
    platform_of,
    pods_of,
    redis_of,
)
from rayfence.reach.redis import Redis
from rayfence.reach.scenario import Scenario
from rayfence.reach.topology import Address, Endpoint, Pod, Topology
from rayfence.reach.witnesses import AddressLike, PodLike, Witness, peers_of, witnesses
from rayfence.workload import API_GROUP


@dataclass(frozen=True, slots=True)
class World:
    """`inhabitants` by endpoint, the tenant's own first. `more` are its policies that are not of the layered set.

    `redis` are those of the tenant's RayClusters, as they stand among the inhabitants.
    """

    scenario: Scenario
    tenant: Tenant
    inhabitants: Mapping[Endpoint, Inhabitant]
    topology: Topology
    more: tuple[Policy, ...] = ()
    redis: Mapping[Redis, Inhabitant] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        """The decisions that hold for every tenant."""
        return self.scenario.config.platform

    def own(self, *roles: Role) -> list[Inhabitant]:
        """The tenant's pods of these roles."""
        return [each for each in self.inhabitants.values() if each.tenant is self.tenant and each.role in roles]

    def others(self, *roles: Role) -> list[Inhabitant]:
        """Those of these roles who are no tenant's."""
        return [each for each in self.inhabitants.values() if each.tenant is None and each.role in roles]


def world(scenario: Scenario, tenant: Tenant, also: Iterable[Tenant] = ()) -> World:
    """The tenant with its neighbours, and with those tenants that are asked for."""
    met = {each.name: each for each in (*neighbours(scenario, tenant), *also) if each is not tenant}
    others = list(met.values())
    free = addresses()
    crowd = list(_crowd(scenario, tenant, others, free))
    own, owners = scenario.policies(tenant), scenario.config.by_namespace()
    redis = dict(redis_of(tenant, scenario.made[tenant.name], own, owners, free))
    crowd += redis.values()
    # Whom the config names is there, too, even if no policy obeys it.
    peers = [*peers_of(own), *own_peers(tenant)]
    wanted = [each for each in _wanted(peers, crowd) if not _is_rays(each, tenant)]
    crowd += _peers(wanted, tenant, owners, free)
    made_up = {each.namespace: each.namespace_labels for each in wanted if isinstance(each, PodLike)}
    labels = {namespace: found for namespace, found in made_up.items() if found is not None}
    policies = [policy for one in (tenant, *others) for policy in scenario.policies(one)]
    topology = Topology(labels, [each.endpoint for each in crowd], [*policies, *scenario.elsewhere])
    more = tuple(map(read, scenario.more[tenant.name]))
    return World(scenario, tenant, {each.endpoint: each for each in crowd}, topology, more, redis)


def _crowd(scenario: Scenario, tenant: Tenant, others: Sequence[Tenant], free: Addresses) -> Iterator[Inhabitant]:
    platform = scenario.config.platform
    label = platform.tenant_label
    own = list(pods_of(tenant, scenario.made[tenant.name], label, free))
    yield from own
    for other in others:
        yield from pods_of(other, scenario.made[other.name], label, free)
    yield from platform_of(platform, free)
    yield from api_server_of(platform, scenario.made[tenant.name])
    worn = _worn(own) | {label: tenant.name}
    yield from outsiders(platform, tenant.name, _unclaimed(scenario), worn, free)
    # The other tenant's own layer may stop this one, which is why there is one in nobody's namespace as well.
    if others:
        impostor = Pod(others[0].namespaces[0], f"forged-as-{tenant.name}", next(free), worn)
        yield Inhabitant(impostor, Role.FORGED)


def _worn(own: Iterable[Inhabitant]) -> dict[str, str]:
    """The labels of the tenant's heads and submitters, all at once."""
    copied = (each for each in own if each.role in (Role.SUBMITTER, Role.HEAD))
    return {key: value for each in copied for key, value in each.labels.items()}


def _unclaimed(scenario: Scenario) -> str:
    """A namespace of nobody's."""
    owners = scenario.config.by_namespace()
    return next(name for name in chain(["stranger"], (f"stranger-{n}" for n in count(2))) if name not in owners)


def _wanted(peers: Iterable[tuple[str, Json]], crowd: Iterable[Inhabitant]) -> list[Witness]:
    """Those whom these peers name and of whose like there is nobody yet."""
    there, found = [each.endpoint for each in crowd], dict[str, Witness]()
    for namespace, peer in peers:
        for each in witnesses(peer, namespace):
            if not any(_is_like(endpoint, each) for endpoint in there):
                found.setdefault(repr(each), each)
    return list(found.values())


def _is_rays(wanted: Witness, tenant: Tenant) -> bool:
    """Whether only a Ray object brings such a pod into the tenant's namespaces: none of them is missing here."""
    if not isinstance(wanted, PodLike) or wanted.namespace not in tenant.namespaces:
        return False
    return any(key.startswith(f"{API_GROUP}/") for key in wanted.labels)


def _is_like(endpoint: Endpoint, wanted: Witness) -> bool:
    if isinstance(wanted, PodLike) and isinstance(endpoint, Pod):
        return endpoint.namespace == wanted.namespace and wanted.labels.items() <= endpoint.labels.items()
    if isinstance(wanted, AddressLike) and isinstance(endpoint, Address):
        return ip_address(endpoint.ip) in ip_network(wanted.cidr, strict=False)
    return False


def _peers(
    wanted: Iterable[Witness], tenant: Tenant, owners: Mapping[str, Tenant], free: Addresses
) -> Iterator[Inhabitant]:
    for number, each in enumerate(wanted, 1):
        if isinstance(each, AddressLike):
            yield Inhabitant(Address(each.cidr, each.ip), Role.PEER)
            continue
        name = "-".join([f"peer-{number}", *each.labels.values()])
        owner = owners.get(each.namespace)
        role = Role.NOTEBOOK if owner is tenant else Role.PEER
        yield Inhabitant(Pod(each.namespace, name, next(free), each.labels), role, owner)
