"""Annotations and labels by which a controller opens a Service that looks closed: a table, family by family.

`*` at the end of an entry matches any further text. Annotations that only change a LoadBalancer are not here: a Service
of that type is refused, or allowed, by its type.
"""

from __future__ import annotations

from collections.abc import Mapping

FAMILIES: tuple[str, ...] = (
    # A VPN, or a tunnel to the Internet.
    "tailscale.com/*",
    "netbird.io/*",
    "resource.twingate.com",
    "resource.twingate.com/*",
    "cfargotunnel.com/*",
    "k8s.ngrok.com/*",
    # Public DNS names, among them those of others.
    "external-dns.alpha.kubernetes.io/*",
    "dns.alpha.kubernetes.io/*",
    "dns.gardener.cloud/*",
    # Endpoint groups for Google's load balancers.
    "cloud.google.com/neg",
    "solutions.cloud.google.com/hybrid-neg",
    "controller.autoneg.dev/*",
    "anthos.cft.dev/autoneg",
    # A port of the node for each pod of the Service.
    "nodeportlocal.antrea.io/*",
    # Routes to the Service's address, told to the routers around the cluster.
    "kube-router.io/service.advertise.*",
    # Other clusters.
    "multicluster.admiralty.io/global",
    "service.cilium.io/global*",
    "service.cilium.io/shared*",
    "io.cilium/global-service",
    "io.cilium/shared-service",
    "mirror.linkerd.io/*",
    "istio.io/global",
    "skupper.io/*",
    "consul.hashicorp.com/service-*",
    # A gateway's routes, written on the Service.
    "getambassador.io/*",
)

_INGRESS_ALONE = "^[{][^A-Za-z0-9,{}]*ingress[^A-Za-z0-9,{}]*(true|false)[^A-Za-z0-9,{}]*[}]$"
"""A JSON object of this field alone. GKE writes it on Services by itself; it makes endpoints for Ingresses."""

CLOSED: Mapping[str, str] = {
    "cloud.google.com/neg": _INGRESS_ALONE,
    "nodeportlocal.antrea.io/enabled": "^false$",
    "service.cilium.io/global": "^false$",
    "io.cilium/global-service": "^false$",
    "mirror.linkerd.io/exported": "^false$",
    "consul.hashicorp.com/service-sync": "^false$",
    "consul.hashicorp.com/service-ignore": "^true$",
}
"""The values, by key, with which an entry of the table opens nothing, as regular expressions."""
