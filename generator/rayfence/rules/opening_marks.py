"""Annotations and labels by which a controller opens a Service that looks closed: a table, family by family.

`*` at the end of an entry stands for any further text. What only changes a LoadBalancer is not here: a Service of that
type is refused, or allowed, by its type.
"""

from __future__ import annotations

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
    "controller.autoneg.dev/*",
    "anthos.cft.dev/autoneg",
    # Other clusters.
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
