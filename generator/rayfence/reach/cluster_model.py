"""Models the cluster as one tenant meets it: its own pods, and every endpoint that it may connect to.

It has all other tenants, or in a large config only those that can matter, so that not every pair is computed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from itertools import chain, count

from rayfence.model.config import Peer, Platform, Tenant
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import METRICS_PORT, CreatedPod, KubeRayObjects, RayCluster
from rayfence.reach.peers import (
    PeerAddress,
    PeerPod,
    SamplePeer,
    named_namespaces,
    own_peers,
    peers_of,
    redis_endpoint,
    sample_peers,
)
from rayfence.reach.policies import Json, Policy, read
from rayfence.reach.redis import Redis
from rayfence.reach.scenario import Scenario
from rayfence.reach.topology import Address, Endpoint, Pod, Topology
from rayfence.workload import API_GROUP

INTERNET = Address("internet", "203.0.113.10")
METADATA = Address("metadata-service", "169.254.169.254")
# The first address of kubeadm's Services is the API server's.
USUAL_API_SERVER = Address("api-server", "10.96.0.1")

Labels = Mapping[str, str]
PodIps = Iterator[str]

# Up to this many tenants, every one of them meets every other.
ALL_TENANTS_UP_TO = 12


@dataclass(frozen=True, slots=True)
class ClusterMember:
    """An endpoint, its role and its tenant. A submitter has a `job`, and the name of the RayCluster it submits to.

    `missing_label` says why the object that it comes from has no NetworkPolicies of its own, '' where it has them.
    """

    endpoint: Endpoint
    role: Role
    tenant: Tenant | None = None
    cluster: RayCluster | None = None
    job: str = ""
    submits_to: str = ""
    metrics: int = METRICS_PORT
    missing_label: str = ""

    @property
    def namespace(self) -> str:
        """Its namespace, '' for an address."""
        return self.endpoint.namespace if isinstance(self.endpoint, Pod) else ""

    @property
    def labels(self) -> Labels:
        """Its labels, none for an address."""
        return self.endpoint.labels if isinstance(self.endpoint, Pod) else {}


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """The cluster as one tenant meets it.

    `members` are by endpoint, the tenant's own first. `more` are the tenant's policies in addition to the network
    layer. `redis` are those of the tenant's RayClusters; they are members too.
    """

    scenario: Scenario
    tenant: Tenant
    members: Mapping[Endpoint, ClusterMember]
    topology: Topology
    more: tuple[Policy, ...] = ()
    redis: Mapping[Redis, ClusterMember] = field(default_factory=dict)

    @property
    def platform(self) -> Platform:
        """The decisions that hold for every tenant."""
        return self.scenario.config.platform

    def own(self, *roles: Role) -> list[ClusterMember]:
        """The tenant's pods of these roles."""
        return [each for each in self.members.values() if each.tenant is self.tenant and each.role in roles]

    def others(self, *roles: Role) -> list[ClusterMember]:
        """The members of these roles that belong to no tenant."""
        return [each for each in self.members.values() if each.tenant is None and each.role in roles]


def model_cluster(scenario: Scenario, tenant: Tenant, also: Iterable[Tenant] = ()) -> ClusterModel:
    """The tenant with the other tenants that matter to it, and with those that are asked for."""
    met = {each.name: each for each in (*relevant_tenants(scenario, tenant), *also) if each is not tenant}
    others = list(met.values())
    ips = pod_ips()
    members = list(_members(scenario, tenant, others, ips))
    redis = dict(_redis_members(scenario, tenant, ips))
    members += redis.values()
    # The peers that the config names are there, too, even if no policy obeys it.
    peers = [*peers_of(scenario.policies(tenant)), *own_peers(tenant)]
    wanted = [each for each in _missing_peers(peers, members) if not _is_ray_pod(each, tenant)]
    members += _peer_members(wanted, tenant, scenario.owners, ips)
    synthetic = {each.namespace: each.namespace_labels for each in wanted if isinstance(each, PeerPod)}
    labels = {namespace: found for namespace, found in synthetic.items() if found is not None}
    policies = [policy for one in (tenant, *others) for policy in scenario.policies(one)]
    topology = Topology(labels, [each.endpoint for each in members], [*policies, *scenario.outside])
    more = tuple(map(read, scenario.more[tenant.name]))
    return ClusterModel(scenario, tenant, {each.endpoint: each for each in members}, topology, more, redis)


def relevant_tenants(scenario: Scenario, tenant: Tenant) -> list[Tenant]:
    """The other tenants, or in a large config those that can matter.

    A flow between two tenants passes each end by a rule that names the other end, or by a rule or a missing policy
    that does not depend on the other end. Tenants that this tenant's rules name are here. A tenant whose rules name
    this one meets it in its own model. If neither end depends on the other, all tenants with the same settings are
    alike, so one of them is here.
    """
    others = [each for each in scenario.config.tenants if each is not tenant]
    if len(others) < ALL_TENANTS_UP_TO:
        return others
    selectors = (peer.get("namespaceSelector") for _, peer in peers_of(scenario.policies(tenant)))
    named = {space for each in selectors if each is not None for space in named_namespaces(each) or ()}
    chosen = {scenario.owners[space].name for space in named if space in scenario.owners}
    shapes: dict[str, Tenant] = {}
    for each in others:
        shapes.setdefault(scenario.shapes[each.name], each)
    chosen |= {each.name for each in shapes.values()}
    return [each for each in others if each.name in chosen]


def _members(scenario: Scenario, tenant: Tenant, others: Sequence[Tenant], ips: PodIps) -> Iterator[ClusterMember]:
    platform = scenario.config.platform
    own = list(_tenant_members(scenario, tenant, ips))
    yield from own
    for other in others:
        yield from _tenant_members(scenario, other, ips)
    yield from _platform_members(platform, ips)
    yield from _api_server(platform, scenario.created[tenant.name])
    copied = _copied_labels(own) | {platform.tenant_label: tenant.name}
    yield from _outsiders(platform, tenant.name, _unclaimed(scenario), copied, ips)
    # The other tenant's network layer may stop this one, so there is one in a namespace of no tenant as well.
    if others:
        impostor = Pod(others[0].namespaces[0], f"forged-as-{tenant.name}", next(ips), copied)
        yield ClusterMember(impostor, Role.FORGED)


def _tenant_members(scenario: Scenario, tenant: Tenant, ips: PodIps) -> Iterator[ClusterMember]:
    """The pods that KubeRay creates, and in each namespace a notebook: a pod of the tenant that is not a Ray pod."""
    for each in scenario.created[tenant.name]:
        label = each.missing_label
        if each.cluster:
            for pod in each.cluster.pods:
                endpoint = _pod(pod, each.namespace, ips)
                yield ClusterMember(endpoint, pod.role, tenant, each.cluster, metrics=pod.metrics, missing_label=label)
        if each.submitter:
            endpoint = _pod(each.submitter, each.namespace, ips)
            target = each.cluster.name if each.cluster else each.selects
            role = each.submitter.role
            yield ClusterMember(endpoint, role, tenant, job=each.job, submits_to=target, missing_label=label)
    for namespace in tenant.namespaces:
        notebook = Pod(namespace, "notebook", next(ips), {scenario.config.platform.tenant_label: tenant.name})
        yield ClusterMember(notebook, Role.NOTEBOOK, tenant)


def _platform_members(platform: Platform, ips: PodIps) -> Iterator[ClusterMember]:
    """The operator, DNS, Prometheus where there is one, and the API server where its addresses are known.

    DNS is a pod, and an address for each range of `dns.cidrs`.
    """
    yield ClusterMember(_peer_pod("kuberay-operator", platform.operator.peer, ips), Role.OPERATOR)
    yield ClusterMember(_peer_pod("dns", platform.dns.peer, ips), Role.DNS)
    if platform.monitoring:
        yield ClusterMember(_peer_pod("prometheus", Peer(platform.monitoring), ips), Role.MONITORING)
    for name, cidrs, role in (
        ("dns-cache", platform.dns.cidrs, Role.DNS),
        ("api-server", platform.api_server.cidrs, Role.API_SERVER),
    ):
        for number, cidr in enumerate(cidrs):
            network = ip_network(cidr, strict=False)
            inside = network[1] if network.num_addresses > 2 else network[0]
            yield ClusterMember(Address(f"{name}{f'-{number}' if number else ''}", str(inside)), role)


def _api_server(platform: Platform, created: Iterable[KubeRayObjects]) -> Iterator[ClusterMember]:
    """The API server, if the config does not have its address and a RayCluster must reach it."""
    clusters = (each.cluster for each in created if each.cluster)
    if not platform.api_server.cidrs and any(each.autoscales or each.verifies_tokens for each in clusters):
        yield ClusterMember(USUAL_API_SERVER, Role.API_SERVER)


def _redis_members(scenario: Scenario, tenant: Tenant, ips: PodIps) -> Iterator[tuple[Redis, ClusterMember]]:
    """Every Redis that the tenant's RayClusters keep their state in, as the tenant's policies know it."""
    policies, clusters = scenario.policies(tenant), (each.cluster for each in scenario.created[tenant.name])
    for redis in dict.fromkeys(redis for cluster in clusters if cluster for redis in cluster.redis):
        owner = scenario.owners.get(redis.namespace)
        role = Role.NOTEBOOK if owner is tenant else Role.REDIS
        yield redis, ClusterMember(redis_endpoint(redis, policies, next(ips), owned=owner is not None), role, owner)


def _outsiders(platform: Platform, tenant: str, namespace: str, forged: Labels, ips: PodIps) -> Iterator[ClusterMember]:
    """Pods and addresses that must not get in: in `namespace`, of no tenant, next to the platform's pods, and outside.

    The forged ones have the labels of the operator, of DNS and of the tenant's own pods, in a namespace that is not
    theirs.
    """
    yield ClusterMember(Pod(namespace, "stranger", next(ips)), Role.STRANGER)
    for name, peer in (("operator", platform.operator.peer), ("dns", platform.dns.peer)):
        if peer.pod_labels:
            yield ClusterMember(Pod(peer.namespace, f"not-{name}", next(ips)), Role.STRANGER)
            yield ClusterMember(Pod(namespace, f"false-{name}", next(ips), peer.pod_labels), Role.FORGED)
    yield ClusterMember(Pod(namespace, f"forged-as-{tenant}", next(ips), forged), Role.FORGED)
    yield ClusterMember(INTERNET, Role.ADDRESS)
    yield ClusterMember(METADATA, Role.ADDRESS)


def _copied_labels(own: Iterable[ClusterMember]) -> dict[str, str]:
    """The labels of the tenant's heads and submitters, all at once."""
    copied = (each for each in own if each.role in (Role.SUBMITTER, Role.HEAD))
    return {key: value for each in copied for key, value in each.labels.items()}


def _unclaimed(scenario: Scenario) -> str:
    """A namespace of no tenant."""
    names = chain(["stranger"], (f"stranger-{n}" for n in count(2)))
    return next(name for name in names if name not in scenario.owners)


def _missing_peers(peers: Iterable[tuple[str, Json]], members: Iterable[ClusterMember]) -> list[SamplePeer]:
    """Samples of the peers that no member matches yet."""
    there, found = [each.endpoint for each in members], dict[str, SamplePeer]()
    for namespace, peer in peers:
        for each in sample_peers(peer, namespace):
            if not any(_is_like(endpoint, each) for endpoint in there):
                found.setdefault(repr(each), each)
    return list(found.values())


def _is_ray_pod(wanted: SamplePeer, tenant: Tenant) -> bool:
    """Whether only a Ray object brings such a pod into the tenant's namespaces. Those pods are members already."""
    if not isinstance(wanted, PeerPod) or wanted.namespace not in tenant.namespaces:
        return False
    return any(key.startswith(f"{API_GROUP}/") for key in wanted.labels)


def _is_like(endpoint: Endpoint, wanted: SamplePeer) -> bool:
    if isinstance(wanted, PeerPod) and isinstance(endpoint, Pod):
        return endpoint.namespace == wanted.namespace and wanted.labels.items() <= endpoint.labels.items()
    if isinstance(wanted, PeerAddress) and isinstance(endpoint, Address):
        return ip_address(endpoint.ip) in ip_network(wanted.cidr, strict=False)
    return False


def _peer_members(
    wanted: Iterable[SamplePeer], tenant: Tenant, owners: Mapping[str, Tenant], ips: PodIps
) -> Iterator[ClusterMember]:
    for number, each in enumerate(wanted, 1):
        if isinstance(each, PeerAddress):
            yield ClusterMember(Address(each.cidr, each.ip), Role.PEER)
            continue
        name = "-".join([f"peer-{number}", *each.labels.values()])
        owner = owners.get(each.namespace)
        role = Role.NOTEBOOK if owner is tenant else Role.PEER
        yield ClusterMember(Pod(each.namespace, name, next(ips), each.labels), role, owner)


def _pod(pod: CreatedPod, namespace: str, ips: PodIps) -> Pod:
    return Pod(namespace, pod.name, next(ips), pod.labels, pod.ports, pod.protocols)


def _peer_pod(name: str, peer: Peer, ips: PodIps) -> Pod:
    return Pod(peer.namespace, name, next(ips), peer.pod_labels)


def pod_ips() -> PodIps:
    """Addresses of pods, one after the other."""
    return (f"10.244.{number // 250}.{number % 250 + 1}" for number in range(62500))
