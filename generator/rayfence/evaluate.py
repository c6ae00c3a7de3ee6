"""The rules in Python over documents: what would be admitted, and every violation with its file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rayfence.config import Config, Enforcement, Tenant
from rayfence.outcome import Finding, Result, Verdict
from rayfence.path import Path
from rayfence.rules import OF, restrict_namespace
from rayfence.rules.rule import Violation
from rayfence.subjects import NETWORK_POLICIES, RAY, UPDATE, Subject, subject_of
from rayfence.workload import NOBODY, STORED, Malformed, Request, Workload, dig
from rayfence.yamlio import Document


class Judge:
    """The rules for one configuration, for objects that are all asked for in the same way."""

    def __init__(self, config: Config, request: Request = NOBODY) -> None:
        self._platform = config.platform
        self._tenants = config.by_namespace()
        self._request = request

    @property
    def tenant_label(self) -> str:
        """The label that says whose an object is."""
        return self._platform.tenant_label

    def tenant_of(self, namespace: str) -> Tenant | None:
        """Whose a namespace is."""
        return self._tenants.get(namespace)

    def violations(self, value: dict[str, Any]) -> Iterator[Violation]:
        """Every broken rule of one object, in the rules' order. Raises Malformed where a list stands for a map."""
        subject = subject_of(_text(value, "apiVersion"), _text(value, "kind"))
        work = Workload(value, self._request)
        tenant = self.tenant_of(work.namespace)
        if subject is None or self._untouched(value, subject):
            return
        if tenant is None:
            yield from restrict_namespace.violations(work, None, self._platform) if subject is RAY else ()
            return
        for rule in OF[subject]:
            if rule.ID not in self._platform.disabled_rules:
                yield from rule.violations(work, tenant, self._platform)

    def _untouched(self, value: dict[str, Any], subject: Subject) -> bool:
        """Whether only other metadata changes, as when a finalizer is taken off an object older than the policy."""
        old = self._request.old
        if self._request.operation != UPDATE or old is None or subject is NETWORK_POLICIES:
            return False
        paths = (("spec",), ("metadata", "labels"), ("metadata", "annotations"))
        same = all(dig(value, *path) == dig(old, *path) for path in paths)
        # What an older version does not show looks unchanged, and is lost.
        whole = subject is not RAY or value.get("apiVersion") == STORED
        return same and whole and dig(value, "metadata") != dig(old, "metadata")

    def results(self, documents: Iterable[Document], namespace: str = "") -> Iterator[Result]:
        """One result for each object, the items of a `List` included; `namespace` is for those that name none."""
        for document in documents:
            for part in parts(document, namespace):
                yield self.result(part)

    def result(self, part: Part) -> Result:
        """The verdict on one object, with every violation at its line."""
        if not _text(part.value, "apiVersion") or not _text(part.value, "kind"):
            return part.result(None, Verdict.ERROR, error="no Kubernetes object; write its apiVersion and kind")
        if not concerns_us(part.value):
            return part.result(None, Verdict.ADMIT)
        tenant = self.tenant_of(part.namespace)
        try:
            found = tuple(
                part.located(violation.rule, violation.path, violation.message)
                for violation in self.violations(part.value)
            )
        except Malformed as error:
            return part.result(tenant, Verdict.ERROR, error=f"{error}; write a mapping there")
        return part.result(tenant, self.verdict(tenant, bool(found)), found)

    def verdict(self, tenant: Tenant | None, broken: bool) -> Verdict:
        """What a broken rule means: under Audit and Warn an object is admitted all the same."""
        enforcement = tenant.enforcement if tenant else self._platform.enforcement
        return Verdict.DENY if broken and enforcement is Enforcement.ENFORCE else Verdict.ADMIT


@dataclass(frozen=True, slots=True)
class Part:
    """One object of a document: the whole of it, or an item of a `List` at `path`."""

    document: Document
    path: Path
    value: Any

    @property
    def namespace(self) -> str:
        """The namespace the object names, '' where it names none."""
        return _text(self.value, "metadata", "namespace")

    def located(self, rule: str, path: Path, message: str) -> Finding:
        """A violation at `path` of this object, with its line."""
        return Finding(rule, str(self.path + path), self.document.line_of(self.path + path), message)

    def result(
        self, tenant: Tenant | None, verdict: Verdict, found: tuple[Finding, ...] = (), error: str | None = None
    ) -> Result:
        """The object's own names beside a verdict."""
        line = self.document.line_of(self.path) if self.path else self.document.line
        names = (_text(self.value, "kind"), self.namespace, _text(self.value, "metadata", "name"))
        return Result(self.document.file, line, *names, tenant.name if tenant else None, verdict, found, error)


def concerns_us(value: Any) -> bool:
    """Whether any rule speaks of an object."""
    subject = subject_of(_text(value, "apiVersion"), _text(value, "kind"))
    return subject is not None and subject in OF


def parts(document: Document, namespace: str = "") -> Iterator[Part]:
    """The objects of a document. Items of a `List` may leave out what its own kind says; `namespace` fills gaps."""
    for path, value in _flat(document.value, Path()):
        yield Part(document, path, _placed(value, namespace) if namespace and concerns_us(value) else value)


def _flat(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
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
