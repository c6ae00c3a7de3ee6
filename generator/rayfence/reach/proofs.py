"""Verifies the three proofs for one tenant. Each counterexample is one line.

runs: all flows that Ray and the config need are open. isolated: nothing else is open, on any port of any protocol.
minimal: each rule is the only one that allows some needed flow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, permutations

from rayfence.reach.deciding import Decider, Decision
from rayfence.reach.explaining import closed
from rayfence.reach.findings import Counterexample, Edge, Proof
from rayfence.reach.named import named
from rayfence.reach.needs import Need, needs
from rayfence.reach.policies import Rule, read
from rayfence.reach.population import Inhabitant
from rayfence.reach.spans import Spans, common, without, words
from rayfence.reach.topology import Address
from rayfence.reach.ways import Way, Ways
from rayfence.reach.world import World

Decided = Sequence[tuple[Need, Decision]]

# Policies of rules that a tenant wrote itself: whether they are of use is not ours to say.
CLEANUP = "rayfence-redis-cleanup"
OWN_WORDS = ("rayfence-head", "rayfence-worker", CLEANUP)
UNCLOSED = "nothing closes it"
# Ranges of ports that one line can hold.
MANY = 3


@dataclass(frozen=True, slots=True)
class Proved:
    """What was found about one tenant. `notes` are assumptions, and rules that nothing needs if it refutes nothing."""

    counterexamples: tuple[Counterexample, ...]
    edges: tuple[Edge, ...]
    asked: dict[Proof, int]
    notes: tuple[str, ...]


def prove(world: World) -> Proved:
    """All three proofs about the tenant of a world."""
    decider = Decider(world.topology)
    decided = [(need, decider.decide(need.flow)) for need in needs(world)]
    ways = list(open_ways(world))
    useless, idle = _idle(world, decided)
    return Proved(
        (*not_running(decided), *not_isolated(world, ways), *useless),
        tuple(chain.from_iterable(_edges(way, unasked) for way, unasked in ways)),
        {
            Proof.RUNS: len(decided),
            Proof.ISOLATED: sum(1 for _ in _pairs(world)),
            Proof.MINIMAL: sum(1 for _ in _rules(world)) - len(idle),
        },
        (*_assumed(world), *(f"{rule}: nothing here needs it" for rule in idle if not _is_repeated(rule))),
    )


def _assumed(world: World) -> Iterator[str]:
    for redis, found in world.redis.items():
        if redis.namespace and isinstance(found.endpoint, Address):
            yield f"{redis} is taken to be at {found.endpoint.ip}, which a rule of {world.tenant.name} names"


def _is_repeated(rule: Rule) -> bool:
    """Whether it is a rule of `network.head.egress` once more."""
    return rule.policy.endswith(f"/{CLEANUP}")


def not_running(decided: Decided) -> Iterator[Counterexample]:
    """What is needed and not open: one for each pair and reason, at the first of its ports.

    Each reason comes once before any comes again, for the first few are those that are read.
    """
    refused = [(need, decision) for need, decision in decided if not decision.allowed]
    pairs = groupby(refused, key=lambda each: (each[0].flow.source, each[0].flow.target, each[0].reason))
    seen, found = Counter[str](), list[tuple[int, Counterexample]]()
    for (_, _, reason), group in pairs:
        (need, decision), *others = group
        found.append((seen[reason], _missing(need, decision, len(others))))
        seen[reason] += 1
    yield from (each for _, each in sorted(found, key=lambda pair: pair[0]))


def _missing(need: Need, decision: Decision, others: int) -> Counterexample:
    flow, also = need.flow, f" (and {others} more of its ports)" if others else ""
    remedy = f"; {need.remedy}" if need.remedy else ""
    line = f"{flow}{also} must be open, for {need.reason}: {closed(decision)}{remedy}"
    return Counterexample(Proof.RUNS, line, str(flow.source), str(flow.target), f"{flow.protocol} {flow.port}")


def open_ways(world: World) -> Iterator[tuple[Way, Spans]]:
    """Every way to, from and among the tenant's pods that lets anything through, and what of it nobody asked for."""
    ways = Ways(world.topology)
    for source, target in _pairs(world):
        way = ways.between(source.endpoint, target.endpoint)
        if way.spans:
            yield way, without(way.spans, named(world, source, target))


def not_isolated(world: World, ways: Sequence[tuple[Way, Spans]]) -> Iterator[Counterexample]:
    """What is open and asked for by no configuration, the worst first: one for each pair, at the first of its ports."""
    for way, unasked in sorted(ways, key=lambda each: _harmless(world, each[0])):
        if unasked:
            line = f"{way.source} -> {way.target} is open on {_few(words(unasked))}, and no configuration asks for that"
            first = next((span for span in unasked if span.protocol == "TCP"), unasked[0])
            yield Counterexample(
                Proof.ISOLATED,
                f"{line}: {', '.join(_openers(way, unasked))}",
                str(way.source),
                str(way.target),
                f"{first.protocol} {first.first}",
            )


def unneeded(world: World, decided: Decided) -> list[Rule]:
    """The rules of the layered set without any of which everything that is needed stays open."""
    rules = {str(rule): rule for rule in _rules(world)}
    sides = (side for _, decision in decided if decision.allowed for side in (decision.egress, decision.ingress))
    # What else stands there may open the same, and may go again.
    openers = ([str(rule) for rule in side.opened_by if str(rule) in rules] for side in sides)
    needed = {those[0] for those in openers if len(those) == 1}
    return [rule for name, rule in rules.items() if name not in needed]


def _idle(world: World, decided: Decided) -> tuple[list[Counterexample], list[Rule]]:
    """Unneeded rules: those that refute the proof, and those that other objects or the tenant itself may want."""
    rules = unneeded(world, decided)
    useless = [rule for rule in rules if world.scenario.sampled and rule.policy.rpartition("/")[2] not in OWN_WORDS]
    line = "without it everything that Ray and the config need stays open"
    return [Counterexample(Proof.MINIMAL, f"{rule}: {line}") for rule in useless], [
        rule for rule in rules if rule not in useless
    ]


def _rules(world: World) -> Iterator[Rule]:
    for policy in map(read, world.scenario.layered[world.tenant.name]):
        yield from chain.from_iterable(policy.rules.values())


def _pairs(world: World) -> Iterator[tuple[Inhabitant, Inhabitant]]:
    pairs = permutations(world.inhabitants.values(), 2)
    return ((source, target) for source, target in pairs if world.tenant in (source.tenant, target.tenant))


def _harmless(world: World, way: Way) -> int:
    """How little an open way can do: between tenants, from outside, to the outside, within the tenant."""
    source, target = (world.inhabitants[each].tenant for each in (way.source, way.target))
    if source is target:
        return 3
    return 0 if source and target else 1 if target else 2


def _few(ports: tuple[str, ...]) -> str:
    return ", ".join(ports) if len(ports) <= MANY else f"{ports[0]} and {len(ports) - 1} more ranges"


def _edges(way: Way, unasked: Spans) -> Iterator[Edge]:
    for spans, is_named in ((without(way.spans, unasked), True), (unasked, False)):
        if spans:
            yield Edge(str(way.source), str(way.target), words(spans), tuple(_openers(way, spans)), is_named)


def _openers(way: Way, spans: Spans) -> list[str]:
    """The rules that open these ports at either end, or that nothing closes an end."""
    ends = (("egress", way.source, way.egress), ("ingress", way.target, way.ingress))
    opened = [str(rule) for _, _, end in ends for rule, those in end.opened if common(those, spans)]
    return opened or [UNCLOSED]
