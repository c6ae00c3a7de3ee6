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
    ("crd.nsx.vmware.com", "v1alpha1"): ("SecurityPolicy",),
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
    ("ingress.v1.haproxy.org", "v1"): ("TCP",),
    ("ingress.v3.haproxy.org", "v3"): ("TCP",),
    ("consul.hashicorp.com", "v1alpha1"): ("IngressGateway", "TerminatingGateway"),
    ("getambassador.io", "v3alpha1"): ("Mapping", "TCPMapping", "Host", "Listener"),
    ("k8s.nginx.org", "v1"): ("VirtualServer", "VirtualServerRoute", "TransportServer"),
    ("configuration.konghq.com", "v1beta1"): ("TCPIngress", "UDPIngress"),
    ("apisix.apache.org", "v2"): ("ApisixRoute", "ApisixGlobalRule"),
    ("gateway.solo.io", "v1"): ("VirtualService", "RouteTable"),
    ("gateway.networking.x-k8s.io", "v1alpha1"): ("XListenerSet",),
    ("cis.f5.com", "v1"): ("VirtualServer", "TransportServer", "IngressLink"),
    ("zalando.org", "v1"): ("RouteGroup",),
    # Load balancers that take pods of a Service.
    ("elbv2.k8s.aws", "v1beta1"): ("TargetGroupBinding",),
    ("eks.amazonaws.com", "v1"): ("TargetGroupBinding",),
    ("aga.k8s.aws", "v1beta1"): ("GlobalAccelerator",),
    ("serving.knative.dev", "v1"): ("Service", "Route"),
    ("serving.knative.dev", "v1beta1"): ("DomainMapping",),
    # Other clusters.
    ("multicluster.x-k8s.io", "v1alpha1"): ("ServiceExport",),
    ("net.gke.io", "v1"): ("ServiceExport",),
    ("networking.gke.io", "v1"): ("MultiClusterService", "MultiClusterIngress", "ServiceAttachment"),
    ("networking.karmada.io", "v1alpha1"): ("MultiClusterService", "MultiClusterIngress"),
    ("offloading.liqo.io", "v1beta1"): ("NamespaceOffloading",),
    ("networking.fleet.azure.com", "v1alpha1"): ("ServiceExport",),
    ("application-networking.k8s.aws", "v1alpha1"): ("ServiceExport",),
    ("skupper.io", "v2alpha1"): ("Site", "Connector", "RouterAccess", "AccessGrant", "AttachedConnector", "Link"),
    # Tunnels, and public names.
    ("networking.cfargotunnel.com", "v1alpha1"): ("Tunnel", "TunnelBinding"),
    ("ngrok.k8s.ngrok.com", "v1alpha1"): ("AgentEndpoint", "CloudEndpoint"),
    ("ingress.k8s.ngrok.com", "v1alpha1"): ("Tunnel", "HTTPSEdge", "TCPEdge", "TLSEdge"),
    ("operator.inlets.dev", "v1alpha1"): ("Tunnel",),
    ("externaldns.k8s.io", "v1alpha1"): ("DNSEndpoint",),
    ("dns.gardener.cloud", "v1alpha1"): ("DNSEntry", "DNSAnnotation"),
    ("kuadrant.io", "v1alpha1"): ("DNSRecord",),
    ("k8gb.absa.oss", "v1beta1"): ("Gslb",),
}
"""(API group, a version of it) -> kinds. Every version of a kind is meant."""


def plural(kind: str) -> str:
    """The name of a kind in the paths of the API."""
    word = kind.lower()
    if word.endswith("y") and word[-2] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith("s") else f"{word}s"
