"""Address ranges that a tenant's own network rules may reach, in CEL and in Python.

A range is reached where it lies inside one of the platform's list. The metadata service of a cloud hands out the node's
own credentials, so no list opens it: a range that holds it has to leave it out. It shares the link-local range with
services that pods need. Of that range, a tenant reaches the addresses that the platform lists one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import IPv6Address, ip_interface
from typing import Any

from rayfence.cel import items, let, literal, literals, when
from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.model.metadata_services import SHUT, Network, lies_inside, may_be_opened
from rayfence.workload import dig
from rayfence.workload import items as listed

Cidrs = tuple[str, ...]

_SHAPE = re.compile(r"[0-9a-fA-F:.]+/(0|[1-9][0-9]{0,2})")


def opened(platform: Platform, *, dns_only: bool) -> Cidrs:
    """The ranges that the platform opens to a tenant's rule. A rule for port 53 only may also reach the DNS."""
    return platform.egress.cidrs + (platform.dns.cidrs if dns_only else ())


def shut(cidrs: Iterable[str]) -> Cidrs:
    """What a rule must leave out of these ranges: of the ranges that are always shut, those with a part in them."""
    networks = [network(each) for each in cidrs]
    return tuple(
        str(each) for each in SHUT if any(lies_inside(each, one) or lies_inside(one, each) for one in networks)
    )


def singles(cidrs: Iterable[str]) -> Cidrs:
    """The link-local addresses that the platform opens by listing them alone."""
    found = ((each, network(each)) for each in cidrs)
    return tuple(each for each, one in found if one and may_be_opened(one))


# --- in CEL -----------------------------------------------------------------------------------------------------------


def cel(block: str, path: str, platform: Platform) -> str:
    """CEL: a list of `path: what is wrong` with the optional ipBlock `block` of a `rule`; `path` is its own, in CEL.

    Where the platform lists addresses of the DNS, `rule.dns_only` says whether the rule is for port 53 alone.
    """

    def told(message: str) -> str:
        return f"{path} + {literal(f'.cidr: {message}')}"

    def lists(pick: Callable[[Cidrs], Cidrs]) -> str:
        usual, for_dns = (pick(opened(platform, dns_only=each)) for each in (False, True))
        return (
            literals(usual)
            if usual == for_dns
            else f"(rule.dns_only == true ? {literals(for_dns)} : {literals(usual)})"
        )

    every = opened(platform, dns_only=True)
    if not every:
        return when(f"{block}.orValue(null) != null", told("must be left out, the platform opens no addresses"))
    is_opened = f"{lists(lambda cidrs: cidrs)}.exists(opened, {_lies_in('address_range', 'opened')})"
    excludes = f"{_is_range('excluded')} && {_lies_in('metadata_service', 'excluded')}"
    left_out = f"{items('block.?except')}.exists(excluded, {excludes})"
    holds = f"{_lies_in('metadata_service', 'address_range')} && !{left_out}"
    reaches = f"{_lies_in('address_range', 'metadata_service')} || ({holds})"
    secret = f"{literals(shut(every))}.exists(metadata_service, {reaches})"
    if singles(every):
        secret = f"!{lists(singles)}.exists(opened, {_lies_in('address_range', 'opened')}) && {secret}"
    wrong = (
        f"!({_is_range('address_range')}) ? [{told('must be an address range')}]\n"
        f": !{is_opened} ? [{told('must lie in a range that the platform opens')}]\n"
        f": {when(secret, told('must leave out the metadata service')) if shut(every) else '[]'}"
    )
    of_cidr = let("address_range", "block.?cidr.orValue(null)", wrong)
    return let("block", f"{block}.orValue(null)", f"block == null ? [] : {of_cidr}")


def _is_range(text: str) -> str:
    return f"type({text}) == string && isCIDR({text})"


def _lies_in(inner: str, outer: str) -> str:
    # Before Kubernetes 1.33 `containsCIDR` says no to most of what lies inside.
    wide = f"cidr({outer}).prefixLength() <= cidr({inner}).prefixLength()"
    return f"(cidr({outer}).containsIP(cidr({inner}).ip()) && {wide})"


# --- in Python --------------------------------------------------------------------------------------------------------


def fault(block: Any, path: FieldPath, cidrs: Cidrs) -> str | None:
    """What is wrong with the `cidr` of an ipBlock that is at `path`, if anything is. `cidrs` are opened to its rule."""
    text = dig(block, "cidr", at=path)
    found = network(text)
    if found is None:
        return f"is no address range; write one inside {_any(cidrs)}"
    if not any(lies_inside(found, network(each)) for each in cidrs):
        return f"{text} is not open to tenants; stay inside {_any(cidrs)}"
    if any(lies_inside(found, network(each)) for each in singles(cidrs)):
        return None
    if any(lies_inside(found, each) for each in SHUT):
        return f"{text} is shut, as the metadata service of a cloud is; write another address"
    left_out = [network(each) for each in listed(dig(block, "except", at=path))]
    holes = [each for each in SHUT if lies_inside(each, found) and not any(lies_inside(each, e) for e in left_out)]
    if holes:
        return f"{text} reaches the metadata service of a cloud; add to except: {', '.join(map(str, holes))}"
    return None


def network(text: Any) -> Network | None:
    """An address range; None for what CEL's library takes for none, though Python knows netmasks and zones too."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        return None
    try:
        found = ip_interface(text)
    except ValueError:
        return None
    # An IPv4 range in IPv6 notation reaches the same addresses as in IPv4 notation.
    return None if isinstance(found.ip, IPv6Address) and found.ip.ipv4_mapped else found.network


def _any(ranges: Cidrs) -> str:
    return " or ".join(ranges) or "egress.cidrs of the platform, which is empty"
