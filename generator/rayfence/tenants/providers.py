"""Checks that a tenant's isolation settings are consistent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.model.config import Enforcement, Platform, Provider
from rayfence.model.field_path import FieldPath
from rayfence.tenants.problems import Diagnostics

_PROVIDER = FieldPath.of("spec", "network", "provider")
_ENFORCE = FieldPath.of("spec", "network", "enforce")


def check(spec: Mapping[str, Any], platform: Platform, diagnostics: Diagnostics) -> None:
    """`spec` is a Tenant's, of the right shape."""
    network = spec.get("network", {})
    enforcement = spec.get("enforcement", platform.enforcement)
    if network.get("enforce") is False and enforcement == Enforcement.ENFORCE:
        wrong = f"the pods of the tenant are open to all others, though its enforcement is {enforcement}"
        diagnostics.warn(_ENFORCE, f"{wrong}; leave enforce out")
    # Without the namespace's own layer no RayCluster of KubeRay's finds its head: nothing opens DNS.
    if network.get("provider") == Provider.KUBERAY and network.get("enforce") is False:
        wrong = "kuberay opens what the network layer closes, and enforce is false"
        diagnostics.add(_PROVIDER, f"{wrong}; write enforce: true, or leave the provider out")
