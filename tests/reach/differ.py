"""`python -m tests.reach.differ N`: drawn topologies, decided by rayfence and by Cyclonus; exit 1 where they differ."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rayfence import yamlio
from rayfence.reach import connectivity
from rayfence.reach.topology import Flow, Topology

from . import drawing
from .cyclonus import Asked, Said, judged

BATCH = 20
"""Topologies for each start of Cyclonus; it starts in a tenth of a second, and all questions are held in memory."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One flow on which the two differ, with the topology they were asked about."""

    topology: Topology
    flow: Flow
    rayfence: Said
    cyclonus: Said

    def __str__(self) -> str:
        told = "\n".join(f"{name}: {said}" for name, said in (("rayfence", self.rayfence), ("cyclonus", self.cyclonus)))
        ends = "\n".join(repr(each) for each in (self.flow.source, self.flow.target))
        spaces = {name: self.topology.labels_of(name) for name in self.topology.namespaces}
        return f"{self.flow}\n{told}\n{ends}\n{spaces}\n{yamlio.dump(list(self.topology.policies))}"


def decided(topology: Topology, flows: Sequence[Flow]) -> list[Said]:
    """What rayfence says."""
    decisions = map(connectivity.Connectivity(topology).decide, flows)
    return [Said(each.egress.passes, each.ingress.passes) for each in decisions]


def compared(asked: Sequence[Asked], said: Sequence[Sequence[Said]]) -> Iterator[Difference]:
    """Every flow on which rayfence and Cyclonus, who said `said`, do not agree, in either direction."""
    for (topology, flows), theirs in zip(asked, said, strict=True):
        for flow, ours, other in zip(flows, decided(topology, flows), theirs, strict=True):
            if ours != other:
                yield Difference(topology, flow, ours, other)


def differences(asked: Sequence[Asked]) -> list[Difference]:
    return list(compared(asked, judged(asked)))


def smallest(found: Difference) -> Difference:
    """A small topology on which they still differ: first policies are left out, by the half, then parts of them."""
    ends = [found.flow.source, found.flow.target]
    found = replace(found, topology=replace(found.topology, endpoints=ends))
    for smaller in (_without_some, _without_one):
        while others := differences([(each, [found.flow]) for each in _smaller(found.topology, smaller)]):
            found = min(others, key=lambda each: len(repr(each.topology.policies)))
    return found


def drawn(number: int, start: int, most: int | None = None) -> list[Asked]:
    """`number` topologies from the seed `start` on, with their flows."""
    topologies = {seed: drawing.topology(seed) for seed in range(start, start + number)}
    return [(topology, drawing.flows(topology, seed, most)) for seed, topology in topologies.items()]


def _smaller(topology: Topology, smaller: Callable[[list[Any]], Iterator[list[Any]]]) -> Iterator[Topology]:
    for policies in smaller(list(topology.policies)):
        yield replace(topology, policies=policies)


def _without_some(policies: list[Any]) -> Iterator[list[Any]]:
    """The list without each half of it, each quarter and so on."""
    size = len(policies)
    while size := size // 2:
        yield from (policies[:start] + policies[start + size :] for start in range(0, len(policies), size))


# What is left out would make another policy invalid.
_KEPT = {"apiVersion", "kind", "metadata", "spec", "podSelector", "key", "operator", "values", "cidr", "port"}


def _without_one(value: Any) -> Iterator[Any]:
    """Copies of a manifest, each without one of its parts."""
    match value:
        case list():
            for number, child in enumerate(value):
                yield [*value[:number], *value[number + 1 :]]
                yield from ([*value[:number], other, *value[number + 1 :]] for other in _without_one(child))
        case dict():
            for key, child in value.items():
                if key not in _KEPT and len(value) > 1:
                    yield {other: value[other] for other in value if other != key}
                if key not in {"metadata", "values"}:
                    yield from (value | {key: other} for other in _without_one(child))


def main(words: Sequence[str]) -> int:
    """The exit code: 0 where both readings agree on every flow."""
    parser = argparse.ArgumentParser(prog="differ", description=__doc__)
    parser.add_argument("number", type=int, metavar="N", help="how many topologies to draw")
    parser.add_argument("--start", type=int, default=1, help="the first seed; another one draws others")
    parser.add_argument("--flows", type=int, help="so many flows of each topology, by lot; all when it is left out")
    given = parser.parse_args(words)
    started, policies, flows, allowed, found = time.monotonic(), 0, 0, 0, list[Difference]()
    for start in range(given.start, given.start + given.number, BATCH):
        asked = drawn(min(BATCH, given.start + given.number - start), start, given.flows)
        said = judged(asked)
        found += compared(asked, said)
        policies += sum(len(topology.policies) for topology, _ in asked)
        flows += sum(map(len, said))
        allowed += sum(each.allowed for answers in said for each in answers)
    took = time.monotonic() - started
    print(f"{given.number} topologies, {policies} policies, {flows} flows, {allowed} allowed")
    print(f"{len(found)} differences, {took:.0f} s")
    if found:
        print(smallest(found[0]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
