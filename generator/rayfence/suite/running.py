"""Every case on every chosen backend: split over the cores, run by the real engine, and compared with what must be."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rayfence import bundle, kyverno, yamlio
from rayfence.backends.clusterpolicy import ISOLATION
from rayfence.cases import GENERATION, Case
from rayfence.config import Config
from rayfence.evaluate import Judge
from rayfence.gotool import KYVERNO
from rayfence.outcome import Outcome, SuiteReport
from rayfence.suite.comparing import Compared, compare, compare_actions
from rayfence.suite.expecting import Expectations, distinct, resource
from rayfence.suite.side_by_side import workers

MOST_OBJECTS = 150
"""In one run of the engine; more of them at once cost more each."""

LEAST_OBJECTS = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Texts:
    """The policies under test, as YAML."""

    isolation: str
    generation: str


def run(
    config: Config,
    cases: Sequence[Case],
    backends: Sequence[str],
    engine: Path,
    *,
    jobs: int,
    version: str = KYVERNO.version,
    progress: Progress = lambda done, total: None,
    files: Mapping[str, str] | None = None,
) -> SuiteReport:
    """Whether every case comes out as it says, on the policies of `config` or on those in `files` in their place.

    `version` is the engine's own, `files` is what `bundle.files` returns. Raises kyverno.EngineError where the engine
    does not answer.
    """
    started = time.monotonic()
    files = bundle.files(config, backends) if files is None else files
    found: list[Outcome] = []
    problems: list[str] = []
    rules = 0
    for backend in backends:
        suite = _Suite(config, backend, _texts(files, backend), engine)
        compared, loaded = suite.run(cases, jobs, progress)
        found.extend(compared.outcomes)
        problems.extend(compared.problems)
        rules += loaded
    return SuiteReport(tuple(found), tuple(problems), f"Kyverno {version}", rules, time.monotonic() - started)


def _texts(files: Mapping[str, str], backend: str) -> Texts:
    return Texts(files[f"{backend}/{ISOLATION}.yaml"], files.get(f"{backend}/{GENERATION}.yaml", ""))


class _Suite:
    """One backend's policies and what is expected of them."""

    def __init__(self, config: Config, backend: str, texts: Texts, engine: Path) -> None:
        self._config, self._backend, self._texts, self._engine = config, backend, texts, engine
        self._expected = Expectations(config)

    def run(self, cases: Sequence[Case], jobs: int, progress: Progress) -> tuple[Compared, int]:
        """The outcomes in the cases' order, and how many rules the engine loaded."""
        cases = distinct(cases)
        order = {resource(case): number for number, case in enumerate(cases)}
        with workers(jobs) as pool:
            actions = pool.submit(self._actions)
            chunks = {pool.submit(self._chunk, chunk): chunk for chunk in _chunks(cases, jobs)}
            progress(done := 0, len(cases))
            parts = []
            for future in as_completed(chunks):
                parts.append(future.result())
                progress(done := done + len(chunks[future]), len(cases))
            outcomes = sorted((pair for part in parts for pair in part.keyed), key=lambda pair: order[pair[0]])
            told, rules = actions.result()
        problems = [problem for part in parts for problem in part.problems]
        return Compared(outcomes, tuple(dict.fromkeys([*told, *problems]))), rules

    def _chunk(self, cases: Sequence[Case]) -> Compared:
        values = [case.value for case in cases]
        rows = [row for case in cases for row in self._rows(case)]
        answer = kyverno.run_test(self._engine, self._texts.isolation, values, rows, cases[0].username)
        made = kyverno.generate(self._engine, self._texts.generation, values)[0] if self._texts.generation else []
        judge = Judge(self._config, cases[0].username)
        return compare(self._backend, cases, rows, answer, made, self._expected, judge)

    def _rows(self, case: Case) -> Iterator[kyverno.Expected]:
        failed = self._expected.failed_policy(case)
        for policy in self._expected.policies:
            result = "fail" if policy == failed else "pass"
            yield kyverno.Expected(policy, ISOLATION, resource(case), result, case.operation)

    def _actions(self) -> tuple[list[str], int]:
        """Whether each policy object refuses or only reports, as its tenants' enforcement says."""
        probes = self._expected.probes()
        values = [case.value for case in probes.values()]
        judged, rules = kyverno.report(self._engine, self._texts.isolation, values)
        problems = compare_actions(probes, judged, self._expected)
        if rules != len(self._expected.policies):
            problems.append(f"{rules} of {len(self._expected.policies)} rules {ISOLATION} were loaded")
        if not self._texts.generation:
            return problems, rules
        loaded = kyverno.generate(self._engine, self._texts.generation, values[:1])[1]
        written = sum(1 for _ in yamlio.read(self._texts.generation, GENERATION))
        if loaded != written:
            problems.append(f"{loaded} of {written} rules {GENERATION} were loaded")
        return problems, rules + loaded


def _chunks(cases: Sequence[Case], jobs: int) -> Iterator[Sequence[Case]]:
    """The cases in parts of one user each, small enough to keep every core busy."""
    size = min(MOST_OBJECTS, max(LEAST_OBJECTS, math.ceil(len(cases) / (2 * jobs))))
    ordered = sorted(cases, key=lambda case: case.username)
    for _, group in groupby(ordered, key=lambda case: case.username):
        same = list(group)
        yield from (same[start : start + size] for start in range(0, len(same), size))
