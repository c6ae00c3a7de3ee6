"""Writes the ClusterPolicies that make Kyverno generate the NetworkPolicies of `network`.

Each has a rule for RayClusters, written here, and one for RayJobs. See `jmespath` for what Kyverno asks of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rayfence.backends.clusterpolicy.jmespath import (
    METADATA,
    SPEC,
    computed,
    either,
    every,
    generating_rule,
    given,
    holds,
    is_whole,
    network_policy,
    of_tenant,
    quoted,
    value,
    within,
    words,
)
from rayfence.backends.clusterpolicy.submitters import submitter_rule
from rayfence.model.config import Platform, Tenant
from rayfence.model.subjects import RESERVED
from rayfence.network.cluster import (
    API_VERSIONS,
    KIND,
    ROLES,
    cluster_spec,
    from_cluster,
    from_monitoring,
    from_operator,
    from_submitter,
    operator_needs_dashboard,
    policy_labels,
    policy_name,
)
from rayfence.network.owners import JOB
from rayfence.network.policy import DASHBOARD_PORT, HEAD, METRICS_PORT, Manifest
from rayfence.network.start_params import DASHBOARD, METRICS, PARAMS, PORT
from rayfence.network.tables import GENERATION, GENERATION_PURPOSE, Row, generating, modes

_IT = "(request.operation == 'DELETE' ? oldObject : object)"

CONCERNS_US = {
    "name": "concerns-us",
    "expression": f"request.kind.kind != 'NetworkPolicy' || {_IT}.metadata.?name.orValue('').startsWith('{RESERVED}')",
}
"""To make anew what is changed or deleted, Kyverno wants to be asked about every NetworkPolicy of the cluster.

None but those with such a name are its own. By the name and not by the namespace, since what it has made stays its
business in a namespace whose tenant is gone.
"""

_CLUSTER = value(f"{METADATA}.name")
_AT_DASHBOARD = [{"port": value("dashboard"), "protocol": "TCP"}]


def generate_policies(platform: Platform, tenants: Iterable[Tenant]) -> list[Manifest]:
    """The policies `generate-network-policies`, `generate-network-policies-2`, ...: one for every 500 namespaces."""
    return [_policy(platform, name, rows) for name, rows in generating(tenants)]


def _policy(platform: Platform, name: str, rows: Mapping[str, Row]) -> Manifest:
    kinds = [f"{version}/{KIND}" for version in API_VERSIONS]
    labels = [platform.tenant_label, JOB.name_label]
    of_clusters = generating_rule(GENERATION, kinds, labels, _each_role(platform, rows))
    rules = [of_clusters, submitter_rule(platform, rows)]
    return {
        "apiVersion": "kyverno.io/v1",
        "kind": "ClusterPolicy",
        "metadata": GENERATION_PURPOSE.metadata(name),
        "spec": {"webhookConfiguration": {"failurePolicy": "Fail", "matchConditions": [CONCERNS_US]}, "rules": rules},
    }


def _each_role(platform: Platform, rows: Mapping[str, Row]) -> Manifest:
    name, labels = policy_name(_CLUSTER, value("element")), policy_labels(value("tenant"), _CLUSTER)
    return {
        "list": words(ROLES),
        "context": _context(platform, rows),
        "preconditions": holds("isTenantsOwn"),
        **network_policy(name, labels, value("lookup(specs, mode)")),
    }


def _context(platform: Platform, rows: Mapping[str, Row]) -> list[Manifest]:
    """What one role's policy is made of; each may use those before it."""
    specs = {str(mode): cluster_spec(mode, _CLUSTER, value("element"), value("ingress")) for mode in modes(rows)}
    rules = dict(_rules(platform))
    return [
        *of_tenant(platform.tenant_label, rows, JOB),
        *_ports(),
        *(given(name, rule) for name, (rule, _) in rules.items()),
        # What a condition leaves out is no rule but a boolean, or the empty list it was made of.
        computed("ingress", within("[", ",\n".join(every(when, name) for name, (_, when) in rules.items()), "][?@]")),
        given("specs", specs),
    ]


def _rules(platform: Platform) -> Iterator[tuple[str, tuple[Manifest, str]]]:
    """Name -> ingress rule, and when it is needed."""
    at_head = f"element == '{HEAD}'"
    is_open = f"(opensDashboard && dashboard == `{DASHBOARD_PORT}`)"
    yield "fromCluster", (from_cluster(_CLUSTER), "`true`")
    yield "fromSubmitter", (from_submitter(value("maker"), _AT_DASHBOARD), every(at_head, "isMade", f"!{is_open}"))
    if operator_needs_dashboard(platform):
        usual = "`[" + ", ".join(map(str, platform.operator.ports)) + "]`"
        moved = every(at_head, f"!contains({usual}, dashboard)")
        yield "fromOperator", (from_operator(platform, _AT_DASHBOARD), moved)
    if platform.monitoring:
        yield "fromMonitoring", (from_monitoring(platform.monitoring, value("metricsPorts")), "metricsPorts")


def _ports() -> list[Manifest]:
    """The variables `dashboard`, a number, and `metricsPorts`, where the role's metrics are but for the usual port."""
    head = f"{SPEC}.headGroupSpec.{PARAMS}"
    workers = f"{SPEC}.workerGroupSpecs[*].{PARAMS}.{quoted(METRICS)}"
    exported = either(every(f"element == '{HEAD}'", f"[{head}.{quoted(METRICS)}]"), workers, "`[]`")
    moved = within("metrics[?", every(is_whole(PORT, "@"), f"@ != '{METRICS_PORT}'"), "]")
    is_number = every(is_whole(PORT, "dashboardText"), "to_number(dashboardText)")
    return [
        computed("dashboardText", f"{head}.{quoted(DASHBOARD)} || ''"),
        computed("dashboard", either(is_number, f"`{DASHBOARD_PORT}`")),
        computed("metrics", exported),
        computed("movedMetrics", moved),
        # The keys of an object are there once.
        computed(
            "metricsPorts",
            "sort(keys(object_from_lists(movedMetrics, movedMetrics)))[*].{port: to_number(@), protocol: 'TCP'}",
        ),
    ]
