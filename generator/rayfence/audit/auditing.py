"""Runs an audit: Ray objects first, then other objects, then NetworkPolicies, then Kyverno's reports on all of them.

Objects are read one at a time. Memory grows with the number of expected NetworkPolicies, of findings and of RayClusters
(one line each), never with the objects themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import replace

from rayfence.admission.evaluate import Evaluator, Part
from rayfence.audit import engine_reports
from rayfence.audit.engine_reports import Key, worse
from rayfence.audit.installed import generates, has_no_engine
from rayfence.audit.layer import Layer, is_ours
from rayfence.audit.values import Audited, Disagreement, Drift, Report, Word
from rayfence.cluster.objects import Objects, list_at, name_of, text_at
from rayfence.model.config import Config
from rayfence.model.outcome import Result, Verdict
from rayfence.model.subjects import NETWORK_KINDS, NETWORK_POLICIES, SUBJECTS, UPDATE, Resource
from rayfence.workload import API_GROUP, MADE_BY_KUBERAY, Request

NAMESPACES = Resource("", "v1", "Namespace", "namespaces")

Progress = Callable[[str], None]


def audit(config: Config, objects: Objects, progress: Progress = lambda sentence: None) -> Report:
    """Everything that is wrong. Raises Unanswered where the source does not answer."""
    generating = generates(objects)
    layer = Layer(config, generating=generating, engineless=has_no_engine(objects), existing=_namespaces(objects))
    looking = _Counts(config, layer)
    for resource in _kinds():
        progress(f"looking at {resource.plural}")
        for part in objects.of(resource):
            looking.at(part)
    progress("looking at Kyverno's reports")
    spoken = _EngineReports(looking.audited)
    for key, word in engine_reports.words(objects, config):
        spoken.hear(key, word)
    return Report(
        looking.judged,
        tuple(spoken.audited()),
        (*looking.deviations, *layer.missing()),
        tuple(spoken.disagreements()),
        spoken.heard,
        tuple(_notes(objects, layer, generating=generating)),
    )


class _Counts:
    """What was seen so far."""

    def __init__(self, config: Config, layer: Layer) -> None:
        # A pod's node is what the scheduler decided, and only an update is asked of what is there already.
        self._evaluator = Evaluator(config, Request(operation=UPDATE))
        self._as_operator = Evaluator(config, Request(config.platform.operator.username, operation=UPDATE))
        self._layer = layer
        self.judged = 0
        self.audited: list[Result] = []
        self.deviations: list[Drift] = []

    def at(self, part: Part) -> None:
        """One object."""
        kind = text_at(part.value, "kind")
        is_ray = text_at(part.value, "apiVersion").startswith(f"{API_GROUP}/")
        if is_ray:
            self._layer.add(part.value)
        if kind == "NetworkPolicy" and is_ours(part):
            self.judged += 1
            deviation = self._layer.compare(part)
            self.deviations += [deviation] if deviation else []
        elif is_ray or self._evaluator.tenant_of(part.namespace):
            result = self._result(part)
            self.judged += result.verdict is not Verdict.NOT_JUDGED
            if result.findings or result.verdict in (Verdict.DENY, Verdict.ERROR):
                self.audited.append(result)

    def _result(self, part: Part) -> Result:
        """The verdict. The author is not known, so an object that KubeRay may have written is excused."""
        result = self._evaluator.result(part)
        if (
            result.verdict is Verdict.DENY
            and _is_made(part)
            and self._as_operator.result(part).verdict is Verdict.ADMIT
        ):
            return replace(result, verdict=Verdict.ADMIT)
        return result


class _EngineReports:
    """Kyverno's result next to each finding, matched by name."""

    def __init__(self, found: list[Result]) -> None:
        self._found = {(each.kind, each.namespace, each.name): each for each in found}
        self._words: dict[Key, Word] = {}
        self.heard = 0

    def hear(self, key: Key, word: Word) -> None:
        """Takes one report. It is kept if it is about a finding, or names a rule that the audit did not find."""
        self.heard += 1
        if key in self._found or word.rules or word.result == "error":
            self._words[key] = worse(self._words.get(key), word)

    def audited(self) -> Iterator[Audited]:
        """Every finding with Kyverno's word on it."""
        for key, result in self._found.items():
            yield Audited(result, self._words.get(key))

    def disagreements(self) -> Iterator[Disagreement]:
        """The objects for which Kyverno reports another result."""
        for key, word in sorted(self._words.items()):
            found = self._found.get(key)
            ours = _ids(found) if found else frozenset[str]()
            if word.result == "error" or word.rules != ours:
                yield Disagreement(*key, word, ours)


def _ids(result: Result) -> frozenset[str]:
    return frozenset(finding.rule for finding in result.findings)


def _kinds() -> list[Resource]:
    """Every kind that rules cover, once, in the version that every server has; the NetworkPolicies last.

    They are compared with what the RayClusters need, so those come before them.
    """
    order = sorted(SUBJECTS, key=lambda subject: subject is NETWORK_POLICIES)
    once: dict[tuple[str, str], Resource] = {}
    for subject in order:
        for resource in subject.resources:
            once.setdefault((resource.group, resource.kind), resource)
    return list(once.values())


def _is_made(part: Part) -> bool:
    """Whether the object says that KubeRay has made it of another. Tenants may say so too: nothing is hidden by it."""
    owners = list_at(part.value, "metadata", "ownerReferences")
    ours = (owner for owner in owners if text_at(owner, "apiVersion").startswith(f"{API_GROUP}/"))
    return text_at(part.value, "kind") in MADE_BY_KUBERAY and any(owner.get("controller") is True for owner in ours)


def _namespaces(objects: Objects) -> Set[str] | None:
    return {name_of(part.value) for part in objects.of(NAMESPACES)} or None


def _notes(objects: Objects, layer: Layer, *, generating: bool) -> Iterator[str]:
    # Kinds that open the network are there on some clusters alone.
    expected = [resource for resource in _kinds() if resource not in NETWORK_KINDS.resources]
    if absent := [resource.plural for resource in expected if not objects.serves(resource)]:
        yield f"the cluster has none of these: {', '.join(absent)}"
    if not generating:
        yield "no generating policy is installed, so no NetworkPolicies of RayClusters are expected"
    for namespace in layer.absent():
        yield f"there is no namespace {namespace}; create it, and apply the bundle"
    for namespace in sorted(layer.still_closed):
        yield (
            f"{namespace} is closed, and no tenant has it: while pods run there, list it in spec.retired; "
            "rayfence install removes its NetworkPolicies when there are none"
        )
    if not any(objects.serves(resource) for resource in engine_reports.REPORTS):
        yield "there are no Kyverno reports to compare with"
