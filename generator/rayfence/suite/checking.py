"""Documents as an engine judges them: the answers of `rayfence check`, from Kyverno in place of Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path as File

from rayfence import admission, bundle, kyverno
from rayfence.config import Config
from rayfence.evaluate import Judge, Part, concerns_us, parts
from rayfence.outcome import Finding, Result, Verdict
from rayfence.path import Path
from rayfence.rules.guard_network_policies import RESERVED
from rayfence.subjects import subject_of
from rayfence.suite import texts
from rayfence.suite.engines import engine_of
from rayfence.suite.expecting import Expectations
from rayfence.suite.side_by_side import workers
from rayfence.workload import NOBODY, Request
from rayfence.yamlio import Document

AT_ONCE = 100
"""Objects in one run of the engine."""


def check(
    config: Config,
    documents: Sequence[Document],
    backend: str,
    engine: File,
    *,
    namespace: str = "",
    request: Request = NOBODY,
    jobs: int = 1,
) -> list[Result]:
    """One result for each object, in order; `namespace` is for objects that name none, all are asked for by `request`.

    Raises kyverno.EngineError where the engine does not answer for every object.
    """
    found = [part for document in documents for part in parts(document, namespace)]
    ours = [number for number, part in enumerate(found) if concerns_us(part.value) and _has_names(part)]
    # Side by side with others of its kind an object is for fewer policies.
    ours.sort(key=lambda number: _subject(found[number]))
    chunks = [ours[start : start + AT_ONCE] for start in range(0, len(ours), AT_ONCE)]
    judge = _Engine(config, backend, engine, request)
    with workers(jobs) as pool:
        judged = pool.map(lambda chunk: judge.results([found[number] for number in chunk]), chunks)
        answers = dict(zip(ours, (result for results in judged for result in results), strict=True))
    reader = Judge(config, request)
    return [answers.get(number) or reader.result(part) for number, part in enumerate(found)]


def _subject(part: Part) -> str:
    subject = subject_of(part.value["apiVersion"], part.value["kind"])
    return subject.name if subject else ""


def _has_names(part: Part) -> bool:
    """Whether the engine's loader can take the object at all; it aborts on metadata that is no mapping."""
    metadata = part.value.get("metadata")
    return isinstance(metadata, dict) and isinstance(metadata.get("namespace", ""), str)


class _Engine:
    def __init__(self, config: Config, backend: str, engine: File, request: Request) -> None:
        self._engine = engine_of(config, backend, texts.of(bundle.files(config, [backend]), backend), engine)
        self._request = request
        self._expected, self._judge = Expectations(config), Judge(config)

    def results(self, objects: Sequence[Part]) -> list[Result]:
        # Two objects of one name would be one to the engine.
        values = [_renamed(part, number) for number, part in enumerate(objects)]
        judged = self._engine.report(values, self._request)
        answers: dict[str, list[kyverno.Judged]] = {}
        for each in judged:
            answers.setdefault(each.resource.rpartition("/")[2].removeprefix(RESERVED), []).append(each)
        return [self._result(part, answers.get(f"object-{number}", [])) for number, part in enumerate(objects)]

    def _result(self, part: Part, answers: Sequence[kyverno.Judged]) -> Result:
        said = sorted(each.policy for each in answers)
        if said != sorted(policy.name for policy in self._expected.judges(part.value)):
            raise kyverno.EngineError(
                f"policies {', '.join(said) or 'none'} answered for an object, not each in charge once"
            )
        tenant = self._judge.tenant_of(part.namespace)
        broken = [each for each in answers if each.result != "pass"]
        findings = tuple(finding for each in broken for finding in _findings(part, each.message))
        odd = [each for each in broken if each.result not in ("fail", "warn") or not admission.read(each.message)[0]]
        if odd:
            return part.result(tenant, Verdict.ERROR, error=f"{odd[0].policy}: {odd[0].message or odd[0].result}")
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
    shown = [part.located(rule, Path.parse(path), what) for rule, path, what in admission.violations(message)]
    named = {finding.rule for finding in shown}
    rest = sorted(admission.read(message)[0] - named)
    return shown + [part.located(rule, Path(), "is broken; too much else is wrong to say where") for rule in rest]
