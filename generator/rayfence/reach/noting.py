"""Notes that a reader needs besides the proofs: tenants that are not isolated, and what no proof covers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rayfence.model.config import Config, Enforcement, Scope, Tenant
from rayfence.reach.findings import NotIsolated
from rayfence.reach.kuberay import RayCluster
from rayfence.reach.named import closes
from rayfence.reach.needs import calls_serve
from rayfence.reach.policies import EGRESS, INGRESS
from rayfence.reach.redis import is_untold
from rayfence.reach.samples import autoscale
from rayfence.reach.scenario import Scenario, namespace_of
from rayfence.rules import RULES
from rayfence.rules.shared import allowances

_ALLOWED: Mapping[str, tuple[str, str]] = {
    "networks": ("allow.networks", "pods may attach additional networks, where no NetworkPolicy applies"),
    "pod_annotations": (
        "allow.podAnnotations",
        "pods may have annotations that change their network, address or cloud role",
    ),
    "exposure_annotations": ("allow.exposure.annotations", "controllers may expose Services outside the cluster"),
    "exposure_kinds": ("allow.exposure.kinds", "objects of these kinds may bypass NetworkPolicies"),
}
"""What a tenant may be allowed that NetworkPolicies do not bound, by the list, with its name in the config."""

_FEW = 3


def not_isolated(config: Config) -> Iterator[NotIsolated]:
    """The tenants whose rules are not enforced, or whose pods nothing closes."""
    for tenant in config.tenants:
        reasons = [] if tenant.enforcement is Enforcement.ENFORCE else [f"enforcement is {tenant.enforcement}"]
        reasons += [] if tenant.network.enforce else ["network.enforce is false"]
        if reasons:
            yield NotIsolated(tenant.name, ", ".join(reasons))


def notes(scenario: Scenario) -> Iterator[str]:
    """What was not asked, and whom Ray serves in vain."""
    yield from _beside(scenario.config)
    shut = any(closes(tenant, EGRESS) for tenant in scenario.config.tenants)
    if shut and scenario.sampled and not autoscale(scenario.config.platform):
        yield "apiServer.cidrs is empty, so heads cannot autoscale, and the samples do not; set it in the Platform"
    for tenant in scenario.config.tenants:
        for each in scenario.made[tenant.name]:
            if each.cluster:
                yield from _untold(each.cluster)
                yield from _unserved(scenario, tenant, each.cluster)


def _beside(config: Config) -> Iterator[str]:
    """What the config lets tenants do that no proof about NetworkPolicies sees."""
    for rule in sorted(RULES, key=lambda rule: rule.ID):
        done = getattr(rule, "UNPROVEN", "")
        if done and rule.ID in config.platform.disabled_rules:
            yield f"{rule.ID} is disabled: {done}, and no proof covers that"
    for name, (field, done) in _ALLOWED.items():
        who = [tenant.name for tenant in config.tenants if allowances.of(name, tenant, config.platform)]
        if who:
            names = ", ".join(who[:_FEW]) + (f" and {len(who) - _FEW} more" if len(who) > _FEW else "")
            yield f"{field} of {names}: {done}, and no proof covers that"


def _untold(cluster: RayCluster) -> Iterator[str]:
    if is_untold(cluster.manifest):
        name = f"RayCluster {namespace_of(cluster.manifest)}/{cluster.name}"
        yield f"{name}: its manifest does not say where its Redis is, so it was not checked whether its head reaches it"


def _unserved(scenario: Scenario, tenant: Tenant, cluster: RayCluster) -> Iterator[str]:
    """A RayService that the tenant's own pods cannot call."""
    network = tenant.network
    closed = closes(tenant, INGRESS) and scenario.by_rayfence
    if cluster.service and closed and not calls_serve(network, cluster):
        port = cluster.serve_port
        write = "set network.scope to tenant" if network.scope is Scope.CLUSTER else f"list {port} in network.ports"
        name = f"RayService {namespace_of(cluster.manifest)}/{cluster.service}"
        yield (
            f"{name}: {tenant.name}'s own pods do not reach Serve on {port}; {write}, "
            "or open it to its callers in network.head.ingress and network.worker.ingress"
        )
