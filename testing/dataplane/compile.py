"""Compiles NetworkPolicies over a topology to nftables rules: a chain of allowed traffic per pod and direction.

    parts = ruleset(topology)      # load them in order, each with `nft -f -`; the last one puts them in force

A packet meets the source's egress chain, then the target's ingress chain. `return` goes on to the next of them, the end
of a chain drops, a pod without a chain is open in that direction. Several policies share one chain: their union. The
sets `opened` and `denied` record every new flow (source, target, protocol, port), which tells the cause of a failure
without a guess. IPv4 only. Everything here is this module's own reading of the API, with `selecting`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

from dataplane.selecting import Block, Json, Peers, namespace_of, peers, spec_of, subjects
from rayfence.reach.topology import Pod, Topology

TABLE = "inet rayfence"
OPENED, DENIED = "opened", "denied"

# In a user namespace the kernel takes a few hundred rules at once and answers "Message too long" beyond.
_PART_LENGTH = 16_000
# nftables keeps 128 bytes of a comment.
_COMMENT_LENGTH = 120

_RECORDED = "meta l4proto { tcp, udp, sctp }"
_FLOW = "{ ip saddr . ip daddr . meta l4proto . th dport }"
_SET = "{ type ipv4_addr . ipv4_addr . inet_proto . inet_service ; flags dynamic ; size 65535 ; }"

_BEGIN = f"""\
add table {TABLE}
delete table {TABLE}
add table {TABLE}
add set {TABLE} {OPENED} {_SET}
add set {TABLE} {DENIED} {_SET}
add map {TABLE} egress {{ type ipv4_addr : verdict ; }}
add map {TABLE} ingress {{ type ipv4_addr : verdict ; }}
add chain {TABLE} deny
add rule {TABLE} deny {_RECORDED} add @{DENIED} {_FLOW}
add rule {TABLE} deny drop
"""
_END = f"""\
add chain {TABLE} forward {{ type filter hook forward priority 0 ; policy accept ; }}
add rule {TABLE} forward ct state established,related accept
add rule {TABLE} forward ip saddr vmap @egress
add rule {TABLE} forward ip daddr vmap @ingress
add rule {TABLE} forward {_RECORDED} add @{OPENED} {_FLOW}
"""


@dataclass(frozen=True, slots=True)
class _Direction:
    """The words of one direction: in policies, for chains, and for the address of the other end."""

    name: str
    rules: str
    peers: str
    address: str


_EGRESS = _Direction("Egress", "egress", "to", "ip daddr")
_INGRESS = _Direction("Ingress", "ingress", "from", "ip saddr")


def ruleset(topology: Topology) -> list[str]:
    """The text for `nft -f -`, in parts to load in this order: what stood there before goes, the last part starts it.

    Raises ValueError for an address that is not IPv4 and for what the API server would have refused.
    """
    for endpoint in topology.endpoints:
        IPv4Address(endpoint.ip)
    isolated = [(policy, frozenset(subjects(policy, topology))) for policy in topology.policies]
    lines = [
        line
        for number, pod in enumerate(topology.pods)
        for line in _pod(number, pod, [policy for policy, pods in isolated if pod in pods], topology)
    ]
    return [_BEGIN, *_parts(lines), _END]


def _parts(lines: list[str]) -> Iterator[str]:
    part: list[str] = []
    for line in lines:
        if part and sum(map(len, part)) + len(line) > _PART_LENGTH:
            yield "\n".join([*part, ""])
            part = []
        part.append(line)
    if part:
        yield "\n".join([*part, ""])


def _pod(number: int, pod: Pod, isolating: Sequence[Json], topology: Topology) -> Iterator[str]:
    for direction in (_EGRESS, _INGRESS):
        policies = [policy for policy in isolating if direction.name in _closed(spec_of(policy))]
        if not policies:
            continue
        chain = f"{direction.rules}-{number}"
        yield f"add chain {TABLE} {chain}"
        for policy in policies:
            comment = f"{namespace_of(policy)}/{policy['metadata']['name']}"[:_COMMENT_LENGTH].replace('"', "")
            for match in _matches(policy, pod, direction, topology):
                yield f'add rule {TABLE} {chain} {match} return comment "{comment}"'
        yield f"add rule {TABLE} {chain} goto deny"
        yield f"add element {TABLE} {direction.rules} {{ {pod.ip} : jump {chain} }}"


def _closed(spec: Json) -> list[str]:
    """The directions a policy isolates its pods in: ingress unless it says, and egress too if it has rules for it."""
    return list(spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"]))


def _matches(policy: Json, pod: Pod, direction: _Direction, topology: Topology) -> Iterator[str]:
    for rule in spec_of(policy).get(direction.rules) or ():
        other = peers(rule.get(direction.peers), namespace_of(policy), topology)
        for port in rule.get("ports") or [None]:
            yield from _lines(other, port, pod, direction, topology)


def _lines(other: Peers, port: Json | None, pod: Pod, direction: _Direction, topology: Topology) -> Iterator[str]:
    if port is None or not isinstance(port.get("port"), str):
        yield from (f"{who} {_number(port)}".strip() for who in _whom(other, direction))
        return
    # A named port is the target's: of the isolated pod on ingress, of each pod that is reached on egress.
    name, protocol = port["port"], _protocol(port)
    if direction is _INGRESS:
        if _has(pod, name, protocol):
            yield from (f"{who} {protocol} dport {pod.ports[name]}".strip() for who in _whom(other, direction))
        return
    for number, reached in sorted(_named(name, protocol, topology).items()):
        theirs = _reached(other, reached)
        if theirs:
            yield f"ip daddr {_any_of(pod.ip for pod in theirs)} {protocol} dport {number}"


def _has(pod: Pod, name: str, protocol: str) -> bool:
    return name in pod.ports and pod.protocol_of(name).lower() == protocol


def _named(name: str, protocol: str, topology: Topology) -> Mapping[int, list[Pod]]:
    """Port number -> the pods in which it has this name and protocol."""
    found: dict[int, list[Pod]] = {}
    for pod in topology.pods:
        if _has(pod, name, protocol):
            found.setdefault(pod.ports[name], []).append(pod)
    return found


def _reached(other: Peers, pods: list[Pod]) -> list[Pod]:
    return [pod for pod in pods if other.everybody or pod in other.pods or any(_in(pod, b) for b in other.blocks)]


def _in(pod: Pod, block: Block) -> bool:
    address = IPv4Address(pod.ip)
    return address in block.network and not any(address in hole for hole in block.holes)


def _whom(other: Peers, direction: _Direction) -> Iterator[str]:
    """Matches for the other end of a flow; none where a rule means nobody."""
    if other.everybody:
        yield ""
    if other.pods:
        yield f"{direction.address} {_any_of(pod.ip for pod in other.pods)}"
    for block in other.blocks:
        holes = f" {direction.address} != {_any_of(block.holes)}" if block.holes else ""
        yield f"{direction.address} {block.network}{holes}"


def _number(port: Json | None) -> str:
    if port is None:
        return ""
    if port.get("port") is None:
        return f"meta l4proto {_protocol(port)}"
    first = int(port["port"])
    last = int(port.get("endPort") or first)
    return f"{_protocol(port)} dport {first}" if first == last else f"{_protocol(port)} dport {first}-{last}"


def _protocol(port: Json) -> str:
    protocol = str(port.get("protocol") or "TCP")
    if protocol not in ("TCP", "UDP", "SCTP"):
        raise ValueError(f"no protocol of a NetworkPolicy: {protocol}")
    return protocol.lower()


def _any_of(values: Any) -> str:
    return f"{{ {', '.join(sorted(map(str, values)))} }}"
