"""Lists what the picture draws and its table shows: every edge, and every flow that a proof misses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rayfence.reach.findings import Counterexample, Edge, Findings, Group, GroupKind, Member, Proof


class Standing(StrEnum):
    """How good or bad it is that a connection is there, or is not; the worst comes first."""

    HOLE = "hole"
    MISSING = "missing"
    UNASKED = "unasked"
    ASKED = "asked"


@dataclass(frozen=True, slots=True)
class Connection:
    """What one member may open to another, or should. `against` has the counterexamples' lines, worded as they came."""

    number: int
    source: Member
    target: Member
    ports: tuple[str, ...]
    rules: tuple[str, ...]
    standing: Standing
    against: tuple[str, ...] = ()

    @property
    def missing(self) -> bool:
        """Whether it is needed and closed."""
        return self.standing is Standing.MISSING


Ends = tuple[str, str]


def connections(findings: Findings) -> tuple[Connection, ...]:
    """Edges in their order, then what is refuted and has no edge; numbered from 0."""
    members = {member.id: member for group in findings.groups for member in group.members}
    holes = _by_ends(findings.counterexamples, Proof.ISOLATED)
    missed = _by_ends(findings.counterexamples, Proof.RUNS)
    there = [_of_edge(edge, holes) for edge in findings.edges]
    met = {ends for ends, _, _, standing, _ in there if standing is Standing.HOLE}
    told = [
        *(_of_refuted(ends, found, Standing.HOLE) for ends, found in holes.items() if ends not in met),
        *(_of_refuted(ends, found, Standing.MISSING) for ends, found in missed.items()),
    ]
    return tuple(
        Connection(number, members[source], members[target], ports, rules, standing, against)
        for number, ((source, target), ports, rules, standing, against) in enumerate([*there, *told])
    )


def worst(found: Iterable[Connection]) -> Standing:
    """The standing that a line takes which stands for several connections."""
    standings = {each.standing for each in found}
    return next(each for each in Standing if each in standings)


def tenants(findings: Findings) -> tuple[Group, ...]:
    """The groups that are tenants."""
    return tuple(group for group in findings.groups if group.kind is GroupKind.TENANT)


def owners(findings: Findings) -> dict[str, int]:
    """The number of the tenant, by the id of each of its members."""
    return {member.id: number for number, group in enumerate(tenants(findings)) for member in group.members}


def by_ends(found: Sequence[Connection]) -> Mapping[Ends, tuple[Connection, ...]]:
    """Connections by the ids of their source and target."""
    ends: dict[Ends, tuple[Connection, ...]] = {}
    for each in found:
        key = (each.source.id, each.target.id)
        ends[key] = (*ends.get(key, ()), each)
    return ends


_Told = tuple[Ends, tuple[str, ...], tuple[str, ...], Standing, tuple[str, ...]]


def _of_edge(edge: Edge, holes: Mapping[Ends, Sequence[Counterexample]]) -> _Told:
    ends = (edge.source_id, edge.target_id)
    if edge.named_by_config:
        return ends, edge.ports, edge.rules, Standing.ASKED, ()
    if ends in holes:
        return ends, edge.ports, edge.rules, Standing.HOLE, tuple(each.line for each in holes[ends])
    return ends, edge.ports, edge.rules, Standing.UNASKED, ()


def _of_refuted(ends: Ends, found: Sequence[Counterexample], standing: Standing) -> _Told:
    ports = tuple(dict.fromkeys(each.port for each in found if each.port))
    return ends, ports, (), standing, tuple(each.line for each in found)


def _by_ends(found: Iterable[Counterexample], proof: Proof) -> dict[Ends, tuple[Counterexample, ...]]:
    # The counterexample of a rule that nothing needs has no ends, and is in the list alone.
    ends: dict[Ends, tuple[Counterexample, ...]] = {}
    for each in found:
        if each.proof is proof and each.source_id and each.target_id:
            key = (each.source_id, each.target_id)
            ends[key] = (*ends.get(key, ()), each)
    return ends
