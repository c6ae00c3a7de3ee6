"""The part of a GeneratingPolicy that creates the NetworkPolicies of `network.job` for RayJobs."""

from __future__ import annotations

from collections.abc import Mapping

from rayfence.backends.validatingpolicy.cel_manifest import (
    Expression,
    cel,
    entries,
    in_namespaces_where,
    is_whole,
    name_of,
)
from rayfence.cel import let, literal
from rayfence.network.cluster import from_submitter, network_policy
from rayfence.network.job import BY_A_POD, CLOSING, MODE, NAME, SELECTOR, job_labels, job_spec
from rayfence.network.policy import CLUSTER_LABEL, DASHBOARD_NAME, DASHBOARD_PORT, SUBMITTER, ports
from rayfence.network.tables import Row

_JOB = "object.metadata.name"
_SPEC = entries("object.?spec")
_SELECTED = f"{entries(f'{_SPEC}[?{literal(SELECTOR)}]')}[?{literal(CLUSTER_LABEL)}].orValue(null)"


def selects_a_cluster(rows: Mapping[str, Row]) -> str:
    """Whether a RayJob selects a cluster that a pod submits it to, and whose head is closed.

    A condition may not use variables.
    """
    chosen = " || ".join(["mode == null", *(f"mode == {literal(each)}" for each in BY_A_POD)])
    by_a_pod = let("mode", f"{_SPEC}[?{literal(MODE)}].orValue(null)", chosen)
    is_open = in_namespaces_where(rows, lambda row: row.mode not in CLOSING)
    return f"!({is_open})\n&& {let('cluster', _SELECTED, is_whole(NAME, 'cluster'))}\n&& {by_a_pod}"


def submitter_variables() -> dict[str, str]:
    """The variables of the policy, in addition to those that a RayCluster has too."""
    by_name, by_number_too = cel(ports([DASHBOARD_NAME])), cel(ports([DASHBOARD_PORT, DASHBOARD_NAME]))
    return {
        "selectedCluster": _SELECTED,
        "submitterPorts": f"variables.opensDashboard ? {by_name} : {by_number_too}",
    }


def submitter_policy() -> str:
    """The policy, whole."""
    rule = {**from_submitter(Expression(_JOB), []), "ports": Expression("variables.submitterPorts")}
    spec = job_spec(Expression("variables.selectedCluster"), rule)
    labels = job_labels(Expression("variables.tenant"), Expression(_JOB))
    namespace = Expression("object.metadata.namespace")
    return cel(network_policy(name_of(_JOB, SUBMITTER), namespace, labels, spec))
