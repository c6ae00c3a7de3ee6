"""Tenants, and Ray objects of theirs that keep every rule until a test changes something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import (
    Allow,
    Authentication,
    Bounds,
    Config,
    Container,
    Enforcement,
    Exposure,
    Mode,
    Network,
    Platform,
    Provider,
    Quota,
    Require,
    Tenant,
)
from rayfence.rules.rule import Rule
from rayfence.workload import Request, Workload

from ..builders import BOUNDS

PLATFORM = Platform()
TEAM_A = Tenant("team-a", ("ray-a",), BOUNDS)
TEAM_B = Tenant("team-b", ("ray-b", "ray-b-dev"), BOUNDS, quota=Quota("64", "256Gi", 4, 16))

HEAD = "spec.headGroupSpec"
WORKERS = "spec.workerGroupSpecs[{}]"

ALLOW = Allow(
    priority_classes=("batch",),
    queues={
        "volcano.sh/queue-name": ("team-a",),
        "yunikorn.apache.org/app-id": ("team-a*",),
        "kai.scheduler/queue": (),
    },
    exposure_annotations=("tailscale.com/*",),
    exposure_kinds=("HTTPRoute.gateway.networking.k8s.io", "CiliumNetworkPolicy.cilium.io"),
)

Json = dict[str, Any]


def container(name: str = "ray", cpu: object = "1", memory: object = "2Gi", **fields: Any) -> Json:
    """A container whose requests are its limits."""
    return {
        "name": name,
        "resources": {side: {"cpu": cpu, "memory": memory} for side in ("requests", "limits")},
    } | fields


def pod(tenant: str = "team-a", **spec: Any) -> Json:
    """A pod template; `spec` replaces or adds fields of the pod spec."""
    own = {"key": "tenant", "operator": "Equal", "value": tenant, "effect": "NoSchedule"}
    fields = {"nodeSelector": {"tenant": tenant}, "tolerations": [own], "containers": [container()]}
    return {"metadata": {"labels": {"tenant": tenant}}, "spec": fields | spec}


def group(template: Json | None = None, **fields: Any) -> Json:
    """A worker group; `fields` stand beside its template."""
    return {"groupName": "workers", "template": pod() if template is None else template} | fields


def cluster(*groups: Any, head: Json | None = None, tenant: str = "team-a", **spec: Any) -> Json:
    """A RayCluster of team-a with these worker groups; `spec` are further fields of its spec."""
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "one", "namespace": f"ray-{tenant[-1]}", "labels": {"tenant": tenant}},
        "spec": {"headGroupSpec": {"template": pod(tenant) if head is None else head}, "workerGroupSpecs": [*groups]}
        | spec,
    }


def submitter(tenant: str = "team-a", **spec: Any) -> Json:
    """A pod template that submits a job."""
    return pod(tenant, **({"containers": [container("ray-job-submitter")], "restartPolicy": "Never"} | spec))


def job(ray_cluster: Json | None, **spec: Any) -> Json:
    """A RayJob on a cluster of its own, or without one; `spec` are further fields of its spec."""
    embedded = {} if ray_cluster is None else {"rayClusterSpec": ray_cluster["spec"]}
    return {**(ray_cluster or cluster()), "kind": "RayJob", "spec": embedded | spec}


def cron_job(ray_cluster: Json | None, **spec: Any) -> Json:
    """A RayCronJob of such a RayJob."""
    made = job(ray_cluster, **spec)
    return {**made, "kind": "RayCronJob", "spec": {"schedule": "0 3 * * *", "jobTemplate": made["spec"]}}


def service(ray_cluster: Json) -> Json:
    """A RayService on this cluster."""
    return {**ray_cluster, "kind": "RayService", "spec": {"rayClusterConfig": ray_cluster["spec"]}}


def broken(
    rule: Rule,
    value: Json,
    tenant: Tenant = TEAM_A,
    platform: Platform = PLATFORM,
    username: str = "",
    old: Json | None = None,
) -> list[str]:
    """Where one rule is broken: its id and a path, for each violation. With `old` the object is updated."""
    request = Request(username) if old is None else Request(username, operation="UPDATE", old=old)
    found = rule.violations(Workload(value, request), tenant, platform)
    return [f"[{violation.rule}] {violation.path}" for violation in found]


def told(rule: Rule, value: Json, tenant: Tenant = TEAM_A, platform: Platform = PLATFORM) -> list[str]:
    """What people read: each violation's message."""
    return [violation.message for violation in rule.violations(Workload(value), tenant, platform)]


CONFIGS = {
    "plain": Config(PLATFORM, (TEAM_A,)),
    "other keys": Config(
        Platform(tenant_label="example.com/team", node_label="example.com/pool", taint_key="example.com/dedicated"),
        (TEAM_A,),
    ),
    "names like numbers": Config(
        PLATFORM, (replace(TEAM_A, name="1000"), Tenant("1k", ("ray-1k",), BOUNDS), Tenant("1e3", ("1e3",), BOUNDS))
    ),
    "every quota": Config(PLATFORM, (TEAM_B,)),
    "no room between bounds": Config(
        PLATFORM, (replace(TEAM_B, container=Container(Bounds("1500m", "1.5"), Bounds("4Gi", "4096Mi"))),)
    ),
    "a bound below one": Config(
        PLATFORM, (replace(TEAM_A, container=Container(Bounds("1m", "500m"), Bounds("1", "64Mi"))),)
    ),
    "audited": Config(
        PLATFORM, (replace(TEAM_B, enforcement=Enforcement.AUDIT, network=Network(enforce=False)), TEAM_A)
    ),
    "isolated by KubeRay": Config(
        PLATFORM,
        (
            replace(
                TEAM_A, network=Network(provider=Provider.KUBERAY), require=Require(Authentication.TOKEN), allow=ALLOW
            ),
            replace(TEAM_B, network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS)),
        ),
    ),
    "open": Config(Platform(exposure=Exposure(load_balancer=True, node_port=True, ingress=True)), (TEAM_A,)),
    "balanced": Config(Platform(exposure=Exposure(load_balancer=True)), (TEAM_A,)),
    "audited platform": Config(
        Platform(enforcement=Enforcement.AUDIT), (replace(TEAM_A, enforcement=Enforcement.WARN),)
    ),
}

QUICK = ("plain", "open")
"""The configs that are tried in `make quick` too. Of the others some have many cases, and each has most of them."""


def of_config(name: str, *values: Any, quick: bool = False, id: str = "") -> Any:
    """Parameters of a test of one config: slow for all but a few, unless the caller knows it to be quick."""
    marks = [] if quick or name in QUICK else [pytest.mark.slow]
    return pytest.param(name, *values, id=id or name, marks=marks)
