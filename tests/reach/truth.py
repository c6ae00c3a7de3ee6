"""Every question of the truth table, for whoever can answer them, and the table itself.

`python -m tests.reach.truth` writes it anew.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

from rayfence.reach.cluster_model import ClusterModel, model_cluster
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.scenario import samples, scenario
from rayfence.reach.topology import Address, Endpoint, Flow, Topology

from .three import KINDS, PLATFORM, config

GOLDEN = Path(__file__).parents[1] / "data" / "reach" / "truth.txt"

# Enough to see a cluster from inside, a job from outside, and both from afar.
FEW = ("sample", "train")

# What Ray and its peers listen on, and two ports that Ray may take at random.
PORTS = [("TCP", port) for port in (53, 443, 6379, 6443, 8000, 8080, 8265, 10001, 14142, 38129, 52365)]
PORTS += [("UDP", port) for port in (53, 38129)]

Judge = Callable[[Topology], Callable[[Flow], bool]]
"""Takes a topology, gives what says of each of its flows whether it is allowed."""


def models() -> Iterator[tuple[str, ClusterModel]]:
    """`DenyAll tenant`, ... and what is there: all three tenants, and those outside who would be taken for team-a."""
    for mode, scope in KINDS:
        tenants = config(mode=mode, scope=scope)
        few = [each for one in tenants.tenants for each in samples(PLATFORM, one) if each["metadata"]["name"] in FEW]
        yield f"{mode} {scope}", model_cluster(scenario(tenants, few), tenants.tenants[0])


def topologies() -> Iterator[tuple[str, Topology]]:
    """The same, without who is who."""
    return ((name, each.topology) for name, each in models())


def flows(topology: Topology) -> Iterator[Flow]:
    """All pairs but of addresses, in both directions, on all ports."""
    for source, target in itertools.permutations(topology.endpoints, 2):
        if not (isinstance(source, Address) and isinstance(target, Address)):
            yield from (Flow(source, target, port, protocol) for protocol, port in PORTS)


def table(judge: Judge) -> str:
    """What a judge says: for each mode and scope who (down) reaches whom (across), a letter for the ports."""
    answers = {name: _answers(topology, judge) for name, topology in topologies()}
    found = {ports for cells in answers.values() for ports in cells.values()} - {"", "all"}
    letters = {"": ".", "all": "#"} | {ports: chr(ord("a") + number) for number, ports in enumerate(sorted(found))}
    legend = [f"{letter} {ports or 'nothing'}" for ports, letter in letters.items()]
    sections = [_section(name, topology, answers[name], letters) for name, topology in topologies()]
    asked = ", ".join(f"{protocol} {port}" for protocol, port in PORTS)
    return "\n\n".join([f"asked: {asked}\n" + "\n".join(legend), *sections]) + "\n"


def ours(topology: Topology) -> Callable[[Flow], bool]:
    """rayfence's own answers."""
    connectivity = Connectivity(topology)
    return lambda flow: connectivity.decide(flow).allowed


def _answers(topology: Topology, judge: Judge) -> dict[tuple[Endpoint, Endpoint], str]:
    allowed = judge(topology)
    pairs = itertools.groupby(flows(topology), key=lambda flow: (flow.source, flow.target))
    return {pair: _ports([flow for flow in those if allowed(flow)]) for pair, those in pairs}


def _ports(allowed: list[Flow]) -> str:
    if len(allowed) == len(PORTS):
        return "all"
    return ", ".join(f"{flow.protocol} {flow.port}" for flow in allowed)


def _section(
    name: str, topology: Topology, cells: dict[tuple[Endpoint, Endpoint], str], letters: dict[str, str]
) -> str:
    width = max(len(str(each)) for each in topology.endpoints)
    numbers = [f"{number:02}" for number in range(len(topology.endpoints))]
    heads = ["".join(digits) for digits in zip(*numbers, strict=True)]
    rows = [
        f"{numbers[n]} {source!s:{width}} " + "".join(_cell(cells, letters, source, to) for to in topology.endpoints)
        for n, source in enumerate(topology.endpoints)
    ]
    return "\n".join([f"## {name}", *(f"{'':{width + 4}}{head}" for head in heads), *rows])


def _cell(
    cells: dict[tuple[Endpoint, Endpoint], str], letters: dict[str, str], source: Endpoint, target: Endpoint
) -> str:
    return letters[cells[source, target]] if (source, target) in cells else "-"


if __name__ == "__main__":
    GOLDEN.write_text(table(ours), encoding="utf-8")
