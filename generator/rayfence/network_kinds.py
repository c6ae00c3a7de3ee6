"""Kinds that open the network beside NetworkPolicy, Service and Ingress: a table, API group by API group.

Only those of a namespace are here: a tenant has no right to the others.
"""

from __future__ import annotations

from collections.abc import Mapping

NETWORK_KINDS: Mapping[tuple[str, str], tuple[str, ...]] = {
    # The Gateway API, and who may refer to what across namespaces.
    ("gateway.networking.k8s.io", "v1"): (
        "HTTPRoute",
        "GRPCRoute",
        "Gateway",
        "ListenerSet",
    ),
    ("gateway.networking.k8s.io", "v1alpha2"): ("TLSRoute", "TCPRoute", "UDPRoute"),
    ("gateway.networking.k8s.io", "v1beta1"): ("HTTPRoute", "Gateway", "ReferenceGrant"),
    ("route.openshift.io", "v1"): ("Route",),
    # Policies of network plugins, which are decided before or beside NetworkPolicies.
    ("cilium.io", "v2"): ("CiliumNetworkPolicy", "CiliumEnvoyConfig", "CiliumLocalRedirectPolicy"),
    ("crd.projectcalico.org", "v1"): ("NetworkPolicy", "NetworkSet"),
    ("projectcalico.org", "v3"): ("NetworkPolicy", "NetworkSet"),
    ("crd.antrea.io", "v1beta1"): ("NetworkPolicy", "Group"),
    ("k8s.ovn.org", "v1"): ("EgressFirewall", "UserDefinedNetwork"),
    ("networking.k8s.aws", "v1alpha1"): ("ApplicationNetworkPolicy", "PolicyEndpoint"),
    ("vpcresources.k8s.aws", "v1beta1"): ("SecurityGroupPolicy",),
    ("networking.gke.io", "v1alpha1"): ("FQDNNetworkPolicy",),
    ("isovalent.com", "v1alpha1"): ("IsovalentNetworkPolicy", "IsovalentFQDNNetworkPolicy"),
    # Service meshes.
    ("kuma.io", "v1alpha1"): (
        "MeshTrafficPermission",
        "MeshHTTPRoute",
        "MeshTCPRoute",
        "MeshPassthrough",
        "MeshExternalService",
        "MeshGatewayInstance",
    ),
    ("networking.istio.io", "v1"): ("VirtualService", "Gateway", "ServiceEntry", "WorkloadEntry"),
    # Ingress controllers with kinds of their own.
    ("traefik.io", "v1alpha1"): ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"),
    ("traefik.containo.us", "v1alpha1"): ("IngressRoute", "IngressRouteTCP", "IngressRouteUDP"),
    ("projectcontour.io", "v1"): ("HTTPProxy",),
    ("getambassador.io", "v3alpha1"): ("Mapping", "TCPMapping", "Host", "Listener"),
    ("k8s.nginx.org", "v1"): ("VirtualServer", "VirtualServerRoute", "TransportServer"),
    ("configuration.konghq.com", "v1beta1"): ("TCPIngress", "UDPIngress"),
    ("apisix.apache.org", "v2"): ("ApisixRoute",),
    ("gateway.solo.io", "v1"): ("VirtualService", "RouteTable"),
    ("gateway.networking.x-k8s.io", "v1alpha1"): ("XListenerSet",),
    ("cis.f5.com", "v1"): ("VirtualServer", "TransportServer", "IngressLink"),
    ("zalando.org", "v1"): ("RouteGroup",),
    # Load balancers that take pods of a Service.
    ("elbv2.k8s.aws", "v1beta1"): ("TargetGroupBinding",),
    ("eks.amazonaws.com", "v1"): ("TargetGroupBinding",),
    ("serving.knative.dev", "v1"): ("Service", "Route"),
    ("serving.knative.dev", "v1beta1"): ("DomainMapping",),
    # Other clusters.
    ("multicluster.x-k8s.io", "v1alpha1"): ("ServiceExport",),
    ("net.gke.io", "v1"): ("ServiceExport",),
    ("networking.gke.io", "v1"): ("MultiClusterService", "MultiClusterIngress"),
    ("networking.fleet.azure.com", "v1alpha1"): ("ServiceExport",),
    ("application-networking.k8s.aws", "v1alpha1"): ("ServiceExport",),
    ("skupper.io", "v2alpha1"): ("Site", "Connector", "RouterAccess", "AccessGrant"),
    # Tunnels, and public names.
    ("networking.cfargotunnel.com", "v1alpha1"): ("Tunnel", "TunnelBinding"),
    ("ngrok.k8s.ngrok.com", "v1alpha1"): ("AgentEndpoint", "CloudEndpoint"),
    ("externaldns.k8s.io", "v1alpha1"): ("DNSEndpoint",),
}
"""(API group, a version of it) -> kinds. Every version of a kind is meant."""


def plural(kind: str) -> str:
    """The name of a kind in the paths of the API."""
    word = kind.lower()
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"
