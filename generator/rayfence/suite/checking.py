"""Evaluates documents with a real engine: `rayfence check --engine`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as File

from rayfence import admission, kyverno
from rayfence.admission.evaluate import Evaluator, Part, asks, parts
from rayfence.cluster.objects import text_at
from rayfence.manifests import bundle
from rayfence.model.config import Config
from rayfence.model.field_path import FieldPath
from rayfence.model.outcome import Finding, Result, Verdict
from rayfence.model.subjects import RESERVED, subject_of
from rayfence.suite import manifests
from rayfence.suite.engine import workers
from rayfence.suite.engines import engine_of
from rayfence.suite.expecting import Expectations
from rayfence.workload import NOBODY, Malformed, Request
from rayfence.yamlio import Document

AT_ONCE = 100
"""Objects in one run of the engine."""


Asking = Callable[[Part], Request]
"""How an object is asked for."""


@dataclass(frozen=True, slots=True)
class _Question:
    """An object, and what the rules are asked about it: itself, or the pod that it becomes."""

    part: Part
    asked: Part
    request: Request
    subject: str


def check(
    config: Config,
    documents: Sequence[Document],
    backend: str,
    engine: File,
    *,
    namespace: str = "",
    request: Request | Asking = NOBODY,
    jobs: int = 1,
) -> list[Result]:
    """One result for each object, in order; `namespace` is for objects that name none.

    `request` says how all objects are asked for, or how each of them is. Raises kyverno.EngineError where the engine
    does not answer for every object.
    """
    asking = request if callable(request) else lambda part: request
    found = [part for document in documents for part in parts(document, namespace)]
    questions = {number: each for number, part in enumerate(found) if (each := _question(part, asking(part)))}
    chunks = list(_chunks(questions))
    judge = _Engine(config, backend, engine)
    with workers(jobs) as pool:
        judged = pool.map(lambda chunk: judge.results([questions[number] for number in chunk]), chunks)
        answers = {
            number: result
            for chunk, results in zip(chunks, judged, strict=True)
            for number, result in zip(chunk, results, strict=True)
        }
    reader = Evaluator(config)
    return [answers.get(number) or reader.result(part, asking(part)) for number, part in enumerate(found)]


def _question(part: Part, request: Request) -> _Question | None:
    """What an engine can be asked about an object; None where there is nothing to ask, or its loader cannot take it."""
    try:
        asked, request = part.asked(request)
    except Malformed:
        return None
    subject = subject_of(text_at(asked.value, "apiVersion"), text_at(asked.value, "kind"))
    if subject is None or not asks(subject, request) or not _has_names(asked):
        return None
    return _Question(part, asked, request, subject.name)


def _has_names(part: Part) -> bool:
    """Whether the engine's loader can take the object at all; it aborts on metadata that is no mapping."""
    metadata = part.value.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("namespace", ""), str)


def _chunks(questions: Mapping[int, _Question]) -> Iterator[list[int]]:
    """Questions of one request each, which an engine is asked at once.

    Side by side with others of its kind an object is for fewer policies, so they come in the order of subjects.
    """
    groups: dict[object, list[int]] = {}
    for number, each in sorted(questions.items(), key=lambda pair: pair[1].subject):
        asked = each.request
        # The object as it was stands in the policies themselves, so there is one of it in a run.
        alone = -1 if asked.old is None else number
        groups.setdefault((asked.username, asked.groups, asked.operation, alone), []).append(number)
    for same in groups.values():
        yield from (same[start : start + AT_ONCE] for start in range(0, len(same), AT_ONCE))


class _Engine:
    def __init__(self, config: Config, backend: str, engine: File) -> None:
        self._engine = engine_of(config, backend, manifests.of(bundle.files(config, [backend]), backend), engine)
        self._expected, self._evaluator = Expectations(config), Evaluator(config)

    def results(self, questions: Sequence[_Question]) -> list[Result]:
        # Two objects of one name would be one to the engine.
        values = [_renamed(each.asked, number) for number, each in enumerate(questions)]
        judged = self._engine.report(values, questions[0].request)
        answers: dict[str, list[kyverno.ReportRow]] = {}
        for each in judged:
            answers.setdefault(each.resource.rpartition("/")[2].removeprefix(RESERVED), []).append(each)
        return [self._result(each, answers.get(f"object-{number}", [])) for number, each in enumerate(questions)]

    def _result(self, question: _Question, answers: Sequence[kyverno.ReportRow]) -> Result:
        part, asked = question.part, question.asked
        said = sorted(each.policy for each in answers)
        if said != sorted(policy.name for policy in self._expected.judges(asked.value)):
            raise kyverno.EngineError(
                f"policies {', '.join(said) or 'none'} answered for an object, not each that covers it once"
            )
        tenant = self._evaluator.tenant_of(part.namespace)
        broken = [each for each in answers if each.result != "pass"]
        findings = tuple(finding for each in broken for finding in _findings(asked, each.message))
        odd = [each for each in broken if each.result not in ("fail", "warn") or not admission.read(each.message)[0]]
        if odd:
            return part.result(tenant, Verdict.ERROR, error=f"{odd[0].policy}: {odd[0].message or odd[0].result}")
        if not broken and (reason := self._evaluator.not_judged(asked, question.request)):
            return part.result(None, Verdict.NOT_JUDGED, reason=reason)
        denied = any(each.result == "fail" for each in broken)
        return part.result(tenant, Verdict.DENY if denied else Verdict.ADMIT, findings)


def _renamed(part: Part, number: int) -> dict[str, object]:
    metadata = {key: value for key, value in part.value["metadata"].items() if key != "generateName"}
    # Rules read of a name only whether it begins like this.
    given = (part.value["metadata"].get(key) for key in ("name", "generateName"))
    reserved = RESERVED if any(str(name).startswith(RESERVED) for name in given) else ""
    # The CLI puts an object without a namespace into `default`, which may be a tenant's.
    return {**part.value, "metadata": {"namespace": "", **metadata, "name": f"{reserved}object-{number}"}}


def _findings(part: Part, message: str) -> list[Finding]:
    """The violations in an engine's message, each at its line; a rule whose violations did not fit has the object's."""
    shown = [part.located(rule, FieldPath.parse(path), what) for rule, path, what in admission.violations(message)]
    named = {finding.rule for finding in shown}
    rest = sorted(admission.read(message)[0] - named)
    return shown + [part.located(rule, FieldPath(), "is broken; too much else is wrong to say where") for rule in rest]
