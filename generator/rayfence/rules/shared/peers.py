"""Checks the peers of NetworkPolicy rules, in CEL and in Python.

Ingress may come only from the tenant's own namespaces. Egress may go to those, to destinations that the platform lists,
and to DNS. The check is an allow-list, because a policy object knows only some of the tenants and cannot express "no
other tenant's".

NetworkPolicies add up: no policy closes what another one opens. So every rule is checked, also rules of a direction
that `policyTypes` or `mode` leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rayfence.cel import as_list, items, let, literal, literals, row, when
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.rules.shared import ranges
from rayfence.workload import dig
from rayfence.workload import items as listed

NAME_LABEL = "kubernetes.io/metadata.name"
"""What Kubernetes itself writes on a namespace; its other labels are somebody's choice."""

DNS_PORT = 53


@dataclass(frozen=True, slots=True)
class Fields:
    """What the two lists of rules are called: `ingress` and `egress`, or as KubeRay has it."""

    ingress: str
    egress: str


# --- in CEL -----------------------------------------------------------------------------------------------------------

_OWN = f"variables.{row.OWN_NAMESPACES}"


def variables(specs: str, fields: Fields, platform: Platform) -> dict[str, str]:
    """CEL variables: `network_rules`, those in `specs`, which is a list of {'path', 'value'}.

    Fails where no tenant has the namespace, unless `specs` is empty.
    """
    dns = f"({_DNS_ONLY} ? [{literal(platform.dns.peer.namespace)}] : [])"
    reach = f"{_OWN} + (direction.is_ingress == true ? [] : {literals(platform.egress.namespaces)} + {dns})"
    for_dns = f", 'dns_only': dyn(direction.is_ingress != true && {_DNS_ONLY})" if platform.dns.cidrs else ""
    path = "dyn('%s.%s[%d].%s'.format([spec.path, direction.rules_field, index, direction.peers_field]))"
    listed_rules, peers = (
        as_list(f"{each}.orValue(dyn(null))")
        for each in ("spec.value[?direction.rules_field]", "rule[?direction.peers_field]")
    )
    rule = (
        f"{{'path': {path}, 'is_ingress': direction.is_ingress, 'peers': dyn({peers}),"
        f" 'allowed_namespaces': dyn({reach}){for_dns}}}"
    )
    rules = f"{listed_rules}.transformList(index, rule, {rule})"
    directions = ", ".join(
        f"{{'rules_field': dyn('{field}'), 'peers_field': dyn('{key}'),"
        f" 'is_ingress': dyn({str(key == 'from').lower()})}}"
        for field, key in ((fields.ingress, "from"), (fields.egress, "to"))
    )
    found = f"variables.network_policy_specs.map(spec, [{directions}].map(direction, {rules}).flatten()).flatten()"
    return {"network_policy_specs": specs, "network_rules": found}


def cel(platform: Platform) -> str:
    """CEL: a list of `path: what is wrong` with `network_rules`."""
    nobody = when("size(rule.peers) == 0", "rule.path + ': must name a peer'")
    no_block = when(_HAS_BLOCK, _told(".ipBlock: must be left out"))
    in_range = ranges.cel("peer.?ipBlock", "peer_path + '.ipBlock'", platform)
    block = f"(rule.is_ingress == true ? {no_block} : {in_range})"
    peer = let("peer_path", "'%s[%d]'.format([rule.path, index])", f"{_selected()}\n+ {block}")
    wrong = f"rule.peers.transformList(index, peer, {peer}).flatten()"
    return f"variables.network_rules.map(rule, {nobody} + {wrong}).flatten()"


_HAS_BLOCK = "peer.?ipBlock.orValue(null) != null"


def _selected() -> str:
    """What is wrong with a `peer` of a `rule` that may be of no namespace in reach, where none means its own."""
    nobody = when(f"peer.?podSelector.orValue(null) == null && !({_HAS_BLOCK})", _told(": must name a peer"))
    label = f"[dyn(selector.?matchLabels[?'{NAME_LABEL}'].orValue(''))]"
    is_name = f"expression.?key.orValue('') == '{NAME_LABEL}' && expression.?operator.orValue('') == 'In'"
    by_name = f"{items('selector.?matchExpressions')}.filter(expression, {is_name})"
    values = f"{by_name}.map(expression, {items('expression.?values')})"
    named = (
        f"([{label}] + {values}).exists(choice, size(choice) > 0 && choice.all(name, name in rule.allowed_namespaces))"
    )
    wrong = when(f"!{named}", _told(f".namespaceSelector: must name only allowed namespaces by {NAME_LABEL}"))
    return let("selector", "peer.?namespaceSelector.orValue(null)", f"selector == null ? {nobody} : {wrong}")


# `filter` because `all` keeps quiet about values that have no reading.
_NO_DNS = (
    f"port.?port.orValue(null) != dyn({DNS_PORT})"
    f" || !(port.?endPort.orValue(null) in [dyn(null), dyn({DNS_PORT})])"
    " || !(port.?protocol.orValue(null) in [dyn(null), dyn('UDP'), dyn('TCP')])"
)
_DNS_ONLY = let("ports", items("rule.?ports"), f"size(ports) > 0 && size(ports.filter(port, {_NO_DNS})) == 0")


def _told(message: str) -> str:
    return f"peer_path + {literal(message)}"


# --- in Python --------------------------------------------------------------------------------------------------------

Fault = tuple[FieldPath, str]
"""Where, and what is wrong."""


def faults(value: Any, path: FieldPath, fields: Fields, tenant: Tenant, platform: Platform) -> Iterator[Fault]:
    """What is wrong with the rules that stand in `value`, which is at `path`."""
    for at, rule in _numbered(dig(value, fields.ingress, at=path), path / fields.ingress):
        yield from _let_in(rule, at, tenant)
    for at, rule in _numbered(dig(value, fields.egress, at=path), path / fields.egress):
        yield from _reached(rule, at, tenant, platform)


def _let_in(rule: Any, path: FieldPath, tenant: Tenant) -> Iterator[Fault]:
    peers = dig(rule, "from", at=path)
    if not listed(peers):
        yield path / "from", f"is missing or empty, which allows all sources; name pods of {_any(tenant.namespaces)}"
    for at, peer in _numbered(peers, path / "from"):
        yield from _selects(peer, at, tenant.namespaces)
        if dig(peer, "ipBlock", at=at) is not None:
            yield at / "ipBlock", f"allows addresses, whoever uses them; name pods of {_any(tenant.namespaces)}"


def _reached(rule: Any, path: FieldPath, tenant: Tenant, platform: Platform) -> Iterator[Fault]:
    peers = dig(rule, "to", at=path)
    dns_only = _is_dns_only(rule, path)
    reach = (*tenant.namespaces, *platform.egress.namespaces)
    reach += (platform.dns.peer.namespace,) if dns_only else ()
    cidrs = ranges.opened(platform, dns_only=dns_only)
    if not listed(peers):
        yield path / "to", f"is missing or empty, which reaches everything; name pods of {_any(reach)}"
    for at, peer in _numbered(peers, path / "to"):
        yield from _selects(peer, at, reach)
        block = dig(peer, "ipBlock", at=at)
        wrong = None if block is None else ranges.fault(block, at / "ipBlock", cidrs)
        if wrong:
            yield at / "ipBlock" / "cidr", wrong


def _selects(peer: Any, path: FieldPath, reach: tuple[str, ...]) -> Iterator[Fault]:
    selector = dig(peer, "namespaceSelector", at=path)
    if selector is None:
        # Pods chosen by a podSelector alone are of the rule's own namespace.
        if dig(peer, "podSelector", at=path) is None and dig(peer, "ipBlock", at=path) is None:
            yield path, "names no peer; write a podSelector"
        return
    choices = list(_choices(selector, path / "namespaceSelector"))
    if not any(choice and all(name in reach for name in choice) for choice in choices):
        wanted = f"choose {_any(reach)} by {NAME_LABEL} in matchLabels, or in matchExpressions with In"
        yield path / "namespaceSelector", f"may choose other namespaces; {wanted}"


def _choices(selector: Any, path: FieldPath) -> Iterator[list[Any]]:
    """Each list of names out of which a namespace has to have one."""
    yield [dig(selector, "matchLabels", NAME_LABEL, at=path)]
    for at, each in _numbered(dig(selector, "matchExpressions", at=path), path / "matchExpressions"):
        if (dig(each, "key", at=at), dig(each, "operator", at=at)) == (NAME_LABEL, "In"):
            yield listed(dig(each, "values", at=at))


def _is_dns_only(rule: Any, path: FieldPath) -> bool:
    ports = [
        tuple(dig(port, key, at=at) for key in ("port", "endPort", "protocol"))
        for at, port in _numbered(dig(rule, "ports", at=path), path / "ports")
    ]
    return bool(ports) and all(
        first == DNS_PORT and last in (None, DNS_PORT) and protocol in (None, "UDP", "TCP")
        for first, last, protocol in ports
    )


def _numbered(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    return ((path / index, each) for index, each in enumerate(listed(value)))


def _any(names: tuple[str, ...]) -> str:
    return " or ".join(names)
