"""Runs a backend on gator, which states the verdict of each policy object on each object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rayfence import gator
from rayfence.admission import Policy
from rayfence.backends.offline import GatorOffline
from rayfence.cases import Case
from rayfence.kyverno import ReportRow
from rayfence.model.config import Config
from rayfence.model.outcome import EngineError
from rayfence.suite.actions import compare_actions
from rayfence.suite.bounds import compare_bounds
from rayfence.suite.engine import CaseResult, EngineRun
from rayfence.suite.expecting import Expectations, resource
from rayfence.suite.manifests import PolicyTexts, generates
from rayfence.workload import NOBODY, Request


class GatorEngine:
    """Templates and constraints; `program` is gator. Nothing is ever generated."""

    def __init__(self, config: Config, offline: GatorOffline, texts: PolicyTexts, program: Path) -> None:
        self._offline, self._texts, self._program = offline, texts, program
        self._expected = Expectations(config)

    def prepared(self, case: Case) -> Case | None:
        """Every case can be asked."""
        return case

    def evaluate(self, policy: Policy, cases: Sequence[Case]) -> EngineRun:
        """The policy's verdict on each case. A case that it did not evaluate is missing.

        For a case that no policy covers, no output means `skip`.
        """
        values = [case.value for case in cases]
        judged = gator.evaluate(self._program, self._policy(policy), values, cases[0].request)
        answers = {each.resource: each for each in judged}
        said = (self._said(case, answers.get(resource(case))) for case in cases)
        return EngineRun(tuple(each for each in said if each), ())

    def _said(self, case: Case, judged: gator.PolicyResult | None) -> CaseResult | None:
        asked = self._expected.is_covered(case)
        if judged is None:
            return None if asked else CaseResult(resource(case), "skip", "")
        result = "pass" if judged.result == "pass" else "fail"
        return CaseResult(
            judged.resource, result, judged.message, "" if asked else "a policy evaluates it, although none covers it"
        )

    def check_policies(self) -> tuple[list[str], int]:
        """Each policy object on an object that it must refuse, on those that are another's, and where ranges end."""
        probes = [*self._expected.probes(), *self._expected.edges()]
        judged = self.report([case.value for _, case in probes], NOBODY)
        policies = len({each.policy for each in judged})
        problems = compare_actions(probes, judged, self._expected)
        if policies != len(self._expected.policies):
            problems.append(f"{policies} of {len(self._expected.policies)} policies answered")
        problems += compare_bounds(self._texts, self._offline, self._expected.policies)
        return problems + generates(self._texts, False), policies

    def report(self, values: Sequence[Mapping[str, Any]], request: Request) -> list[ReportRow]:
        """The results of all policies."""
        policies = "---\n".join(self._texts.objects.values())
        found = gator.evaluate(self._program, policies, list(values), request)
        return [ReportRow(each.policy, each.policy, each.resource, each.result, each.message) for each in found]

    def _policy(self, policy: Policy) -> str:
        """The template and the constraint of one policy object."""
        template = self._texts.of_kind(self._offline.kind).get(self._offline.object_name(policy))
        constraint = self._texts.of_kind(self._offline.constraint_kind(policy)).get(policy.name)
        if not template or not constraint:
            raise EngineError(f"there is no policy {policy.name} in the bundle")
        return f"{template}---\n{constraint}"
