"""Lists the endpoints in the cluster with their roles: pods of the tenant, pods of the platform, and others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network

from rayfence.model.config import Peer, Platform, Tenant
from rayfence.reach.findings import Role
from rayfence.reach.kuberay import METRICS_PORT, Made, MadePod, RayCluster
from rayfence.reach.policies import Json
from rayfence.reach.redis import Redis, settled
from rayfence.reach.topology import Address, Endpoint, Pod

INTERNET = Address("internet", "203.0.113.10")
METADATA = Address("metadata-service", "169.254.169.254")
# The first address of kubeadm's Services is the API server's.
USUAL_API_SERVER = Address("api-server", "10.96.0.1")

Labels = Mapping[str, str]
Addresses = Iterator[str]


@dataclass(frozen=True, slots=True)
class Inhabitant:
    """An endpoint and who it is. A submitter has a `job`, and the name of the RayCluster it submits to.

    `lacks` says why the object that it comes from has no NetworkPolicies of its own, '' where it has them.
    """

    endpoint: Endpoint
    role: Role
    tenant: Tenant | None = None
    cluster: RayCluster | None = None
    job: str = ""
    submits_to: str = ""
    metrics: int = METRICS_PORT
    lacks: str = ""

    @property
    def namespace(self) -> str:
        """Its namespace, '' for an address."""
        return self.endpoint.namespace if isinstance(self.endpoint, Pod) else ""

    @property
    def labels(self) -> Labels:
        """Its labels, none for an address."""
        return self.endpoint.labels if isinstance(self.endpoint, Pod) else {}

    @property
    def is_ray(self) -> bool:
        """Whether it is a pod of a RayCluster."""
        return self.cluster is not None

    def shares_cluster(self, other: Inhabitant) -> bool:
        """Whether both are pods of one RayCluster."""
        return self.is_ray and self.cluster is other.cluster

    def submits_to_head(self, head: Inhabitant) -> bool:
        """Whether it is the submitter of a job that runs on that head's cluster."""
        if self.role is not Role.SUBMITTER or head.role is not Role.HEAD or head.cluster is None:
            return False
        return self.namespace == head.namespace and self.submits_to == head.cluster.name


def addresses() -> Addresses:
    """Addresses of pods, one after the other."""
    return (f"10.244.{number // 250}.{number % 250 + 1}" for number in range(62500))


def pods_of(tenant: Tenant, made: Iterable[Made], tenant_label: str, free: Addresses) -> Iterator[Inhabitant]:
    """What the tenant's objects become, and in each namespace a notebook: a pod of the tenant's that is not Ray's."""
    for each in made:
        lacks = each.lacks
        if each.cluster:
            for pod in each.cluster.pods:
                endpoint = _settled(pod, each.namespace, free)
                yield Inhabitant(endpoint, pod.role, tenant, each.cluster, metrics=pod.metrics, lacks=lacks)
        if each.submitter:
            endpoint = _settled(each.submitter, each.namespace, free)
            target = each.cluster.name if each.cluster else each.selects
            role = each.submitter.role
            yield Inhabitant(endpoint, role, tenant, job=each.job, submits_to=target, lacks=lacks)
    for namespace in tenant.namespaces:
        notebook = Pod(namespace, "notebook", next(free), {tenant_label: tenant.name})
        yield Inhabitant(notebook, Role.NOTEBOOK, tenant)


def platform_of(platform: Platform, free: Addresses) -> Iterator[Inhabitant]:
    """The operator, DNS, Prometheus where there is one, and the API server where its addresses are known.

    DNS is a pod, and an address for each range of `dns.cidrs`.
    """
    yield Inhabitant(_chosen("kuberay-operator", platform.operator.peer, free), Role.OPERATOR)
    yield Inhabitant(_chosen("dns", platform.dns.peer, free), Role.DNS)
    if platform.monitoring:
        yield Inhabitant(_chosen("prometheus", Peer(platform.monitoring), free), Role.MONITORING)
    for name, cidrs, role in (
        ("dns-cache", platform.dns.cidrs, Role.DNS),
        ("api-server", platform.api_server.cidrs, Role.API_SERVER),
    ):
        for number, cidr in enumerate(cidrs):
            network = ip_network(cidr, strict=False)
            inside = network[1] if network.num_addresses > 2 else network[0]
            yield Inhabitant(Address(f"{name}{f'-{number}' if number else ''}", str(inside)), role)


def api_server_of(platform: Platform, made: Iterable[Made]) -> Iterator[Inhabitant]:
    """The API server where the config does not say where it is, and something that was made must reach it."""
    clusters = (each.cluster for each in made if each.cluster)
    if not platform.api_server.cidrs and any(each.autoscales or each.verifies_tokens for each in clusters):
        yield Inhabitant(USUAL_API_SERVER, Role.API_SERVER)


def redis_of(
    tenant: Tenant, made: Iterable[Made], policies: Sequence[Json], owners: Mapping[str, Tenant], free: Addresses
) -> Iterator[tuple[Redis, Inhabitant]]:
    """Every Redis that the tenant's RayClusters keep their state in, as the tenant's `policies` know it."""
    for each in dict.fromkeys(redis for one in made if one.cluster for redis in one.cluster.redis):
        owner = owners.get(each.namespace)
        role = Role.NOTEBOOK if owner is tenant else Role.REDIS
        yield each, Inhabitant(settled(each, policies, next(free), owned=owner is not None), role, owner)


def outsiders(platform: Platform, tenant: str, namespace: str, forged: Labels, free: Addresses) -> Iterator[Inhabitant]:
    """Those nobody should let in: in `namespace`, which is nobody's, beside the platform's pods, and on no pod network.

    The false ones wear the labels of the operator, of DNS, and of the tenant's own pods, in a namespace that is none of
    theirs.
    """
    yield Inhabitant(Pod(namespace, "stranger", next(free)), Role.STRANGER)
    for name, peer in (("operator", platform.operator.peer), ("dns", platform.dns.peer)):
        if peer.pod_labels:
            yield Inhabitant(Pod(peer.namespace, f"not-{name}", next(free)), Role.STRANGER)
            yield Inhabitant(Pod(namespace, f"false-{name}", next(free), peer.pod_labels), Role.FORGED)
    yield Inhabitant(Pod(namespace, f"forged-as-{tenant}", next(free), forged), Role.FORGED)
    yield Inhabitant(INTERNET, Role.ADDRESS)
    yield Inhabitant(METADATA, Role.ADDRESS)


def _settled(pod: MadePod, namespace: str, free: Addresses) -> Pod:
    return Pod(namespace, pod.name, next(free), pod.labels, pod.ports, pod.protocols)


def _chosen(name: str, peer: Peer, free: Addresses) -> Pod:
    return Pod(peer.namespace, name, next(free), peer.pod_labels)
