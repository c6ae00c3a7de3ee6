"""Compares the verdicts of an engine with the expected ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rayfence import admission
from rayfence.admission.evaluate import Evaluator
from rayfence.cases import GENERATION, Case
from rayfence.kyverno import strip_kyverno
from rayfence.model.config import Config
from rayfence.model.field_path import FieldPath
from rayfence.model.outcome import Outcome
from rayfence.network.policy import CLUSTER_LABEL, JOB_KIND, JOB_NAME_LABEL
from rayfence.network.tables import FILLING
from rayfence.rules.rule import Violation
from rayfence.suite.engine import CaseResult, EngineRun
from rayfence.suite.expecting import Expectations, identity, namespace, resource


@dataclass(frozen=True, slots=True)
class Compared:
    """Outcomes by resource, and problems that belong to no single case."""

    keyed: Sequence[tuple[str, Outcome]]
    problems: tuple[str, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes alone."""
        return [outcome for _, outcome in self.keyed]


def compare(backend: str, config: Config, cases: Sequence[Case], answer: EngineRun, expected: Expectations) -> Compared:
    """One run of the engine over some cases."""
    objects = _by_trigger(answer.generated or ())
    filled = None if answer.mutated is None else {identity(each): each for each in answer.mutated}
    said: dict[str, list[CaseResult]] = {}
    for each in answer.results:
        said.setdefault(each.resource, []).append(each)
    keyed = [
        (
            resource(case),
            _outcome(
                backend,
                case,
                _Observed(
                    said.get(resource(case), []),
                    None if answer.generated is None else objects.pop(_key(case), []),
                    None if filled is None else filled.get(identity(case.value), case.value),
                ),
                expected,
                Evaluator(config, case.request),
            ),
        )
        for case in cases
    ]
    strangers = [
        f"{each['kind']} {each['metadata']['name']} was generated for no case"
        for one in objects.values()
        for each in one
    ]
    return Compared(keyed, (*answer.problems, *strangers))


@dataclass(frozen=True, slots=True)
class _Observed:
    """The result of one case: its rows, the objects generated for it, and its object after mutation."""

    results: Sequence[CaseResult]
    generated: Sequence[Any] | None
    mutated: Any


def _outcome(backend: str, case: Case, observed: _Observed, expected: Expectations, evaluator: Evaluator) -> Outcome:
    said, made = observed.results, observed.generated
    wanted = case.fails - {GENERATION}
    failed = [admission.read(each.message) for each in said if each.result == "fail"]
    ids = frozenset(rule for rules, _ in failed for rule in rules)
    problems = [each.trouble for each in said if each.trouble]
    problems += [] if said else ["no row"]
    if ids != wanted:
        problems.append(f"its message names {_list(ids)}, not {_list(wanted)}")
    elif any(not rules for rules, _ in failed):
        problems.append("it is refused, and the message names no rule")
    problems += [
        "its message announces more violations, but there are none" for each in said if each.message.endswith(_NO_MORE)
    ]
    problems += _python(case, evaluator, failed)
    problems += [] if made is None else _generated(case, made, expected)
    if observed.mutated is not None and observed.mutated != expected.filled(case):
        problems.append(f"{FILLING}: its object differs from what it must be")
    return Outcome(
        backend=backend,
        case=case.name,
        file=case.file,
        line=case.line,
        operation=case.request.operation,
        expected=wanted,
        found=ids,
        validation="fail" if failed else "pass",
        generation="pass" if made else "fail" if expected.isolates(case) and made is not None else "-",
        problems=tuple(problems),
    )


def _python(
    case: Case, evaluator: Evaluator, said: Sequence[tuple[frozenset[str], frozenset[tuple[str, str]]]]
) -> list[str]:
    """Problems where the Python implementation differs: rules, field paths, and the lines that a case marks."""
    found = list(evaluator.violations(dict(case.value)))
    rules = frozenset(violation.rule for violation in found)
    problems = []
    if rules != case.fails - {GENERATION}:
        problems.append(f"in Python it breaks {_list(rules)}")
    places = {(violation.rule, str(violation.path)) for violation in found}
    for ids, shown in said:
        if ids and not shown <= places:
            problems.append(f"the engine alone names {_list(' at '.join(pair) for pair in shown - places)}")
        if ids and len(places) < _FITS and places != shown:
            problems.append(f"Python alone names {_list(' at '.join(pair) for pair in places - shown)}")
    return problems + _lines(case, evaluator, found)


_NO_MORE = "; and 0 more"

_FITS = 12
"""So many violations always have room in one message."""


def _lines(case: Case, evaluator: Evaluator, found: Sequence[Violation]) -> list[str]:
    if case.lines is None or case.document is None:
        return []
    lines = {(violation.rule, case.document.line_of(violation.path)) for violation in found}
    if GENERATION in case.fails:
        lines.add((GENERATION, case.document.line_of(FieldPath.of("metadata", "labels", evaluator.tenant_label))))
    wrong = [f"{rule} is broken at line {line}, which does not say so" for rule, line in sorted(lines - case.lines)]
    return wrong + [f"line {line} says {rule}, which holds there" for rule, line in sorted(case.lines - lines)]


def _generated(case: Case, made: Sequence[Any], expected: Expectations) -> list[str]:
    """The generated objects, exactly: an engine's own comparison takes an open rule for a closed one."""
    wanted = expected.network_policies(case)
    if expected.isolates(case) and (GENERATION in case.fails) != (not wanted):
        return [f"{GENERATION}: the case says {'nothing' if GENERATION in case.fails else 'something'} is generated"]
    if GENERATION in case.fails and not expected.isolates(case):
        return [f"{GENERATION}: nothing is ever generated there, so the case cannot fail it"]
    found = {each["metadata"]["name"]: strip_kyverno(each) for each in made}
    names = {each["metadata"]["name"]: each for each in wanted}
    problems = [f"NetworkPolicy {name} was not generated" for name in names.keys() - found.keys()]
    problems += [f"NetworkPolicy {name} was generated" for name in found.keys() - names.keys()]
    both = sorted(names.keys() & found.keys())
    return sorted(problems) + [
        f"NetworkPolicy {name} differs from what it must be" for name in both if names[name] != found[name]
    ]


def _by_trigger(made: Iterable[Any]) -> dict[tuple[str, str, str], list[Any]]:
    """Generated objects by the namespace, kind and name of the Ray object that their labels name."""
    found: dict[tuple[str, str, str], list[Any]] = {}
    for each in made:
        metadata = each["metadata"]
        labels = metadata.get("labels", {})
        kind, label = (JOB_KIND, JOB_NAME_LABEL) if JOB_NAME_LABEL in labels else ("RayCluster", CLUSTER_LABEL)
        found.setdefault((metadata["namespace"], kind, labels.get(label, "")), []).append(each)
    return found


def _key(case: Case) -> tuple[str, str, str]:
    return namespace(case), case.value["kind"], case.value["metadata"]["name"]


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
