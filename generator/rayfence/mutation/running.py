"""Runs mutants against the suite. The cases most likely to catch one run first, and the first that does ends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path

from rayfence import suite
from rayfence.cases import GENERATION, Case
from rayfence.kyverno import EngineError
from rayfence.manifests import bundle
from rayfence.model.config import Config
from rayfence.model.subjects import RAY, UPDATE, subject_of
from rayfence.mutation import equivalents
from rayfence.mutation.mutant import Mutant, bare
from rayfence.mutation.mutants import mutants
from rayfence.network.tables import FILLING
from rayfence.rules.equivalents import Equivalent
from rayfence.suite.engine import workers
from rayfence.suite.expecting import Expectations
from rayfence.workload import NOBODY

FIRST, MORE = 12, 120
"""How many cases are tried at once, and how many after them where none of those notices, before all the others."""

NEAR = 2
"""How many of these parts are tried on what is equivalent."""


@dataclass(frozen=True, slots=True)
class MutantResult:
    """The result of a mutant. `by` is what caught it, '' if nothing did; `known` is its entry in the list, if any."""

    mutant: Mutant
    line: int
    by: str
    known: Equivalent | None = None

    @property
    def killed(self) -> bool:
        """Whether anything noticed."""
        return bool(self.by)

    @property
    def word(self) -> str:
        """The result in a word: `killed`, `equivalent`, `elsewhere` (by a test that is no case) or `survived`."""
        if self.by or not self.known:
            return "killed" if self.by else "survived"
        return "elsewhere" if self.known.test else "equivalent"


def run(
    config: Config,
    cases: Sequence[Case],
    backend: str,
    engine: Path,
    *,
    jobs: int,
    most: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[MutantResult]:
    """The result of every mutant of a backend's policies, or of `most` of them, taken evenly."""
    files = bundle.files(config, [backend])
    chosen = _evenly(mutants(files, backend), most)
    results: list[MutantResult] = []
    with workers(jobs) as pool:
        waiting = [pool.submit(result_of, config, cases, backend, engine, files, mutant) for mutant in chosen]
        progress(0, len(chosen))
        for future in as_completed(waiting):
            results.append(future.result())
            progress(len(results), len(chosen))
    return sorted(results, key=lambda result: (result.mutant.file, result.line, result.mutant.name))


def _evenly(found: Sequence[Mutant], most: int | None) -> list[Mutant]:
    if most is None or most >= len(found):
        return list(found)
    return [found[number * len(found) // most] for number in range(most)]


def result_of(
    config: Config, cases: Sequence[Case], backend: str, engine: Path, files: Mapping[str, str], mutant: Mutant
) -> MutantResult:
    """The result of one mutant of `files`."""
    tried = _tried(config, backend, engine, mutant.applied(files))
    entry = equivalents.known(mutant, files)
    batches = [*_batches(_few_updates(_judged(config, cases, mutant.policy(files))), mutant)]
    # Where nothing is expected to notice, the nearest cases are enough to see that the argument is wrong.
    batches = batches[:NEAR] if entry else batches
    # An expression shows in what is said of cases, everything around it in what is said of the policies as a whole.
    ordered = [*batches, None] if mutant.of_expression else [None, *batches]
    by = next((noticed for batch in ordered if (noticed := tried(batch))), "")
    return MutantResult(mutant, mutant.line(files), by, entry)


def _tried(
    config: Config, backend: str, engine: Path, broken: Mapping[str, str]
) -> Callable[[Sequence[Case] | None], str]:
    """What notices, among some cases, that the policies are broken; without cases, what their whole says of it."""

    def noticed(cases: Sequence[Case] | None) -> str:
        others = {backend: engine}
        try:
            report = suite.run(
                config, cases or (), [backend], engine, jobs=1, files=broken, others=others, whole=cases is None
            )
        except EngineError as error:
            return f"the engine: {str(error).splitlines()[0]}"
        first = next((outcome for outcome in report.outcomes if not outcome.ok), None)
        return f"{first.case}: {first.problems[0]}" if first else next(iter(report.problems), "")

    return noticed


def _judged(config: Config, cases: Sequence[Case], policy: str) -> list[Case]:
    """The cases that a policy object answers for; all Ray objects where it makes or fills in something for those."""
    if policy.startswith((bare(GENERATION), bare(FILLING))):
        return [case for case in cases if subject_of(case.value["apiVersion"], case.value["kind"]) is RAY]
    truth = Expectations(config)
    return [case for case in cases if bare(truth.policy_for(case).name) == policy]


def _few_updates(cases: Sequence[Case]) -> list[Case]:
    """The cases without derived updates but one for each rule and kind: each costs as much as thirty creations.

    Such an update is the object of a creation asked for in another word, and what looks at that word looks at nothing
    else: one that shows it shows it as well as twenty. What is derived to be compared with an object before is kept.
    """
    first = {(_family(case), case.value["kind"]): id(case) for case in reversed(cases) if _is_derived_update(case)}
    kept = {*first.values()}
    return [case for case in cases if not _is_derived_update(case) or id(case) in kept]


def _is_derived_update(case: Case) -> bool:
    return case.lines is None and case.request.operation == UPDATE and not case.compares


def _batches(cases: Sequence[Case], mutant: Mutant) -> Iterator[list[Case]]:
    """Cases of the rule first, or one of each rule where all share what was changed; then more of the same; then all.

    Creations by an unnamed user come before other requests, which take some engines thirty times as long. Cases that
    cost an engine gigabytes if a mutant admits them come last, so that another case catches the mutant first.
    """
    rule, light = mutant.rule, [case for case in cases if not _is_heavy(case)]
    near = [case for case in light if rule and (rule in case.fails or case.name.startswith(f"{rule}/"))]
    near.sort(key=lambda case: (not _is_edge(case, mutant.namespace), case.request != NOBODY))
    one_of_each = list({(_family(case), *_kind(case)): case for case in reversed(light)}.values())
    one_of_each.sort(key=lambda case: case.request != NOBODY)
    ordered = list({id(case): case for case in [*_mixed(near), *one_of_each, *light]}.values())
    rest = ordered[FIRST + MORE :]
    parts = [ordered[:FIRST], ordered[FIRST : FIRST + MORE]]
    parts += [[case for case in rest if (case.request == NOBODY) is creation] for creation in (True, False)]
    yield from filter(None, [*parts, [case for case in cases if _is_heavy(case)]])


def _is_heavy(case: Case) -> bool:
    return bool(_HEAVY.search(str(case.value)))


_HEAVY = re.compile(r"\d[eE]\d{4}")
"""A number that takes as many digits to write out."""


def _is_edge(case: Case, namespace: str) -> bool:
    return "/edges/" in case.name and case.value["metadata"]["namespace"] == namespace


def _mixed(cases: Sequence[Case]) -> list[Case]:
    """Failing and passing cases in turn."""
    failing = [case for case in cases if case.fails]
    passing = [case for case in cases if not case.fails]
    longest = max(len(failing), len(passing))
    return [
        case for number in range(longest) for case in (*failing[number : number + 1], *passing[number : number + 1])
    ]


def _family(case: Case) -> str:
    return case.name.partition("/")[0]


def _kind(case: Case) -> tuple[str, str]:
    return case.value["apiVersion"], case.value["kind"]
