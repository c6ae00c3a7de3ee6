"""Answers whether one pod or address can connect to another on a port, and why."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_address

from rayfence.reach.deciding import Decider, Decision
from rayfence.reach.scenario import Scenario
from rayfence.reach.topology import Address, Endpoint, Flow, Topology
from rayfence.reach.world import World, world


class NobodyThere(ValueError):
    """A name that is nobody's; the message says whose it may have been."""


@dataclass(frozen=True, slots=True)
class Question:
    """The ends by name: `namespace/pod`, an address' name, or any IP address."""

    source: str
    target: str
    port: int
    protocol: str = "TCP"


def answer(scenario: Scenario, question: Question) -> Decision:
    """What becomes of the flow. Raises NobodyThere for a name that is nobody's."""
    here = _world_of(scenario, question)
    source, target = (_found(here, name) for name in (question.source, question.target))
    endpoints = dict.fromkeys([*here.topology.endpoints, source, target])
    topology = Topology(here.topology.namespaces, list(endpoints), here.topology.policies)
    return Decider(topology).decide(Flow(source, target, question.port, question.protocol))


def _world_of(scenario: Scenario, question: Question) -> World:
    """A world that both ends are in: that of a tenant of theirs, or any."""
    owners = scenario.config.by_namespace()
    spaces = (name.partition("/")[0] for name in (question.target, question.source))
    theirs = [owners[space] for space in spaces if space in owners] or list(scenario.config.tenants)
    return world(scenario, theirs[0], theirs[:2])


def _found(here: World, name: str) -> Endpoint:
    known = {str(each): each for each in here.topology.endpoints}
    if name in known:
        return known[name]
    try:
        return Address(name, str(ip_address(name)))
    except ValueError:
        raise NobodyThere(_guess(name, sorted(known))) from None


def _guess(name: str, known: list[str]) -> str:
    beside = [each for each in known if each.partition("/")[0] == name.partition("/")[0]]
    close = get_close_matches(name, known, n=1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"there is no {name}; {meant}there are {', '.join(beside or known)}"
