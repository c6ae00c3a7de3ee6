"""Runs a backend on the Kyverno CLI, and checks its rows and reports for completeness."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from rayfence import kyverno
from rayfence.admission import Policy
from rayfence.admission.evaluate import Evaluator
from rayfence.backends.offline import KyvernoOffline
from rayfence.cases import GENERATION, Case
from rayfence.kyverno import ReportRow
from rayfence.model.config import Config
from rayfence.model.subjects import CREATE, DELETE, RAY, Resource, subject_of
from rayfence.network.tables import FILLING, filling, generating
from rayfence.suite.actions import compare_actions, compare_declared, declared_actions
from rayfence.suite.coverage import compare_scopes, compare_triggers
from rayfence.suite.engine import CaseResult, EngineRun
from rayfence.suite.expecting import Expectations, identity, resource
from rayfence.suite.manifests import PolicyTexts, generates
from rayfence.suite.updates import asked
from rayfence.workload import Request

OK = "Ok"

T = TypeVar("T")


class KyvernoEngine:
    """One backend's policies; `program` is the Kyverno CLI."""

    def __init__(self, config: Config, offline: KyvernoOffline, texts: PolicyTexts, program: Path) -> None:
        self._config, self._offline, self._texts, self._program = config, offline, texts, program
        self._expected = Expectations(config)
        self._by_policy = {each.name: offline.of(each) for each in self._expected.policies}
        found = {offline, *self._by_policy.values()}
        # Of a native policy that has a binding the CLI does not look at what the policy itself matches.
        self._judging = {name: text for each in found for name, text in texts.of_kind(each.kind).items()}
        self._actions = {name: said for each in found for name, said in declared_actions(texts, each).items()}

    def prepared(self, case: Case) -> Case | None:
        """The CLI evaluates no deletions with native policies. One becomes a creation if the result is the same."""
        if not self._offline.is_native or case.request.operation != DELETE:
            return case
        request = replace(case.request, operation=CREATE, old=None)
        found = {violation.rule for violation in Evaluator(self._config, request).violations(dict(case.value))}
        return replace(case, request=request) if found == case.fails - {GENERATION} else None

    def evaluate(self, policy: Policy, cases: Sequence[Case]) -> EngineRun:
        """Every row of `kyverno test`, and the objects of `kyverno apply`, which writes them unmodified."""
        text = self._judging.get(policy.name, "")
        if not text:
            raise kyverno.EngineError(f"there is no policy {policy.name} in the bundle")
        text, request = asked(text, cases[0].request)
        said: list[CaseResult] = []
        problems: list[str] = []
        for part, crds in self._runs(cases, lambda case: case.value):
            rows = [self._row(policy, case) for case in part]
            values = [case.value for case in part]
            answer = kyverno.run_test(self._program, text, values, rows, request, crds)
            results = {row.resource: row.result for row in rows}
            said += [_said(row, results.get(row.resource, "pass")) for row in answer.rows]
            problems += _whole(rows, answer)
        values = [case.value for case in cases]
        return EngineRun(tuple(said), tuple(problems), self._made(policy, values), self._filled(policy, values))

    def _runs(
        self, items: Sequence[T], value: Callable[[T], Mapping[str, Any]]
    ) -> Iterator[tuple[list[T], Sequence[Any]]]:
        """The parts that can run together, each with the kinds that the CLI does not know.

        Of several CustomResourceDefinitions in one group the CLI sees only the first.
        """
        parts: dict[tuple[Resource, ...], list[T]] = {}
        for item in items:
            parts.setdefault(tuple(self._unknown(value(item))), []).append(item)
        for resources, part in parts.items():
            yield part, kyverno.stub_crds(resources)

    def _unknown(self, value: Mapping[str, Any]) -> Iterator[Resource]:
        """The resource of an object, in every version that policies cover, if the CLI does not know it.

        For some kinds of policy it guesses the plurals of kinds, and not always right.
        """
        api_version, kind = str(value["apiVersion"]), str(value["kind"])
        subject = subject_of(api_version, kind)
        if subject and not subject.always_served:
            resource = subject.resource_of(api_version, kind)
            yield from [resource] if resource else []
        elif subject is RAY and self._offline.is_native:
            yield from (each for each in RAY.resources if each.kind == kind)

    def _made(self, policy: Policy, values: Sequence[Any]) -> tuple[Any, ...] | None:
        if self._offline.is_native:
            return None
        generates = policy.subject is RAY and self._texts.generating
        return tuple(kyverno.apply(self._program, self._texts.generating, values)[0]) if generates else ()

    def _filled(self, policy: Policy, values: Sequence[Any]) -> tuple[Any, ...] | None:
        """The objects after one policy and then the next: of several at once the CLI writes each object twice."""
        if self._offline.is_native or policy.subject is not RAY:
            return None
        found = {identity(value): value for value in values}
        for text in self._texts.filling:
            written = kyverno.apply(self._program, text, list(found.values()))[0]
            found |= {identity(each): each for each in written}
        return tuple(found.values())

    def check_policies(self) -> tuple[list[str], int]:
        """Each policy object on an object that it must refuse and where ranges end, and what it says would follow."""
        probes = [*self._expected.probes(), *self._expected.edges()]
        values = [case.value for _, case in probes]
        judged = self._reported(self._judging.values(), values, Request())
        rules = len({(each.policy, each.rule) for each in judged})
        problems = compare_actions(probes, judged, self._expected)
        silent = [each for each in self._expected.policies if self._by_policy[each.name].actions]
        problems += compare_declared(self._actions, silent)
        problems += compare_scopes(self._texts, self._offline, self._expected.policies)
        problems += compare_triggers(self._texts, self._offline)
        if rules != len(self._expected.policies):
            problems.append(f"{rules} of {len(self._expected.policies)} policies answered")
        problems += generates(self._texts, bool(self._offline.generating_rules))
        made = len(generating(self._config.tenants)) * self._offline.generating_rules
        filled_in = 0 if self._offline.is_native else len(filling(self._config.tenants))
        for name, text, written in (
            (GENERATION, self._texts.generating, made),
            (FILLING, "---\n".join(self._texts.filling), filled_in),
        ):
            loaded = kyverno.apply(self._program, text, values[:1])[1] if text else 0
            if loaded != written:
                problems.append(f"{loaded} of {written} rules {name} were loaded")
            rules += loaded
        return problems, rules

    def report(self, values: Sequence[Mapping[str, Any]], request: Request) -> list[ReportRow]:
        """The policy report of all policies that any of the objects is for.

        The CLI compiles each policy for each object, also where it does not look at the object's kind.
        """
        asked = {policy.name for value in values for policy in self._expected.judges(value)}
        return self._reported([text for name, text in self._judging.items() if name in asked], values, request)

    def _reported(self, texts: Iterable[str], values: Sequence[Mapping[str, Any]], request: Request) -> list[ReportRow]:
        """The verdicts without `skip`, which a policy reports for namespaces that it does not cover."""
        policies, request = asked("---\n".join(texts), request)
        if not policies:
            return []
        return [
            self._weighed(judged)
            for part, crds in self._runs(values, lambda value: value)
            for judged in kyverno.report(self._program, policies, part, request, crds)
            if judged.result != "skip"
        ]

    def _weighed(self, judged: ReportRow) -> ReportRow:
        """A violation is a `fail` where it is refused, a `warn` elsewhere, whether the CLI tells them apart or not."""
        offline = self._by_policy.get(judged.policy, self._offline)
        if not offline.actions or judged.result not in ("fail", "warn"):
            return judged
        denies = "Deny" in (self._actions.get(judged.policy) or ())
        return replace(judged, result="fail" if denies else "warn")

    def _row(self, policy: Policy, case: Case) -> kyverno.Expected:
        """What must be said of a case: `skip` if no policy covers it."""
        judged = "fail" if case.fails - {GENERATION} else "pass"
        result = judged if self._expected.is_covered(case) else "skip"
        rule = self._by_policy[policy.name].rule(policy)
        return kyverno.Expected(policy.name, rule, resource(case), result, case.value["kind"])


def _said(row: kyverno.Row, wanted: str) -> CaseResult:
    """What the engine found, which its rows say only where it differs from what was wanted."""
    result = wanted if row.reason == OK else row.reason.rpartition("got ")[2]
    return CaseResult(row.resource, result, row.message, "" if row.reason == OK else f"{row.policy}: {row.reason}")


def _whole(expected: Sequence[kyverno.Expected], answer: kyverno.TestRun) -> list[str]:
    """What is wrong with a run as a whole: too much, too little, or a complaint."""
    problems = list(answer.complaints)
    for what, loaded, written in (
        ("policies", answer.policies_loaded, 1),
        ("resources", answer.resources_loaded, len(expected)),
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
