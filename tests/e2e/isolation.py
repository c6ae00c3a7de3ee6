"""NetworkPolicies on a server, as plain as the Python reading writes them."""

from __future__ import annotations

import time
from typing import Any

from controlplane import access
from controlplane.client import Client
from controlplane.isolation import POLICY, Manifest, defaulted, found, plain, wanted, write_status
from controlplane.processes import until

from rayfence.cases.good import ray_cluster
from rayfence.model.config import Config
from rayfence.network import static_layer

SECONDS_TO_ISOLATE = 60
SECONDS_TO_REMEMBER = 0.5


def new_cluster(config: Config, name: str, number: int = 0) -> dict[str, Any]:
    """A good RayCluster of one of the tenants."""
    value = ray_cluster(config.platform, config.tenants[number])
    value["metadata"]["name"] = name
    return value


def isolate(admin: Client, config: Config, cluster: Manifest, seconds: float = SECONDS_TO_ISOLATE) -> None:
    """Wait until a RayCluster has exactly the policies it must have. Raises NotUp."""
    must = wanted(config, cluster)
    until(f"policies of {cluster['metadata']['name']}", lambda: found(admin, cluster) == must, seconds)


def start(admin: Client, tenant: Client, config: Config, cluster: Manifest) -> None:
    """Create a RayCluster, have it noticed, isolated, and Kyverno done with it. Raises Refused, NotUp.

    Where a RayCluster is deleted while Kyverno 1.19.1 is at work on its status, it may make its policies once more.
    """
    tenant.create(cluster).or_raise()
    notice(admin, config, cluster)
    isolate(admin, config, cluster)
    until("Kyverno has nothing to do", lambda: not admin.list("kyverno.io/v2", "UpdateRequest"), SECONDS_TO_ISOLATE)
    time.sleep(SECONDS_TO_REMEMBER)


def notice(admin: Client, config: Config, cluster: Manifest) -> None:
    """Write the status of a RayCluster, as KubeRay does with every one that it sees, and with no other right than that.

    Here is no KubeRay. That Kyverno is asked about a status as well is what makes up for anything it missed.
    """
    operator = config.platform.operator.username
    access.let_write_status(admin, operator)
    write_status(admin.as_user(operator), cluster).or_raise()


def static(admin: Client, config: Config) -> dict[tuple[str, str], Any]:
    """The static layer's policies that are there, by namespace and name."""
    there = {_key(each): plain(each) for each in admin.list(*POLICY.values())}
    return {key: there[key] for key in must_be_static(config) if key in there}


def must_be_static(config: Config) -> dict[tuple[str, str], Any]:
    """The static layer as it must be."""
    layers = (static_layer(config.platform, tenant) for tenant in config.tenants)
    return {_key(each): defaulted(each) for layer in layers for each in layer}


def named(cluster: Manifest, role: str) -> dict[str, Any]:
    """The name of one of a RayCluster's policies."""
    metadata = cluster["metadata"]
    return {
        **POLICY,
        "metadata": {"name": f"rayfence-{metadata['name']}-{role}", "namespace": metadata["namespace"]},
    }


def _key(policy: Manifest) -> tuple[str, str]:
    return policy["metadata"]["namespace"], policy["metadata"]["name"]
