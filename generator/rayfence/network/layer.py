"""Writes the NetworkPolicies of a tenant's namespaces: default deny, and the allow rules that Ray needs.

They are in the cluster before any RayCluster, so that traffic is denied, not allowed, while the engine is down.
`cluster` has the rules for the pods of a single RayCluster.
"""

from __future__ import annotations

from collections.abc import Sequence

from rayfence.model.config import Mode, Network, Platform, Scope, Tenant
from rayfence.network.policy import (
    DASHBOARD_NAME,
    DASHBOARD_PORT,
    HEAD,
    JOB_KIND,
    JOB_KIND_LABEL,
    METRICS_NAME,
    METRICS_PORT,
    NODE_TYPE_LABEL,
    REDIS_CLEANUP,
    WORKER,
    Manifest,
    addresses,
    allow,
    directions,
    labelled,
    namespaces,
    one_of,
    opening,
    pods_of,
    ports,
    written,
)

EVERY_POD: Manifest = {}
HEADS = labelled({NODE_TYPE_LABEL: HEAD})
WORKERS = labelled({NODE_TYPE_LABEL: WORKER})
RAY_PODS = one_of(NODE_TYPE_LABEL, [HEAD, WORKER])
SUBMITTERS = labelled({JOB_KIND_LABEL: JOB_KIND})
# KubeRay runs it when a fault-tolerant RayCluster is deleted. It must reach the Redis that the head used.
CLEANUPS = labelled({NODE_TYPE_LABEL: REDIS_CLEANUP})

DEFAULT_DENY = "rayfence-default-deny"
# The backstop says the same again: in some modes nothing else closes pods that are not Ray's, and either may be late
# or lost.
CLOSING = ("rayfence-backstop", DEFAULT_DENY)
"""The policies that close a namespace, in order of name. All others open something."""


def static_layer(platform: Platform, tenant: Tenant) -> list[Manifest]:
    """The NetworkPolicies of every namespace of the tenant, by namespace, then name; none without `network.enforce`."""
    if not tenant.network.enforce:
        return []
    specs = policy_specs(platform, tenant.network, tenant.namespaces) | own_specs(tenant.network)
    return [
        written("NetworkPolicy", tenant.name, namespace, name, spec)
        for namespace in sorted(tenant.namespaces)
        for name, spec in sorted(specs.items())
    ]


def policy_specs(platform: Platform, network: Network, own: Sequence[str]) -> dict[str, Manifest]:
    """Policy name -> spec, the same in each of the tenant's `own` namespaces; without what the mode leaves open."""
    specs = {
        **closed_specs(network.mode),
        "rayfence-dns": _dns(platform, network),
        "rayfence-operator": _operator(platform, network),
        "rayfence-monitoring": _monitoring(platform, network),
        "rayfence-apiserver": _api_server(platform, network),
        "rayfence-tenant": _tenant(network, own),
        "rayfence-submitter": _submitter(network),
    }
    return {name: spec for name, spec in specs.items() if spec is not None}


def closed_specs(mode: Mode = Mode.DENY_ALL) -> dict[str, Manifest]:
    """Policy name -> spec of what closes a namespace."""
    return {name: {"podSelector": EVERY_POD, "policyTypes": list(directions(mode))} for name in CLOSING}


def own_specs(network: Network) -> dict[str, Manifest]:
    """Policy name -> spec for the rules a tenant wrote itself, word for word."""
    specs = {
        "rayfence-head": opening(network.mode, HEADS, ingress=network.head.ingress, egress=network.head.egress),
        "rayfence-worker": opening(network.mode, WORKERS, ingress=network.worker.ingress, egress=network.worker.egress),
        "rayfence-redis-cleanup": opening(network.mode, CLEANUPS, egress=network.head.egress),
    }
    return {name: spec for name, spec in specs.items() if spec is not None}


def _dns(platform: Platform, network: Network) -> Manifest | None:
    # Workers find their head by name; large answers come over TCP.
    targets = [pods_of(platform.dns.peer), *addresses(platform.dns.cidrs)]
    return opening(network.mode, EVERY_POD, egress=allow("to", targets, ports([53], "UDP", "TCP")))


def _operator(platform: Platform, network: Network) -> Manifest | None:
    source = [pods_of(platform.operator.peer)]
    # By the API server's proxy the operator asks no head for its dashboard, wherever that is.
    needed = DASHBOARD_PORT in platform.operator.ports
    on: list[int | str] = [*platform.operator.ports, *(_moved(network, DASHBOARD_NAME) if needed else [])]
    return opening(network.mode, HEADS, ingress=allow("from", source, ports(on)))


def _monitoring(platform: Platform, network: Network) -> Manifest | None:
    source = [namespaces([platform.monitoring])] if platform.monitoring else []
    on: list[int | str] = [METRICS_PORT, *_moved(network, METRICS_NAME)]
    return opening(network.mode, RAY_PODS, ingress=allow("from", source, ports(on)))


def _moved(network: Network, name: str) -> list[int | str]:
    """A port wherever a cluster has moved it, which only its container's name for it tells a policy of the namespace.

    What is generated for a RayCluster knows the number. KubeRay's own policies say nothing of it.
    """
    return [name] if network.required_mode else []


def _api_server(platform: Platform, network: Network) -> Manifest | None:
    # The autoscaler runs in the head pod and talks to the API server, which is no pod.
    targets = addresses(platform.api_server.cidrs)
    return opening(network.mode, HEADS, egress=allow("to", targets, ports([platform.api_server.port])))


def _tenant(network: Network, own: Sequence[str]) -> Manifest | None:
    if network.scope is not Scope.TENANT:
        return None
    peers, on = [namespaces(own)], ports(network.ports)
    return opening(network.mode, EVERY_POD, ingress=allow("from", peers, on), egress=allow("to", peers, on))


def _submitter(network: Network) -> Manifest | None:
    # The way out for a RayJob's submitter. Each head decides who comes in.
    heads = [{"podSelector": HEADS}]
    return opening(network.mode, SUBMITTERS, egress=allow("to", heads, ports(dashboard_ports(network))))


def opens_dashboard(network: Network) -> bool:
    """Whether `rayfence-tenant` lets the tenant's own pods reach the dashboard where it usually is."""
    return network.scope is Scope.TENANT and DASHBOARD_PORT in network.ports


def dashboard_ports(network: Network) -> list[int | str]:
    """The ports of dashboards for submitters, except those that are open to them anyway.

    By number where it usually is. Elsewhere by name: KubeRay sends submitters to the port that the head's container
    calls so, and no policy of a namespace can know the number.
    """
    return [DASHBOARD_NAME] if opens_dashboard(network) else [DASHBOARD_PORT, DASHBOARD_NAME]
