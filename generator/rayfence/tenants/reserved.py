"""Namespaces that no tenant may have: those of the platform, and of well-known programs with more permissions.

A tenant's Ray code runs in its namespace, and policies restrict all pods there. In `istio-system`, that code would be
next to the keys of the mesh. A name with `*` matches every name of that form.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from rayfence.model.config import Platform

_KUBERNETES = {
    "kube-*": "like every name that begins with kube-",
    "default": "because objects without a namespace are created there",
}

_RUNS: Mapping[str, str] = {
    "aks-*": "AKS's own pods run",
    "amazon-*": "AWS's own pods run",
    "argo": "Argo Workflows runs",
    "argo-*": "Argo runs",
    "argocd": "Argo CD runs",
    "azure-*": "Azure's own pods run",
    "calico-*": "Calico runs",
    "capsule-system": "Capsule runs",
    "cattle-*": "Rancher runs",
    "cert-manager": "cert-manager runs",
    "cilium*": "Cilium runs",
    "crossplane-system": "Crossplane runs",
    "emissary-system": "Emissary runs",
    "envoy-gateway-system": "Envoy Gateway runs",
    "external-dns": "ExternalDNS runs",
    "external-secrets": "External Secrets runs",
    "flux-system": "Flux runs",
    "gatekeeper-system": "Gatekeeper runs",
    "gke-*": "GKE's own pods run",
    "gloo-system": "Gloo runs",
    "gmp-*": "Google's monitoring runs",
    "gpu-operator": "the GPU operator runs",
    "haproxy-controller": "HAProxy's ingress controller runs",
    "ingress-nginx": "ingress-nginx runs",
    "istio-*": "Istio runs",
    "kai-resource-reservation": "the KAI scheduler runs",
    "kai-scheduler": "the KAI scheduler runs",
    "karpenter": "Karpenter runs",
    "keda": "KEDA runs",
    "kgateway-system": "kgateway runs",
    "knative-*": "Knative runs",
    "koordinator-system": "Koordinator runs",
    "kourier-system": "Kourier runs",
    "kuberay-*": "KubeRay runs",
    "kubevirt": "KubeVirt runs",
    "kueue-system": "Kueue runs",
    "kyverno": "Kyverno runs",
    "linkerd*": "Linkerd runs",
    "longhorn-system": "Longhorn runs",
    "metallb-system": "MetalLB runs",
    "monitoring": "monitoring runs",
    "nginx-gateway": "NGINX's gateway runs",
    "nginx-ingress": "NGINX's ingress controller runs",
    "node-feature-discovery": "Node Feature Discovery runs",
    "nvidia-*": "an operator of NVIDIA runs",
    "olm": "the Operator Lifecycle Manager runs",
    "openshift": "OpenShift runs",
    "openshift-*": "OpenShift runs",
    "projectcontour": "Contour runs",
    "rook-ceph": "Rook runs",
    "runai": "Run:ai's own pods run",
    "runai-reservation": "Run:ai's own pods run",
    "sealed-secrets": "Sealed Secrets runs",
    "spire-server": "SPIRE runs",
    "spire-system": "SPIRE runs",
    "submariner-*": "Submariner runs",
    "tailscale": "Tailscale's operator runs",
    "tekton-*": "Tekton runs",
    "tigera-*": "Calico's operator runs",
    "traefik": "Traefik runs",
    "vault": "Vault runs",
    "velero": "Velero runs",
    "vmware-system-*": "VMware's own pods run",
    "volcano-*": "Volcano runs",
    "yunikorn": "YuniKorn runs",
}


def why_reserved(namespace: str, platform: Platform) -> str | None:
    """Why no tenant may have this namespace; None for one that a tenant may have."""
    return next((reason for name, reason in _reasons(platform) if fnmatchcase(namespace, name)), None)


def _reasons(platform: Platform) -> Iterator[tuple[str, str]]:
    yield from _KUBERNETES.items()
    yield platform.operator.peer.namespace, "because the KubeRay operator runs there"
    yield platform.dns.peer.namespace, "because the cluster's DNS runs there"
    if platform.monitoring:
        yield platform.monitoring, "because monitoring runs there"
    yield from ((name, f"because {what} there") for name, what in _RUNS.items())
