"""Facts about who must reach what, stated by hand, and the connections that contradict one of them.

The evaluator predicts every single connection. These few facts are independent of it: they do not come from any
implementation of NetworkPolicies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from dataplane.cast import (
    HEAD,
    MEMBERS,
    NOTEBOOK,
    OPERATOR,
    PROMETHEUS,
    STRANGER,
    SUBMITTER,
)
from dataplane.report import Attempt
from rayfence.model.config import Mode, Scope
from rayfence.reach.topology import Endpoint

_TENANTS_PORTS = {6379, 8265, 10001}
EVERYTHING = None

Reach = dict[tuple[Endpoint, Endpoint], set[int] | None]
"""Source and target -> ports; a pair that is left out means none at all, EVERYTHING each that listens."""


def facts(mode: Mode, scope: Scope) -> Reach:
    """What each caller reaches, both tenants having these settings."""
    reach: Reach = {(SUBMITTER, HEAD): {8265}}
    if scope is Scope.TENANT:
        reach |= {(pod, HEAD): _TENANTS_PORTS for pod in (SUBMITTER, NOTEBOOK)}
    if mode is Mode.DENY_ALL_EGRESS:
        # Nobody is closed to those who are not closed themselves.
        return reach | {(pod, member): EVERYTHING for pod in (OPERATOR, STRANGER, PROMETHEUS) for member in MEMBERS}
    return reach | {(OPERATOR, HEAD): {8265}} | {(PROMETHEUS, member): {8080} for member in MEMBERS}


def stated(mode: Mode, scope: Scope, attempts: Sequence[Attempt]) -> Iterator[str]:
    """Every pair of pods for which the facts were not found, one sentence each."""
    reach = facts(mode, scope)
    for source, target in _pairs(attempts):
        tried = [each for each in attempts if (each.flow.source, each.flow.target) == (source, target)]
        wanted = reach.get((source, target), set())
        expected = {each.flow.port for each in tried} if wanted is EVERYTHING else wanted
        found = {each.flow.port for each in tried if each.got_through}
        if found != expected:
            yield f"{source} reaches {sorted(found)} on {target}, must reach {sorted(expected)}"


def _pairs(attempts: Iterable[Attempt]) -> list[tuple[Endpoint, Endpoint]]:
    return list(dict.fromkeys((each.flow.source, each.flow.target) for each in attempts))
