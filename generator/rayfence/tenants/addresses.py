"""Address ranges: whether one is one, and whether it is as good as everywhere."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network

Network = IPv4Network | IPv6Network

# The widest private ranges are 10.0.0.0/8 and fc00::/7. Whatever is wider takes in the internet: a floor on the
# prefix also catches `0.0.0.0/1` beside `128.0.0.0/1`.
_WIDEST = {4: 8, 6: 7}


def fault(text: str) -> str | None:
    """What is wrong with a range in CIDR notation, and what to write; None for a right one."""
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return f'"{text}" is not an address range; write one like 10.20.0.0/16 or fd00:20::/64'
    if isinstance(network.network_address, IPv6Address) and network.network_address.ipv4_mapped:
        return f'"{text}" is an IPv4 range in IPv6 clothes; write it as IPv4'
    if str(network.network_address) != str(_address(text)):
        return f'"{text}" has bits set behind its prefix; write {network}'
    return None


def _address(text: str) -> object:
    return ip_network(text.partition("/")[0]).network_address


def is_everywhere(text: str) -> bool:
    """Whether a right range is wider than any private network."""
    network = ip_network(text)
    return network.prefixlen < _WIDEST[network.version]


def is_inside(inner: str, outer: str) -> bool:
    """Whether one right range lies within another."""
    small, large = ip_network(inner), ip_network(outer)
    if isinstance(small, IPv4Network):
        return isinstance(large, IPv4Network) and small.subnet_of(large)
    return isinstance(large, IPv6Network) and small.subnet_of(large)
