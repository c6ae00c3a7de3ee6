"""Writes the GeneratingPolicies that make Kyverno generate the NetworkPolicies of `network`.

The part for RayClusters is here, the part for RayJobs in `submitters`. Both are in one policy, because each policy has
a table of tenants that a server must compile.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rayfence.backends.kyverno import MAKERS
from rayfence.backends.validatingpolicy.cel_manifest import (
    Expression,
    cel,
    entries,
    generating_policy,
    in_namespaces_where,
    is_its_tenants,
    is_made,
    is_whole,
    label,
    name_of,
    tenant_of,
)
from rayfence.backends.validatingpolicy.submitters import selects_a_cluster, submitter_policy, submitter_variables
from rayfence.cel import let, literal
from rayfence.model.config import Platform, Tenant
from rayfence.network.cluster import (
    ROLES,
    cluster_spec,
    from_cluster,
    from_monitoring,
    from_operator,
    from_submitter,
    network_policy,
    operator_needs_dashboard,
    policy_labels,
)
from rayfence.network.owners import CRON_JOB, JOB
from rayfence.network.policy import DASHBOARD_PORT, HEAD, JOB_KIND, JOB_NAME_LABEL, METRICS_PORT, WORKER, Manifest
from rayfence.network.start_params import DASHBOARD, METRICS, PARAMS, PORT
from rayfence.network.tables import Row, generating, modes

_CLUSTER = "object.metadata.name"
_AT_DASHBOARD = [{"port": Expression("variables.dashboardPort"), "protocol": "TCP"}]


def generating_policies(platform: Platform, tenants: Iterable[Tenant]) -> list[Manifest]:
    """The policies `generate-network-policies`, `generate-network-policies-2`, ...: one for every 500 namespaces."""
    return [_policy(platform, name, rows) for name, rows in generating(tenants)]


def _policy(platform: Platform, name: str, rows: Mapping[str, Row]) -> Manifest:
    is_job = f"object.kind == {literal(JOB_KIND)}"
    made_from = f"({is_job} ? {is_made(CRON_JOB)} :\n{is_made(JOB)})"
    conditions = {
        "is-its-tenants-own": is_its_tenants(platform.tenant_label, rows, made_from),
        "is-a-cluster-or-selects-one": f"!({is_job}) ||\n({selects_a_cluster(rows)})",
    }
    made = f"{is_job} ? [{submitter_policy()}] : [{', '.join(_policy_of(role) for role in ROLES)}]"
    return generating_policy(name, MAKERS, conditions, _variables(platform, rows), made)


def _policy_of(role: str) -> str:
    """One role's policy, whole."""
    labels = policy_labels(Expression("variables.tenant"), Expression(_CLUSTER))
    namespace = Expression("object.metadata.namespace")
    return cel(network_policy(name_of(_CLUSTER, role), namespace, labels, Expression(f"variables.{role}Spec")))


def _variables(platform: Platform, rows: Mapping[str, Row]) -> dict[str, str]:
    return {
        "tenant": tenant_of(rows),
        **({"mode": _mode(rows)} if len(modes(rows)) > 1 else {}),
        "opensDashboard": in_namespaces_where(rows, lambda row: row.opens_dashboard),
        "jobName": label(JOB_NAME_LABEL),
        "hasSubmitter": is_made(JOB),
        **_ports(),
        "ingressFromCluster": cel([from_cluster(Expression(_CLUSTER))]),
        "ingressToDashboard": "\n+ ".join(_at_head(platform)),
        **{f"ingressTo{role.capitalize()}Metrics": _from_monitoring(platform, role) for role in ROLES},
        f"{HEAD}Spec": _spec(
            rows, HEAD, "variables.ingressFromCluster + variables.ingressToDashboard + variables.ingressToHeadMetrics"
        ),
        f"{WORKER}Spec": _spec(rows, WORKER, "variables.ingressFromCluster + variables.ingressToWorkerMetrics"),
        **submitter_variables(),
    }


def _at_head(platform: Platform) -> Iterator[str]:
    """Lists of rules for who comes in to the dashboard, each empty where it is not needed."""
    submitter = cel([from_submitter(Expression("variables.jobName"), _AT_DASHBOARD)])
    is_open = f"(variables.opensDashboard && variables.dashboardPort == {DASHBOARD_PORT})"
    yield f"(variables.hasSubmitter && !{is_open} ? {submitter} : [])"
    if operator_needs_dashboard(platform):
        usual = "[" + ", ".join(map(str, platform.operator.ports)) + "]"
        yield f"(variables.dashboardPort in {usual} ? [] : {cel([from_operator(platform, _AT_DASHBOARD)])})"


def _from_monitoring(platform: Platform, role: str) -> str:
    if not platform.monitoring:
        return "[]"
    rule = from_monitoring(platform.monitoring, Expression(f"variables.{role}MetricsPorts"))
    return f"variables.{role}MetricsPorts == [] ? [] : {cel([rule])}"


def _ports() -> dict[str, str]:
    """The variables `dashboardPort`, a number, and for each role where its metrics are but for the usual port."""
    moved = f"{is_whole(PORT, 'port')} && port != '{METRICS_PORT}'"
    port = "{'port': dyn(int(port)), 'protocol': dyn('TCP')}"
    params, of_head = entries(f"group[?'{PARAMS}']"), entries(f"variables.headGroup[?'{PARAMS}']")
    exported = (
        f".map(group, {params}[?'{METRICS}'].orValue(null)).filter(port, {moved}).distinct().sort().map(port, {port})"
    )
    groups = "variables.spec[?'workerGroupSpecs'].orValue(null)"
    dashboard = f"{of_head}[?'{DASHBOARD}'].orValue(null)"
    return {
        "spec": entries("object.?spec"),
        "headGroup": entries("variables.spec[?'headGroupSpec']"),
        "workerGroups": let("raw", groups, "type(raw) == list ? raw.filter(group, type(group) == map) : []"),
        "dashboardPort": let("port", dashboard, f"{is_whole(PORT, 'port')} ? int(port) : {DASHBOARD_PORT}"),
        "headMetricsPorts": f"[variables.headGroup]{exported}",
        "workerMetricsPorts": f"variables.workerGroups{exported}",
    }


def _mode(rows: Mapping[str, Row]) -> str:
    """The mode of the object's namespace; of three modes most tenants have the first."""
    first, *others = modes(rows)
    text = literal(first)
    for mode in others:
        own = in_namespaces_where(rows, lambda row, mode=mode: row.mode is mode)  # type: ignore[misc]
        text = f"{own} ? {literal(mode)} :\n{text}"
    return text


def _spec(rows: Mapping[str, Row], role: str, ingress: str) -> str:
    """The spec of one role's policy, as the mode has it."""
    specs = {mode: cel(cluster_spec(mode, Expression(_CLUSTER), role, Expression(ingress))) for mode in modes(rows)}
    (_, text), *others = specs.items()
    for mode, spec in others:
        text = f"variables.mode == {literal(mode)} ? {spec} :\n{text}"
    return text
