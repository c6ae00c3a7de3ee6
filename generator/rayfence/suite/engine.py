"""The interface between the suite and any policy engine, and a pool to run several engines in parallel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from rayfence.admission import Policy
from rayfence.cases import Case
from rayfence.kyverno import ReportRow
from rayfence.workload import Request


@dataclass(frozen=True, slots=True)
class CaseResult:
    """An engine's word on one case: `result` is `pass` or `fail`, anything else is no verdict.

    `resource` is the case's object, as `expecting.resource` calls it; `trouble` is what else is wrong with the answer.
    """

    resource: str
    result: str
    message: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class EngineRun:
    """One run over some cases; `problems` are of the run as a whole.

    `generated` are the objects that the engine made, None if the backend never generates any. `mutated` are the cases'
    objects after mutation, None if the backend never mutates; an object that is missing was not changed.
    """

    results: tuple[CaseResult, ...]
    problems: tuple[str, ...]
    generated: tuple[Any, ...] | None = None
    mutated: tuple[Any, ...] | None = None


class Engine(Protocol):
    """One backend's policies on its real engine. Every method raises kyverno.EngineError where no answer comes."""

    def prepared(self, case: Case) -> Case | None:
        """The case as this engine can be asked it, None where it cannot."""

    def evaluate(self, policy: Policy, cases: Sequence[Case]) -> EngineRun:
        """One run of the policy object that covers these cases, which all have the same request."""

    def check_policies(self) -> tuple[list[str], int]:
        """Whether each policy object is there and does what its tenants' enforcement says; how many were loaded."""

    def report(self, values: Sequence[Mapping[str, Any]], request: Request) -> list[ReportRow]:
        """The results of every policy object for the objects that it covers."""


@contextmanager
def workers(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of so many threads. Leaving it by an exception drops what has not begun."""
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
