"""What a scenario found, as values: connections tried, what is wrong, and what that comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from dataplane.lab import Tried
from dataplane.messages import Result
from rayfence.reach.topology import Flow


class Exit(IntEnum):
    """Exit codes."""

    HOLDS = 0
    FAILS = 1
    UNDECIDED = 3


@dataclass(frozen=True, slots=True)
class Attempt:
    """A connection that was tried to a port where something listened, and whether it was to come about."""

    flow: Flow
    expected: bool
    result: Result

    @property
    def got_through(self) -> bool:
        """Whether the kernel let it through; a port may have been closed since."""
        return self.result is not Result.SILENT

    @property
    def right(self) -> bool:
        """Whether it came as expected: who may connect does, and who may not gets no answer at all."""
        return self.result is (Result.OPEN if self.expected else Result.SILENT)


@dataclass(frozen=True, slots=True)
class Report:
    """One scenario. `wrong` are sentences; none means that it holds."""

    name: str
    attempts: tuple[Attempt, ...]
    wrong: tuple[str, ...]
    dropped: tuple[Tried, ...] = ()
    seconds: float = 0.0
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether everything came as it was to come."""
        return not self.wrong


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a report comes to, given what its policies are."""

    as_wanted: bool
    sentence: str


def judged(report: Report, breaks: Callable[[Tried], bool] | None) -> Verdict:
    """Good policies must hold. Bad ones (`breaks` is given) must fail, and for the reason that is known."""
    if breaks is None:
        return Verdict(report.holds, "holds" if report.holds else "FAILS")
    if report.holds:
        return Verdict(False, "HOLDS, and is known to be bad")
    if not any(map(breaks, report.dropped)):
        return Verdict(False, "FAILS, but not for the reason that is known")
    return Verdict(True, "refuted, as it must be")
