"""Checks address ranges: syntax, ranges that are nearly everything, and metadata services."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv6Address, ip_network

from rayfence.model.metadata_services import SHUT, lies_inside, may_be_opened, service_in
from rayfence.tenants.messages import quoted

WIDE = "and is wider than any private network; write the ranges that are needed"

# The widest private ranges are 10.0.0.0/8 and fc00::/7. Whatever is wider takes in the internet: a floor on the
# prefix also catches `0.0.0.0/1` beside `128.0.0.0/1`.
_WIDEST = {4: 8, 6: 7}

# A range that names a few machines, like the nodes of a gateway.
_FEW = {4: 28, 6: 120}


def fault(text: str) -> str | None:
    """The problem of a range in CIDR notation, and what to write; None for a valid range."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f'"{text}" is not an address range; write one like 10.20.0.0/16 or fd00:20::/64'
    if isinstance(network.network_address, IPv6Address) and network.network_address.ipv4_mapped:
        return f'"{text}" is an IPv4 range in IPv6 notation; write it as IPv4'
    if text.rpartition("/")[2] != str(network.prefixlen):
        return f'"{text}" has a prefix with a zero before it; write {network}'
    if str(network.network_address) != str(_address(text)):
        return f'"{text}" has bits set after its prefix; write {network}'
    return None


def _address(text: str) -> object:
    return ip_network(text.partition("/")[0]).network_address


def is_everywhere(text: str) -> bool:
    """Whether a right range is wider than any private network."""
    network = ip_network(text)
    return network.prefixlen < _WIDEST[network.version]


def is_many(text: str) -> bool:
    """Whether a valid range is larger than the addresses of a few known machines."""
    network = ip_network(text)
    return network.prefixlen < _FEW[network.version]


def is_inside(inner: str, outer: str) -> bool:
    """Whether one right range lies within another."""
    return lies_inside(ip_network(inner), ip_network(outer))


def shut(text: str) -> str | None:
    """Why a right range can never be opened, and what to write; None for one that can."""
    network = ip_network(text)
    if service := service_in(network):
        return f"{quoted(text)} is {service}, where pods get their node's credentials; leave it out"
    if any(lies_inside(network, each) for each in SHUT) and not may_be_opened(network):
        wrong = "is a part of the link-local range, where metadata services are"
        return f"{quoted(text)} {wrong}; write single addresses, like 169.254.170.23/32"
    return None


def holds(text: str, left_out: Iterable[str]) -> str | None:
    """What a right range has to leave out besides right ranges that it does leave out; None where that is nothing."""
    network, holes = ip_network(text), [ip_network(each) for each in left_out]
    more = [str(each) for each in SHUT if lies_inside(each, network) and not any(lies_inside(each, h) for h in holes)]
    if not more or may_be_opened(network):
        return None
    return f"{quoted(text)} reaches metadata services of clouds; leave out {', '.join(more)}"
