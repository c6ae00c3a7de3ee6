"""Runs every case on every chosen backend, split over the cores, and compares each result with the expected one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from itertools import groupby
from pathlib import Path

from rayfence.cases import Case
from rayfence.gotool import KYVERNO
from rayfence.manifests import bundle
from rayfence.model.config import Config
from rayfence.model.outcome import Outcome, SuiteReport
from rayfence.suite import manifests
from rayfence.suite.comparing import Compared, compare
from rayfence.suite.engine import Engine, workers
from rayfence.suite.engines import engine_of
from rayfence.suite.expecting import Expectations, distinct, resource

MOST_OBJECTS = 150
"""In one run of the engine; more of them at once cost more each."""

LEAST_OBJECTS = 20

Progress = Callable[[int, int], None]

NO_OTHERS: Mapping[str, Path] = {}


def run(
    config: Config,
    cases: Sequence[Case],
    backends: Sequence[str],
    engine: Path,
    *,
    jobs: int,
    engines: str = f"{KYVERNO.title} {KYVERNO.version}",
    progress: Progress = lambda done, total: None,
    files: Mapping[str, str] | None = None,
    others: Mapping[str, Path] = NO_OTHERS,
    whole: bool = True,
) -> SuiteReport:
    """Whether every case comes out as it says, on the policies of `config` or on those in `files` in their place.

    `engine` is the Kyverno CLI, `engines` names all engines that are used, and `others` are the programs of backends
    that have another one, by backend. `files` is what `bundle.files` returns. Without `whole` only the cases are looked
    at, not whether every policy is there and does what it must. Raises EngineError where an engine does not answer.
    """
    started = time.monotonic()
    files = bundle.files(config, backends) if files is None else files
    found: list[Outcome] = []
    problems: list[str] = []
    notes: list[str] = []
    rules = 0
    for backend in backends:
        judge = engine_of(config, backend, manifests.of(files, backend), others.get(backend, engine))
        prepared = [case for each in cases if (case := judge.prepared(each))]
        compared, loaded = _Suite(config, backend, judge).run(prepared, jobs, progress, whole)
        found.extend(compared.outcomes)
        problems.extend(compared.problems)
        rules += loaded
        if left := len(cases) - len(prepared):
            notes.append(f"{backend}: {left} cases are updates or deletions that its engine cannot evaluate offline")
    seconds = time.monotonic() - started
    return SuiteReport(tuple(found), tuple(problems), engines, rules, seconds, tuple(notes))


class _Suite:
    """One backend's policies and what is expected of them."""

    def __init__(self, config: Config, backend: str, engine: Engine) -> None:
        self._config, self._backend, self._engine = config, backend, engine
        self._expected = Expectations(config)

    def run(self, cases: Sequence[Case], jobs: int, progress: Progress, whole: bool) -> tuple[Compared, int]:
        """The outcomes in the cases' order, and how many rules the engine loaded."""
        cases = distinct(cases)
        order = {resource(case): number for number, case in enumerate(cases)}
        with workers(jobs) as pool:
            actions = pool.submit(self._engine.check_policies) if whole else None
            chunks = {pool.submit(self._chunk, chunk): chunk for chunk in self._chunks(cases, jobs)}
            progress(done := 0, len(cases))
            parts = []
            for future in as_completed(chunks):
                parts.append(future.result())
                progress(done := done + len(chunks[future]), len(cases))
            outcomes = sorted((pair for part in parts for pair in part.keyed), key=lambda pair: order[pair[0]])
            told, rules = actions.result() if actions else ([], 0)
        problems = [problem for part in parts for problem in part.problems]
        return Compared(outcomes, tuple(dict.fromkeys([*told, *problems]))), rules

    def _chunks(self, cases: Sequence[Case], jobs: int) -> Iterator[Sequence[Case]]:
        """The cases in parts of one policy and one request each, small enough to keep every core busy."""
        size = min(MOST_OBJECTS, max(LEAST_OBJECTS, math.ceil(len(cases) / (2 * jobs))))
        ordered = sorted(cases, key=self._together)
        for _, group in groupby(ordered, key=self._together):
            same = list(group)
            yield from (same[start : start + size] for start in range(0, len(same), size))

    def _together(self, case: Case) -> tuple[str, str, str, tuple[str, ...], str]:
        asked = case.request
        older = "" if asked.old is None else repr(asked.old)
        return self._expected.policy_for(case).name, asked.operation, asked.username, asked.groups, older

    def _chunk(self, cases: Sequence[Case]) -> Compared:
        answer = self._engine.evaluate(self._expected.policy_for(cases[0]), cases)
        return compare(self._backend, self._config, cases, answer, self._expected)
