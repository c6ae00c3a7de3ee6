"""What a lab is told and what it finds, as values: pods to be, connections to try, what the kernel recorded."""

from __future__ import annotations

from dataclasses import dataclass

from rayfence.reach.topology import Flow

Tried = tuple[str, str, str, int]
"""Source address, target address, protocol, port."""


class CouldNotDecide(Exception):
    """The lab does not work as it must with no policy at all, so that nothing it says counts."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A pod to be: its address, host name, and the text of its resolv.conf."""

    ip: str
    name: str
    resolver: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """What the kernel saw since policies were put in force: new flows by what became of them."""

    opened: frozenset[Tried]
    denied: frozenset[Tried]


def tried(flow: Flow) -> Tried:
    """A flow by its addresses. Raises ValueError for SCTP, which nothing here speaks."""
    if flow.protocol not in ("TCP", "UDP"):
        raise ValueError(f"the lab speaks TCP and UDP, not {flow.protocol}")
    return flow.source.ip, flow.target.ip, flow.protocol, flow.port
