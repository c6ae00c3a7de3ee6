"""Address ranges that a tenant's own network rules may reach, in CEL and in Python.

A range is reached where it lies inside one of the platform's list. The metadata service of a cloud hands out the node's
own credentials, so no list opens it: a range that holds it has to leave it out.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_interface
from typing import Any

from rayfence.cel import items, let, literal, literals, when
from rayfence.config import Platform
from rayfence.path import Path
from rayfence.workload import dig
from rayfence.workload import items as listed

METADATA = ("169.254.0.0/16", "fd00:ec2::254/128", "fd20:ce::254/128")
"""Where metadata services are: everybody's over IPv4, and those of two clouds over IPv6."""

Network = IPv4Network | IPv6Network

_SHAPE = re.compile(r"[0-9a-fA-F:.]+/(0|[1-9][0-9]{0,2})")


def cel(block: str, path: str, platform: Platform) -> str:
    """CEL: a list of `path: what is wrong` with the optional ipBlock `block`; `path` is its own, in CEL."""

    def told(message: str) -> str:
        return f"{path} + {literal(f'.cidr: {message}')}"

    if not platform.egress.cidrs:
        return when(f"{block}.orValue(null) != null", told("must be left out, the platform opens no addresses"))
    opened = f"{literals(platform.egress.cidrs)}.exists(a, {_lies_in('c', 'a')})"
    left_out = f"{items('b.?except')}.exists(e, {_is_range('e')} && {_lies_in('m', 'e')})"
    secret = f"{literals(METADATA)}.exists(m, {_lies_in('c', 'm')} || ({_lies_in('m', 'c')} && !{left_out}))"
    wrong = (
        f"!({_is_range('c')}) ? [{told('must be an address range')}]\n"
        f": !{opened} ? [{told('must lie in a range that the platform opens')}]\n"
        f": {when(secret, told('must leave out the metadata service'))}"
    )
    of_cidr = let("c", "b.?cidr.orValue(null)", wrong)
    return let("b", f"{block}.orValue(null)", f"b == null ? [] : {of_cidr}")


def _is_range(text: str) -> str:
    return f"type({text}) == string && isCIDR({text})"


def _lies_in(inner: str, outer: str) -> str:
    # Before Kubernetes 1.33 `containsCIDR` says no to most of what lies inside.
    wide = f"cidr({outer}).prefixLength() <= cidr({inner}).prefixLength()"
    return f"(cidr({outer}).containsIP(cidr({inner}).ip()) && {wide})"


def fault(block: Any, path: Path, platform: Platform) -> str | None:
    """What is wrong with the `cidr` of an ipBlock that is at `path`, if anything is."""
    text = dig(block, "cidr", at=path)
    found, opened = network(text), platform.egress.cidrs
    if found is None:
        return f"is no address range; write one inside {_any(opened)}"
    if not any(lies_inside(found, network(each)) for each in opened):
        return f"{text} is not open to tenants; stay inside {_any(opened)}"
    left_out = [network(each) for each in listed(dig(block, "except", at=path))]
    for secret in METADATA:
        own = network(secret)
        if lies_inside(found, own) or (lies_inside(own, found) and not any(lies_inside(own, e) for e in left_out)):
            return f"{text} reaches the metadata service of a cloud; leave out {secret}"
    return None


def network(text: Any) -> Network | None:
    """An address range; None for what CEL's library takes for none, though Python knows netmasks and zones too."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        return None
    try:
        found = ip_interface(text)
    except ValueError:
        return None
    # An IPv4 range in IPv6 clothes reaches what its IPv4 reading reaches.
    return None if isinstance(found.ip, IPv6Address) and found.ip.ipv4_mapped else found.network


def lies_inside(inner: Network | None, outer: Network | None) -> bool:
    """Whether one range holds another; what is no range neither holds nor lies in one."""
    match inner, outer:
        case IPv4Network(), IPv4Network():
            return inner.subnet_of(outer)
        case IPv6Network(), IPv6Network():
            return inner.subnet_of(outer)
        case _:
            return False


def _any(ranges: tuple[str, ...]) -> str:
    return " or ".join(ranges) or "what the platform opens, which is nothing"
