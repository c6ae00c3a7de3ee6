"""Cases about the NetworkPolicies that Ray objects bring: moved ports, jobs, and text that must not become a policy.

What must be generated is not written down here; `suite.expecting` asks `network` for it, and for its absence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.cases.case import Case
from rayfence.cases.good import ray_cluster, ray_object
from rayfence.model.config import Config, Platform, Tenant
from rayfence.network import asks
from rayfence.network.job import SELECTOR
from rayfence.network.policy import CLUSTER_LABEL, JOB_KIND, JOB_KIND_LABEL, JOB_NAME_LABEL
from rayfence.network.start_params import DASHBOARD, METRICS
from rayfence.network.tables import GENERATION, generating
from rayfence.rules import LABEL
from rayfence.workload import API_GROUP, SERVED

Json = dict[str, Any]

MOVED = {"dashboard-port": "8266", "metrics-export-port": "8081"}
NO_PORTS = {"dashboard-port": "08266", "metrics-export-port": "65536"}
_NO_MORE: Json = {}
_JOB = SERVED["ray.io/v1", JOB_KIND]


def isolated(config: Config) -> Iterator[Case]:
    """A few cases for a tenant of each sort that the generating policies tell apart."""
    owners = config.by_namespace()
    sorts = {
        (policy, row.mode, row.opens_dashboard): owners[namespace]
        for policy, rows in generating(config.tenants)
        for namespace, row in reversed(rows.items())
    }
    for tenant in sorts.values():
        yield from _clusters(config.platform, tenant)
        yield from _jobs(config.platform, tenant)


def _clusters(platform: Platform, tenant: Tenant) -> Iterator[Case]:
    yield _case("moved ports", _moved(platform, tenant, MOVED))
    yield _case("ports that are none", _moved(platform, tenant, NO_PORTS))
    for port in ("8265", "8266"):
        yield _case(f"a job's cluster with its dashboard at {port}", _of_job(platform, tenant, port))
    for what, (labels, owner) in _SPOOFS.items():
        yield _case(f"no job's cluster: {what}", _of_job(platform, tenant, "8266", labels, owner))


# A submitter is let in only for a job that labels and controlling owner agree on.
_SPOOFS: Mapping[str, tuple[Json, Json]] = {
    "another name": ({}, {"name": "other"}),
    "another kind": ({}, {"kind": "RayService"}),
    "another group": ({}, {"apiVersion": "batch/v1"}),
    "another's control": ({}, {"controller": False}),
    "another kind's label": ({JOB_KIND_LABEL: "RayService"}, {}),
    "an empty name": ({JOB_NAME_LABEL: ""}, {"name": ""}),
}


def _of_job(platform: Platform, tenant: Tenant, port: str, labels: Json = _NO_MORE, owner: Json = _NO_MORE) -> Json:
    """A cluster with its dashboard at a port, made from a job as KubeRay does it, but for what is given."""
    value = _moved(platform, tenant, {DASHBOARD: port})
    value["metadata"]["labels"] |= {JOB_NAME_LABEL: "train", JOB_KIND_LABEL: JOB_KIND} | labels
    made = {"apiVersion": "ray.io/v1", "kind": JOB_KIND, "name": "train", "uid": "1", "controller": True}
    value["metadata"]["ownerReferences"] = [made | owner]
    return value


def _moved(platform: Platform, tenant: Tenant, params: Json) -> Json:
    """A cluster with these parameters for its head and one worker group, and other metrics for another group."""
    value = ray_cluster(platform, tenant)
    groups = value["spec"]["workerGroupSpecs"]
    value["spec"]["headGroupSpec"]["rayStartParams"] |= params
    groups[0]["rayStartParams"] |= params
    groups[1]["rayStartParams"] |= params
    groups[2]["rayStartParams"] |= {METRICS: "10001"}
    return value


def _jobs(platform: Platform, tenant: Tenant) -> Iterator[Case]:
    for version in _JOB.versions:
        value = _selecting(platform, tenant, "shared") | {"apiVersion": f"{API_GROUP}/{version}"}
        yield _case(f"a job on a selected cluster, {version}", value)
    yield _case("a job that selects no name", _selecting(platform, tenant, "{{ request.object.metadata.name }}"))
    yield _case("a job submitted without a pod", _selecting(platform, tenant, "shared", submissionMode="HTTPMode"))
    value = _selecting(platform, tenant, "shared")
    del value["metadata"]["labels"][platform.tenant_label]
    fails = {LABEL.ID} | ({GENERATION} if asks(tenant, value) else set())
    yield _case("a job without its tenant's label", value, *fails)


def _selecting(platform: Platform, tenant: Tenant, cluster: str, **spec: Any) -> Json:
    value = ray_object(_JOB, platform, tenant)
    del value["spec"]["rayClusterSpec"]
    value["spec"] |= {SELECTOR: {CLUSTER_LABEL: cluster}} | spec
    return value


def _case(what: str, value: Json, *fails: str) -> Case:
    whose = value["metadata"]["namespace"]
    return Case(f"{GENERATION}/{what} in {whose}", value, frozenset(fails))
