"""The NetworkPolicies of each scenario: what rayfence writes and generates, none, and two sets known to be bad."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from dataplane.cast import CLUSTER, NAMESPACE, OURS, RAY_CLUSTER, config
from rayfence.manifests import bundle
from rayfence.model.config import Mode, Scope
from rayfence.network import generated

Manifest = dict[str, Any]

FIXED_PORTS = (6379, 8265, 10001, 8080, 52365, 8000)
"""The ports of Ray that are always the same; a policy that lists them looks complete."""


def of_rayfence(mode: Mode, scope: Scope) -> list[Manifest]:
    """The static layer as the bundle has it, text and all, and what is generated for the RayCluster."""
    ours = config(mode, scope)
    texts = bundle.files(ours, backends=())
    written = [each for text in texts.values() for each in yaml.safe_load_all(text)]
    static = [each for each in written if each["kind"] == "NetworkPolicy"]
    own = next(tenant for tenant in ours.tenants if tenant.name == OURS)
    return [*static, *generated(ours.platform, own, RAY_CLUSTER)]


def with_fixed_ports() -> list[Manifest]:
    """rayfence's, but inside the RayCluster only Ray's fixed ports are open: known to be bad."""
    policies = copy.deepcopy(of_rayfence(Mode.DENY_ALL, Scope.TENANT))
    for policy in policies:
        if policy["metadata"]["name"].startswith(f"rayfence-{CLUSTER}-"):
            for side in ("ingress", "egress"):
                policy["spec"][side][0]["ports"] = [{"port": port, "protocol": "TCP"} for port in FIXED_PORTS]
    return policies


def one_per_cluster() -> list[Manifest]:
    """The single policy that rayfence replaces: peers by tenant label, three ports out, no DNS. Known to be bad."""
    same = [{"podSelector": {"matchLabels": {"tenant": OURS}}}]
    spec = {
        "podSelector": {"matchLabels": {"ray.io/cluster": CLUSTER, "tenant": OURS}},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": same}],
        "egress": [{"to": same, "ports": [{"port": port, "protocol": "TCP"} for port in (6379, 8265, 10001)]}],
    }
    return [{"metadata": {"name": f"{CLUSTER}-isolation", "namespace": NAMESPACE}, "spec": spec}]
