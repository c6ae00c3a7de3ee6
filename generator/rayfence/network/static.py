"""Writes the NetworkPolicies of a tenant's namespaces that replace those that an engine would generate.

They are for backends without an engine. They cannot know the name or ports of a RayCluster. So all Ray pods of a
namespace can connect to each other, and a moved port is identified by the name that its container gives it.
"""

from __future__ import annotations

from rayfence.model.config import Network, Platform
from rayfence.network.cluster import operator_needs_dashboard
from rayfence.network.layer import HEADS, RAY_PODS, SUBMITTERS, dashboard_ports
from rayfence.network.policy import DASHBOARD_NAME, METRICS_NAME, Manifest, allow, namespaces, opening, pods_of, ports

NAMES = ("rayfence-dashboard", "rayfence-ray")


def engineless_specs(platform: Platform, network: Network) -> dict[str, Manifest]:
    """Policy name -> spec, the same in each of a tenant's namespaces; without what the mode leaves open."""
    dashboard, ray = NAMES
    specs = {dashboard: _dashboard(platform, network), ray: _ray(platform, network)}
    return {name: spec for name, spec in specs.items() if spec is not None}


def _ray(platform: Platform, network: Network) -> Manifest | None:
    # Raylets, object managers and workers listen on random ports: a rule for all of them names none.
    among = [{"podSelector": RAY_PODS}]
    scraping = [namespaces([platform.monitoring])] if platform.monitoring else []
    ingress = [{"from": among}, *allow("from", scraping, ports([METRICS_NAME]))]
    return opening(network.mode, RAY_PODS, ingress=ingress, egress=[{"to": among}])


def _dashboard(platform: Platform, network: Network) -> Manifest | None:
    submitters = allow("from", [{"podSelector": SUBMITTERS}], ports(dashboard_ports(network)))
    operator = [pods_of(platform.operator.peer)] if operator_needs_dashboard(platform) else []
    return opening(network.mode, HEADS, ingress=[*submitters, *allow("from", operator, ports([DASHBOARD_NAME]))])
