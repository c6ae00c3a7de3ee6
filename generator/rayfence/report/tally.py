"""Counts and sentences about a suite report that all its formats share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from rayfence.model.outcome import Outcome, SuiteReport

NOTHING_RUN = "no case was run: a suite without cases proves nothing"

# Up to here a list of cases is read; beyond, it is scrolled past.
READABLE = 30

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many outcomes were as expected (`good`) and how many were not (`bad`)."""

    good: int = 0
    bad: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.good + self.bad


def problems(report: SuiteReport) -> tuple[str, ...]:
    """Problems of the suite itself, including that it is empty."""
    return report.problems if report.outcomes else (*report.problems, NOTHING_RUN)


def by_backend(report: SuiteReport) -> dict[str, Tally]:
    """Counts per backend, backends in the order they came."""
    return _counted(report.outcomes, lambda outcome: outcome.backend)


def by_group(report: SuiteReport) -> dict[tuple[str, str], Tally]:
    """Counts per backend and group, in order; a case's group is its id up to the first `/`."""
    counted = _counted(report.outcomes, lambda outcome: (outcome.backend, outcome.case.partition("/")[0]))
    return dict(sorted(counted.items()))


def listed(report: SuiteReport, *, verbose: bool) -> bool:
    """Whether every case is shown, rather than counts and those that went wrong."""
    return verbose or len(report.outcomes) <= READABLE


def case_name(outcome: Outcome) -> str:
    """The case's id, with the operation where it is not the usual one."""
    return outcome.case if outcome.operation == "CREATE" else f"{outcome.case} ({outcome.operation})"


def verdict(validation: str, rules: frozenset[str]) -> str:
    """`fail: limit-resources, require-tenant-label`, or `pass`."""
    return f"{validation}: {', '.join(sorted(rules))}" if rules else validation


def last_line(report: SuiteReport) -> str:
    """`BACKEND: 214 cases as expected, 0 not; 2 rules loaded; Kyverno 1.19.1; 31.2 s`.

    Starts with FAILED where anything at all is wrong, so that the last line alone can be trusted.
    """
    parts = [f"{backend}: {_words(tally)}" for backend, tally in by_backend(report).items()] or ["no cases"]
    if count := len(report.problems):
        parts.append(_plural(count, "problem") + " with the suite itself")
    parts += [f"{_plural(report.rules_loaded, 'rule')} loaded", report.engine, f"{report.seconds:.1f} s"]
    return ("" if report.ok else "FAILED: ") + "; ".join(parts)


def _words(tally: Tally) -> str:
    return f"{_plural(tally.good, 'case')} as expected, {tally.bad} not"


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _counted(outcomes: Sequence[Outcome], key: Callable[[Outcome], Key]) -> dict[Key, Tally]:
    tallies: dict[Key, Tally] = {}
    for outcome in outcomes:
        so_far = tallies.get(key(outcome), Tally())
        tallies[key(outcome)] = Tally(so_far.good + outcome.ok, so_far.bad + (not outcome.ok))
    return tallies
