"""Checks keys of labels and taints: whether anything other than the platform writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rayfence.model.allowable import ALIASES
from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.tenants.messages import quoted
from rayfence.tenants.problems import Diagnostics

_KUBERNETES = ("kubernetes.io", "k8s.io")
_KUBERAY = "ray.io"
_OF_ADMINISTRATORS = "node-restriction.kubernetes.io"
"""Labels below this domain are the only ones, with Kubernetes' own, that no kubelet may write on its node."""

# What Kubernetes' admission plugin NodeRestriction lets a kubelet write of Kubernetes' own labels.
_OF_KUBELETS = ("kubelet.kubernetes.io", "node.kubernetes.io")
_KUBELETS = frozenset(
    {
        *("kubernetes.io/hostname", "kubernetes.io/arch", "kubernetes.io/os"),
        *("beta.kubernetes.io/arch", "beta.kubernetes.io/os", "beta.kubernetes.io/instance-type"),
        *("topology.kubernetes.io/zone", "topology.kubernetes.io/region"),
        *("failure-domain.beta.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/region"),
    }
)

_DEVICES = {
    "amd.com": "AMD's device plugin",
    "aws.amazon.com": "AWS's device plugins",
    "gpu.intel.com": "Intel's device plugin",
    "google.com": "Google's device plugin",
    "habana.ai": "Habana's device plugin",
    "huawei.com": "Huawei's device plugin",
    "nvidia.com": "NVIDIA's device plugin",
    "vpc.amazonaws.com": "AWS's device plugins",
}
_CLOUDS = {
    "cloud.google.com": "GKE",
    "eks.amazonaws.com": "EKS",
    "karpenter.sh": "Karpenter",
    "kubernetes.azure.com": "AKS",
}
_PLAIN = {
    "CriticalAddonsOnly": "Kubernetes",
    "DeletionCandidateOfClusterAutoscaler": "the cluster autoscaler",
    "ToBeDeletedByClusterAutoscaler": "the cluster autoscaler",
}

_CONTROLLERS = frozenset({"controller-revision-hash", "controller-uid", "job-name", "pod-template-hash"})

_OWN = "write a key of your own, like corp.example/tenant"


def check(spec: Mapping[str, Any], diagnostics: Diagnostics) -> None:
    """`spec` is a Platform's, of the right shape."""
    label, node, taint = (spec.get(name, "") for name in ("tenantLabel", "nodeLabel", "taintKey"))
    if _is_below(label, [_KUBERAY]):
        wrong = "belongs to KubeRay, which writes such labels itself"
        diagnostics.add(FieldPath.of("spec", "tenantLabel"), f"{quoted(label)} {wrong}; {_OWN}")
    if _is_below(label, _KUBERNETES):
        wrong = "belongs to Kubernetes, whose own programs write such labels"
        diagnostics.add(FieldPath.of("spec", "tenantLabel"), f"{quoted(label)} {wrong}; {_OWN}")
    if label in _CONTROLLERS:
        wrong = "is written by controllers of Kubernetes on the pods that they make"
        diagnostics.add(FieldPath.of("spec", "tenantLabel"), f"{quoted(label)} {wrong}; {_OWN}")
    if label in ALIASES:
        wrong = "names a queue or a priority to a scheduler, so no tenant's objects would be admitted with it"
        diagnostics.add(FieldPath.of("spec", "tenantLabel"), f"{quoted(label)} {wrong}; {_OWN}")
    if owner := _owner_of_taint(taint):
        wrong = f"is a taint of {owner}, which pods tolerate without asking for a tenant's nodes"
        diagnostics.add(FieldPath.of("spec", "taintKey"), f"{quoted(taint)} {wrong}; {_OWN}")
    if node not in ("", Platform().node_label) and _may_a_kubelet_write(node):
        wrong = "can be written by a kubelet, so a compromised node can claim to be another tenant's"
        write = f"write a key of {_OF_ADMINISTRATORS}, like {_OF_ADMINISTRATORS}/tenant"
        diagnostics.warn(FieldPath.of("spec", "nodeLabel"), f"{quoted(node)} {wrong}; {write}")


def why_no_queue(key: str, platform: Platform) -> str | None:
    """Why a key cannot have a list of queues; None if it can."""
    if key == platform.tenant_label:
        return "is the tenantLabel, whose value rayfence's own rules demand"
    if key in ALIASES:
        return None
    if _is_below(key, [_KUBERAY]):
        return "belongs to KubeRay, and every Ray object with another value there would be refused"
    if _is_below(key, _KUBERNETES):
        return "belongs to Kubernetes, and every pod with another value there would be refused"
    return None


def _owner_of_taint(key: str) -> str | None:
    """Who else writes taints with this key, or tolerations of them."""
    if _is_below(key, _KUBERNETES) and not _is_below(key, [_OF_ADMINISTRATORS]):
        return "Kubernetes"
    return (_DEVICES | _CLOUDS | _PLAIN).get(_domain(key) or key)


def _may_a_kubelet_write(key: str) -> bool:
    if not _is_below(key, _KUBERNETES):
        return True
    return key in _KUBELETS or _is_below(key, _OF_KUBELETS)


def _is_below(key: str, domains: Iterable[str]) -> bool:
    return any(_domain(key) == each or _domain(key).endswith(f".{each}") for each in domains)


def _domain(key: str) -> str:
    return key.rpartition("/")[0]
