"""Explains why a flow is allowed or not: which rules allow it, and which policies deny it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rayfence.reach.deciding import Decision, Side
from rayfence.reach.policies import EGRESS, INGRESS
from rayfence.reach.topology import Address, Endpoint

# More policies than this close a pod only when many say the same.
MANY = 3

_VERBS = {EGRESS: "out", INGRESS: "in"}


def closed(decision: Decision) -> str:
    """Of a flow that is not allowed: who closes it."""
    sides = ((EGRESS, decision.flow.source, decision.egress), (INGRESS, decision.flow.target, decision.ingress))
    return "; ".join(_closed(direction, endpoint, side) for direction, endpoint, side in sides if not side.passes)


def sides(decision: Decision) -> Iterator[str]:
    """What happens to a flow at its source, and what at its target."""
    yield _side(EGRESS, decision.flow.source, decision.egress)
    yield _side(INGRESS, decision.flow.target, decision.ingress)


def _side(direction: str, endpoint: Endpoint, side: Side) -> str:
    if not side.closed_by:
        what = "is no pod, so no policy selects it" if isinstance(endpoint, Address) else "is closed by nothing"
        return f"{direction.lower()} of {endpoint} {what}"
    if not side.passes:
        return _closed(direction, endpoint, side)
    return f"{direction.lower()} of {endpoint} is opened by {_list(list(map(str, side.opened_by)))}"


def _closed(direction: str, endpoint: Endpoint, side: Side) -> str:
    by = _list(side.closed_by)
    return f"{direction.lower()} of {endpoint} is closed by {by}, and no rule lets this {_VERBS[direction]}"


def _list(names: Sequence[str]) -> str:
    shown = names if len(names) <= MANY else names[: MANY - 1]
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")
