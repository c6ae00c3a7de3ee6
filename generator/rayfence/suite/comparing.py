"""What the engine said against what it had to say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rayfence import admission, kyverno
from rayfence.backends.clusterpolicy_network import strip_kyverno
from rayfence.cases import GENERATION, Case
from rayfence.evaluate import Judge
from rayfence.outcome import Outcome
from rayfence.path import Path
from rayfence.rules.rule import Violation
from rayfence.suite.expecting import Expectations, namespace, resource

OK = "Ok"


@dataclass(frozen=True, slots=True)
class Compared:
    """Outcomes by resource, and problems that belong to no single case."""

    keyed: Sequence[tuple[str, Outcome]]
    problems: tuple[str, ...]

    @property
    def outcomes(self) -> list[Outcome]:
        """The outcomes alone."""
        return [outcome for _, outcome in self.keyed]


def compare(
    backend: str,
    cases: Sequence[Case],
    expected: Sequence[kyverno.Expected],
    answer: kyverno.Answer,
    made: Iterable[Any],
    truth: Expectations,
    judge: Judge,
) -> Compared:
    """One run of the engine over some cases."""
    objects = _by_cluster(made)
    rows: dict[str, list[kyverno.Row]] = {}
    for row in answer.rows:
        rows.setdefault(row.resource, []).append(row)
    keyed = [
        (
            resource(case),
            _outcome(backend, case, rows.get(resource(case), []), objects.pop(_key(case), []), truth, judge),
        )
        for case in cases
    ]
    strangers = [
        f"{each['kind']} {each['metadata']['name']} was generated for no case"
        for one in objects.values()
        for each in one
    ]
    return Compared(keyed, (*_whole(cases, expected, answer, truth), *strangers))


def _whole(
    cases: Sequence[Case], expected: Sequence[kyverno.Expected], answer: kyverno.Answer, truth: Expectations
) -> list[str]:
    """What is wrong with a run as a whole: too much, too little, or a complaint."""
    problems = list(answer.complaints)
    for what, loaded, written in (
        ("policies", answer.policies_loaded, len(truth.policies)),
        ("resources", answer.resources_loaded, len(cases)),
    ):
        if loaded != written:
            problems.append(f"{loaded} of {written} {what} were loaded")
    wanted = Counter((row.policy, row.rule, row.resource) for row in expected)
    found = Counter((row.policy, row.rule, row.resource) for row in answer.rows)
    problems += [f"no row for policy {policy}, rule {rule}, {of}" for policy, rule, of in (wanted - found).elements()]
    problems += [
        f"a row too many for policy {policy}, rule {rule}, {of}" for policy, rule, of in (found - wanted).elements()
    ]
    return problems


def _outcome(
    backend: str, case: Case, rows: Sequence[kyverno.Row], made: Sequence[Any], truth: Expectations, judge: Judge
) -> Outcome:
    wanted, policy = case.fails - {GENERATION}, truth.failed_policy(case)
    failed = [row for row in rows if _result(row, policy) == "fail"]
    said = [admission.read(row.message) for row in failed]
    ids = frozenset(rule for rules, _ in said for rule in rules)
    problems = [f"{row.policy}: {row.reason}" for row in rows if row.reason != OK]
    problems += [] if rows else ["no row"]
    if ids != wanted:
        problems.append(f"its message names {_list(ids)}, not {_list(wanted)}")
    problems += _python(case, judge, said)
    problems += _generated(case, made, truth)
    return Outcome(
        backend=backend,
        case=case.name,
        file=case.file,
        line=case.line,
        operation=case.operation,
        expected=wanted,
        found=ids,
        validation="fail" if failed else "pass",
        generation="pass" if made else "fail" if truth.isolates(case) else "-",
        problems=tuple(problems),
    )


def _result(row: kyverno.Row, failed: str) -> str:
    """What the engine found, which its rows say only where it differs from what was wanted."""
    wanted = "fail" if row.policy == failed else "pass"
    return wanted if row.reason == OK else row.reason.rpartition("got ")[2]


def _python(case: Case, judge: Judge, said: Sequence[tuple[frozenset[str], frozenset[tuple[str, str]]]]) -> list[str]:
    """Whether the Python reading says the same: rules, places, and the lines that a person marked."""
    found = list(judge.violations(dict(case.value)))
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
    return problems + _lines(case, judge, found)


_FITS = 12
"""So many violations always have room in one message."""


def _lines(case: Case, judge: Judge, found: Sequence[Violation]) -> list[str]:
    if case.lines is None or case.document is None:
        return []
    lines = {(violation.rule, case.document.line_of(violation.path)) for violation in found}
    if GENERATION in case.fails:
        lines.add((GENERATION, case.document.line_of(Path.of("metadata", "labels", judge.tenant_label))))
    wrong = [f"{rule} is broken at line {line}, which does not say so" for rule, line in sorted(lines - case.lines)]
    return wrong + [f"line {line} says {rule}, which holds there" for rule, line in sorted(case.lines - lines)]


def _generated(case: Case, made: Sequence[Any], truth: Expectations) -> list[str]:
    """The generated objects, exactly: an engine's own comparison takes an open rule for a closed one."""
    wanted = truth.network_policies(case)
    if truth.isolates(case) and (GENERATION in case.fails) != (not wanted):
        return [f"{GENERATION}: the case says {'nothing' if GENERATION in case.fails else 'something'} is generated"]
    if GENERATION in case.fails and not truth.isolates(case):
        return [f"{GENERATION}: nothing is ever generated there, so the case cannot fail it"]
    found = {each["metadata"]["name"]: strip_kyverno(each) for each in made}
    names = {each["metadata"]["name"]: each for each in wanted}
    problems = [f"NetworkPolicy {name} was not generated" for name in names.keys() - found.keys()]
    problems += [f"NetworkPolicy {name} was generated" for name in found.keys() - names.keys()]
    both = sorted(names.keys() & found.keys())
    return sorted(problems) + [
        f"NetworkPolicy {name} differs from what it must be" for name in both if names[name] != found[name]
    ]


def _by_cluster(made: Iterable[Any]) -> dict[tuple[str, str], list[Any]]:
    """Generated objects by the namespace and name of the RayCluster that their labels name."""
    found: dict[tuple[str, str], list[Any]] = {}
    for each in made:
        metadata = each["metadata"]
        cluster = metadata.get("labels", {}).get("ray.io/cluster", "")
        found.setdefault((metadata["namespace"], cluster), []).append(each)
    return found


def _key(case: Case) -> tuple[str, str]:
    return namespace(case), case.value["metadata"]["name"]


def compare_actions(probes: Mapping[str, Case], judged: Sequence[kyverno.Judged], truth: Expectations) -> list[str]:
    """Whether policies refuse where they must: `kyverno test` says the same of Enforce and Audit."""
    results = {(each.policy, each.resource): each.result for each in judged}
    problems = []
    for policy, probe in probes.items():
        result = results.get((policy, resource(probe)), "nothing")
        if result != truth.action(policy):
            problems.append(f"policy {policy} answers `{result}` to {probe.name}, not `{truth.action(policy)}`")
    return problems


def _list(words: Iterable[str]) -> str:
    return ", ".join(sorted(words)) or "nothing"
