"""The rules in Python over documents: what would be admitted, and every violation with its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from rayfence.model.config import Config, Enforcement, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.outcome import Finding, Result, Verdict
from rayfence.model.subjects import DELETE, NETWORK_POLICIES, RAY, UPDATE, Subject, subject_of
from rayfence.rules import NO_TENANT, OF
from rayfence.rules.rule import Violation
from rayfence.rules.shared import missing_submitter
from rayfence.workload import NOBODY, STORED, Malformed, Request, Workload, dig, misspelled, pod_of, template_of
from rayfence.yamlio import Document


class Evaluator:
    """The rules for one configuration. `request` is the default request for objects; a caller may give another one."""

    def __init__(self, config: Config, request: Request = NOBODY) -> None:
        self._platform = config.platform
        self._tenants = config.by_namespace()
        self._namespaces = tuple(self._tenants)
        self._request = request

    @property
    def tenant_label(self) -> str:
        """The label that says whose an object is."""
        return self._platform.tenant_label

    def tenant_of(self, namespace: str) -> Tenant | None:
        """The tenant of a namespace."""
        return self._tenants.get(namespace)

    def violations(self, value: dict[str, Any], request: Request | None = None) -> Iterator[Violation]:
        """Every broken rule of one object, in the rules' order. Raises Malformed where a list replaces a map."""
        request = request or self._request
        subject = subject_of(_text(value, "apiVersion"), _text(value, "kind"))
        work = Workload(value, request)
        tenant = self.tenant_of(work.namespace)
        if subject is None or self._untouched(value, subject, request):
            return
        if tenant is None:
            if subject is RAY:
                yield from NO_TENANT.violations(work, None, self._platform, self._namespaces)
            return
        for rule in OF[subject]:
            if rule.ID not in self._platform.disabled_rules:
                yield from (
                    missing_submitter.told(violation, work, tenant, self._platform)
                    for violation in rule.violations(work, tenant, self._platform)
                )

    def _untouched(self, value: dict[str, Any], subject: Subject, request: Request) -> bool:
        """Whether only other metadata changes, as when a finalizer is taken off an object older than the policy."""
        old = request.old
        if request.operation != UPDATE or old is None or subject is NETWORK_POLICIES:
            return False
        # A CiliumNetworkPolicy has its rules in `spec`, in `specs`, or in both.
        paths = (("spec",), ("specs",), ("metadata", "labels"), ("metadata", "annotations"))
        same = all(dig(value, *path) == dig(old, *path) for path in paths)
        # What an older version does not show looks unchanged, and is lost.
        whole = subject is not RAY or value.get("apiVersion") == STORED
        return same and whole and dig(value, "metadata") != dig(old, "metadata")

    def results(self, documents: Iterable[Document], namespace: str = "") -> Iterator[Result]:
        """One result for each object, the items of a `List` included; `namespace` is for those that name none."""
        for document in documents:
            for part in parts(document, namespace):
                yield self.result(part)

    def result(self, part: Part, request: Request | None = None) -> Result:
        """The verdict on one object, with every violation at its line."""
        api_version, kind = _text(part.value, "apiVersion"), _text(part.value, "kind")
        if not api_version or not kind:
            return part.error(part.path, "no Kubernetes object; write its apiVersion and kind")
        if wrong := misspelled(api_version, kind):
            field, what = wrong
            return part.error(part.path / field, what)
        tenant = self.tenant_of(part.namespace)
        try:
            asked, request = part.asked(request or self._request)
            if reason := self.not_judged(asked, request):
                return part.result(None, Verdict.NOT_JUDGED, reason=reason)
            found = self._findings(asked, request)
        except Malformed as error:
            return part.error(error.path, f"{error}; write a mapping there", tenant)
        return part.result(tenant, self.verdict(tenant, bool(found)), found)

    def _findings(self, asked: Part, request: Request) -> list[Finding]:
        try:
            found = self.violations(asked.value, request)
            return [asked.located(each.rule, each.path, each.message, each.about) for each in found]
        except Malformed as error:
            raise error.below(asked.path) from None

    def not_judged(self, asked: Part, request: Request) -> str:
        """Why no rule covers an object, '' if one does."""
        kind = _text(asked.value, "kind")
        subject = subject_of(_text(asked.value, "apiVersion"), kind)
        if subject is None:
            return f"no rule is about {_text(asked.value, 'apiVersion')} {kind}"
        if not asks(subject, request):
            return f"no rule is about {request.operation} of {kind}"
        if all(rule.ID in self._platform.disabled_rules for rule in OF[subject]):
            return f"the platform disables every rule about {kind}"
        if subject is RAY or self.tenant_of(asked.namespace):
            return ""
        return f"no tenant has namespace {asked.namespace}" if asked.namespace else f"this {kind} names no namespace"

    def verdict(self, tenant: Tenant | None, broken: bool) -> Verdict:
        """The verdict for a broken rule: under Audit and Warn the object is still admitted."""
        enforcement = tenant.enforcement if tenant else self._platform.enforcement
        return Verdict.DENY if broken and enforcement is Enforcement.ENFORCE else Verdict.ADMIT


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a document: the whole of it, an item of a `List` at `path`, or a pod that it becomes there."""

    document: Document
    path: FieldPath
    value: Any

    @property
    def namespace(self) -> str:
        """The namespace the object names, '' where it names none."""
        return _text(self.value, "metadata", "namespace")

    def asked(self, request: Request) -> tuple[Part, Request]:
        """The object that the rules evaluate: the object itself, or the pod that a workload becomes.

        A controller creates that pod, and its user is not known. Raises Malformed for a workload without a template.
        """
        path = template_of(self.value)
        if path is None or request.operation == DELETE:
            return self, request
        try:
            return Part(self.document, self.path + path, pod_of(self.value, path)), NOBODY
        except Malformed as error:
            raise error.below(self.path) from None

    def located(self, rule: str, path: FieldPath, message: str, about: FieldPath | None = None) -> Finding:
        """A violation at `path` of this object, with its line."""
        place, shown = self.path + path, self.path + about if about else FieldPath()
        return Finding(rule, str(place), self.document.line_of(shown or place), message, str(shown))

    def error(self, place: FieldPath, message: str, tenant: Tenant | None = None) -> Result:
        """No verdict, because of an error at a line of the document."""
        return replace(self.result(tenant, Verdict.ERROR, error=message), line=self._line(place))

    def result(
        self,
        tenant: Tenant | None,
        verdict: Verdict,
        found: Iterable[Finding] = (),
        *,
        error: str | None = None,
        reason: str | None = None,
    ) -> Result:
        """The object's own names with a verdict, and what was found in the order of its lines."""
        names = (_text(self.value, "kind"), self.namespace, _text(self.value, "metadata", "name"))
        whose, ordered = tenant.name if tenant else None, tuple(sorted(found, key=lambda finding: finding.line))
        return Result(self.document.file, self._line(self.path), *names, whose, verdict, ordered, error, reason)

    def _line(self, place: FieldPath) -> int:
        return self.document.line_of(place) if place else self.document.line


def asks(subject: Subject, request: Request) -> bool:
    """Whether policies cover this operation on objects of a subject."""
    return request.operation in subject.operations


def concerns_us(value: Any) -> bool:
    """Whether any rule covers an object, or the pods that it becomes."""
    subject = subject_of(_text(value, "apiVersion"), _text(value, "kind"))
    return (subject is not None and subject in OF) or template_of(value) is not None


def parts(document: Document, namespace: str = "") -> Iterator[Part]:
    """The objects of a document. Items of a `List` may leave out what its own kind says; `namespace` fills gaps."""
    for path, value in _flat(document.value, FieldPath()):
        yield Part(document, path, _placed(value, namespace) if namespace and concerns_us(value) else value)


def _flat(value: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    kind = _text(value, "kind")
    if not kind.endswith("List") or not isinstance(value.get("items"), list):
        yield path, value
        return
    given = {} if kind == "List" else {"apiVersion": value.get("apiVersion"), "kind": kind.removesuffix("List")}
    for index, item in enumerate(value["items"]):
        yield from _flat({**given, **item} if isinstance(item, dict) else item, path / "items" / index)


def _placed(value: dict[str, Any], namespace: str) -> dict[str, Any]:
    metadata = value.get("metadata")
    if (metadata is not None and not isinstance(metadata, dict)) or _text(value, "metadata", "namespace"):
        return value
    return {**value, "metadata": {**(metadata or {}), "namespace": namespace}}


def _text(value: Any, *keys: str) -> str:
    """A text in a manifest, '' where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""
