"""Writes the rule of a ClusterPolicy that makes Kyverno generate the NetworkPolicies of `network.job`.

A RayJob can name its cluster by any text, and Kyverno evaluates `{{ }}` in text that it inserts. So the text is not
used before it is known to be a name.
"""

from __future__ import annotations

from collections.abc import Mapping

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
    words,
)
from rayfence.model.config import Platform
from rayfence.network.cluster import from_submitter, policy_name
from rayfence.network.job import API_VERSIONS, BY_A_POD, CLOSING, MODE, NAME, SELECTOR, job_labels, job_spec
from rayfence.network.owners import CRON_JOB
from rayfence.network.policy import CLUSTER_LABEL, DASHBOARD_NAME, DASHBOARD_PORT, JOB_KIND, SUBMITTER, Manifest, ports
from rayfence.network.tables import Row

RULE = "generate-submitter-policies"

_JOB = value(f"{METADATA}.name")


def submitter_rule(platform: Platform, rows: Mapping[str, Row]) -> Manifest:
    """The rule for RayJobs that select their cluster."""
    kinds = [f"{version}/{JOB_KIND}" for version in API_VERSIONS]
    return generating_rule(RULE, kinds, [platform.tenant_label, CRON_JOB.name_label], _its_submitter(platform, rows))


def _its_submitter(platform: Platform, rows: Mapping[str, Row]) -> Manifest:
    rule = from_submitter(_JOB, [])
    spec = job_spec(value("cluster"), {**rule, "ports": value("dashboardPorts")})
    return {
        "list": words([SUBMITTER]),
        "context": _context(platform, rows),
        "preconditions": holds(every("isTenantsOwn", f"contains({words(CLOSING)}, mode)", "cluster != ''")),
        **network_policy(policy_name(_JOB, SUBMITTER), job_labels(value("tenant"), _JOB), spec),
    }


def _context(platform: Platform, rows: Mapping[str, Row]) -> list[Manifest]:
    """What the policy is made of; `cluster` is empty where there is none to open."""
    mode = f"{SPEC}.{MODE}"
    by_a_pod = either(f"type({mode}) == 'null'", *(f"{mode} == '{each}'" for each in BY_A_POD), inner=True)
    return [
        *of_tenant(platform.tenant_label, rows, CRON_JOB),
        computed("selected", f"{SPEC}.{SELECTOR}.{quoted(CLUSTER_LABEL)} || ''"),
        computed("cluster", either(every(by_a_pod, is_whole(NAME, "selected"), "selected"), "''")),
        given("byName", ports([DASHBOARD_NAME])),
        given("byNumberToo", ports([DASHBOARD_PORT, DASHBOARD_NAME])),
        computed("dashboardPorts", "opensDashboard && byName || byNumberToo"),
    ]
