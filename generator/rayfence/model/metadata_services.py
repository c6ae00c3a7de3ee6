"""The addresses of clouds' metadata services. A pod could get its node's credentials there, so nothing opens them.

The best known address is link-local. So are services that pods need: the DNS cache of a node, credentials of a pod's
own. The platform opens such an address by listing it alone; the rest of the link-local range stays shut.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

LINK_LOCAL = IPv4Network("169.254.0.0/16")

_IPV4 = {
    "169.254.169.254": "the metadata service of nearly every cloud",
    "169.254.170.2": "the credentials of AWS ECS",
    "169.254.0.23": "the metadata service of Tencent Cloud",
    "169.254.42.42": "the metadata service of Scaleway",
    "168.63.129.16": "the wire server of Azure",
    "100.100.100.200": "the metadata service of Alibaba Cloud",
    "100.96.0.96": "the metadata service of Volcengine",
    "192.0.0.192": "the metadata service of Oracle Cloud",
    "100.80.80.80": "the metadata service of UCloud",
}
_IPV6 = {
    "fd00:ec2::254": "the metadata service of AWS",
    "fd00:c1::a9fe:a9fe": "the metadata service of Oracle Cloud",
    "fd00:100::100:200": "the metadata service of Alibaba Cloud",
    "fd20:ce::254": "the metadata service of Google Cloud",
    "fd00:42::42": "the metadata service of Scaleway",
    "fd00:a9fe:a9fe::1": "the metadata service of Akamai",
    "fe80::a9fe:a9fe": "the metadata service of OpenStack",
}
_NAT64 = int(IPv6Address("64:ff9b::"))


def lies_inside(inner: Network | None, outer: Network | None) -> bool:
    """Whether one range holds another; what is no range neither holds nor lies in one."""
    match inner, outer:
        case IPv4Network(), IPv4Network():
            return inner.subnet_of(outer)
        case IPv6Network(), IPv6Network():
            return inner.subnet_of(outer)
        case _:
            return False


def _through_nat64(network: IPv4Network) -> IPv6Network:
    """The range by which a NAT64 gateway is asked for an IPv4 range."""
    return IPv6Network((_NAT64 + int(network.network_address), 96 + network.prefixlen))


SERVICES: dict[Network, str] = {
    **{ip_network(address): name for address, name in (_IPV4 | _IPV6).items()},
    **{_through_nat64(IPv4Network(address)): f"{name}, through NAT64" for address, name in _IPV4.items()},
}
"""Each address of a metadata service, as a range of one address, with the service's name."""

_RANGES: tuple[Network, ...] = (LINK_LOCAL, _through_nat64(LINK_LOCAL))

SHUT: tuple[Network, ...] = (
    *_RANGES,
    *(service for service in SERVICES if not any(lies_inside(service, each) for each in _RANGES)),
)
"""What a range must leave out that holds it. None of these ranges lies inside another."""


def service_in(network: Network) -> str | None:
    """The name of a metadata service that all of a range belongs to."""
    return next((name for service, name in SERVICES.items() if lies_inside(network, service)), None)


def may_be_opened(network: Network) -> bool:
    """Whether a platform may open a link-local range: it is one address, and not that of a metadata service."""
    is_one = network.prefixlen == network.max_prefixlen
    return lies_inside(network, LINK_LOCAL) and is_one and service_in(network) is None
