"""Runs the proofs for all tenants of a scenario and collects the findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from rayfence.reach.findings import Counterexample, Edge, Findings, Group, GroupKind, Member, Proof, Role
from rayfence.reach.noting import not_isolated, notes
from rayfence.reach.population import Inhabitant
from rayfence.reach.proofs import prove
from rayfence.reach.scenario import Scenario
from rayfence.reach.world import world

PLATFORM = {Role.OPERATOR, Role.DNS, Role.MONITORING, Role.API_SERVER}


def find(scenario: Scenario, progress: Callable[[int, int], None] = lambda done, total: None) -> Findings:
    """Who reaches whom, and what refutes the proofs. `progress` takes how many tenants are done, and of how many."""
    census, tenants = _Census(scenario), scenario.config.tenants
    edges, lines, asked = dict[tuple[str, str, bool], Edge](), dict[str, Counterexample](), Counter[Proof]()
    told: list[str] = []
    for number, tenant in enumerate(tenants):
        progress(number, len(tenants))
        here = world(scenario, tenant)
        proved = prove(here)
        census.add(here.inhabitants.values())
        # Two tenants see the ways between them from either side.
        edges.update({(each.source_id, each.target_id, each.named_by_config): each for each in proved.edges})
        lines.update({each.line: each for each in proved.counterexamples})
        told += proved.notes
        asked.update(proved.asked)
    return Findings(
        census.groups(),
        tuple(edges.values()),
        tuple(lines.values()),
        asked,
        (*notes(scenario), *told),
        tuple(not_isolated(scenario.config)),
    )


class _Census:
    """Members by group, each once."""

    def __init__(self, scenario: Scenario) -> None:
        self._owners = scenario.config.by_namespace()
        self._tenants: dict[str, dict[str, Member]] = {each.name: {} for each in scenario.config.tenants}
        self._others: dict[GroupKind, dict[str, Member]] = {GroupKind.PLATFORM: {}, GroupKind.OUTSIDE: {}}

    def add(self, inhabitants: Iterable[Inhabitant]) -> None:
        for each in inhabitants:
            member = Member(str(each.endpoint), each.endpoint.name, each.namespace, each.role)
            owner = self._owners.get(each.namespace)
            kind = GroupKind.PLATFORM if each.role in PLATFORM else GroupKind.OUTSIDE
            (self._tenants[owner.name] if owner else self._others[kind])[member.id] = member

    def groups(self) -> tuple[Group, ...]:
        tenants = [(name, GroupKind.TENANT, members) for name, members in self._tenants.items()]
        others = [(kind.value, kind, members) for kind, members in self._others.items()]
        return tuple(
            Group(
                name, kind, tuple(sorted({each.namespace for each in members.values()} - {""})), tuple(members.values())
            )
            for name, kind, members in [*tenants, *others]
        )
