"""Whether what a tenant says of its isolation goes together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.config import Provider
from rayfence.path import Path
from rayfence.tenants.complaints import Complaints

_PATH = Path.of("spec", "network", "provider")


def check(spec: Mapping[str, Any], complaints: Complaints) -> None:
    """`spec` is a Tenant's, of the right shape."""
    network = spec.get("network", {})
    # Without the namespace's own layer no RayCluster of KubeRay's finds its head: nothing opens DNS.
    if network.get("provider") == Provider.KUBERAY and network.get("enforce") is False:
        wrong = "kuberay opens what the network layer closes, and enforce is false"
        complaints.add(_PATH, f"{wrong}; write enforce: true, or leave the provider out")
