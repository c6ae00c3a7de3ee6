"""Checks across documents: unique names, one tenant per namespace, one Platform."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.tenants.messages import quoted
from rayfence.tenants.problems import Diagnostics
from rayfence.tenants.reserved import why_reserved
from rayfence.yamlio import Document

_NAME = FieldPath.of("metadata", "name")
_KIND = FieldPath.of("kind")
_FILES = ("kustomization", "retired")
"""Files of the bundle that are in the same folder as those of tenants."""

_OWN = "write a namespace of the tenant's own"


class Claim(NamedTuple):
    """A namespace, the tenant that names it, and where."""

    namespace: str
    tenant: str
    document: Document
    path: FieldPath

    @property
    def place(self) -> str:
        """The file and line of the claim."""
        return f"{self.document.file}:{self.document.line_of(self.path)}"


def owners(documents: Sequence[Document]) -> dict[str, Claim]:
    """Each namespace with the first document that claims it. Takes documents of any structure."""
    first: dict[str, Claim] = {}
    for document in documents:
        for claim in _claims(document):
            first.setdefault(claim.namespace, claim)
    return first


def check(document: Document, owners: dict[str, Claim], platform: Platform, diagnostics: Diagnostics) -> None:
    """Reports namespaces that another tenant has, or that are reserved."""
    for claim in _claims(document):
        owner = owners[claim.namespace]
        if owner.document is not document:
            taken = f"{quoted(claim.namespace)} already belongs to {owner.tenant} ({owner.place})"
            diagnostics.add(claim.path, f"{taken}; give it to one tenant")
        if reserved := why_reserved(claim.namespace, platform):
            diagnostics.add(claim.path, f"{quoted(claim.namespace)} is reserved, {reserved}; {_OWN}")
    _check_retired(document, owners, platform, diagnostics)


def _check_retired(document: Document, owners: dict[str, Claim], platform: Platform, diagnostics: Diagnostics) -> None:
    """Reports retired namespaces that a tenant has, or that are reserved."""
    for namespace, path in _retired(document):
        owner, reserved = owners.get(namespace), why_reserved(namespace, platform)
        if owner is not None:
            taken = f"{quoted(namespace)} belongs to {owner.tenant} ({owner.place}), and would be closed"
            diagnostics.add(path, f"{taken}; remove it from spec.retired, or from that tenant")
        if reserved:
            diagnostics.add(path, f"{quoted(namespace)} is reserved, {reserved}; write a namespace that was a tenant's")


def check_names(all_complaints: Sequence[Diagnostics]) -> None:
    """Two Platforms, two tenants with one name, and names that the bundle's files cannot have."""
    platform: Document | None = None
    names: dict[str, Document] = {}
    for diagnostics in all_complaints:
        document = diagnostics.document
        match _kind_and_name(document):
            case "Platform", _:
                if platform is not None:
                    place = f"{platform.file}:{platform.line_of(_KIND)}"
                    diagnostics.add(_KIND, f"there is a Platform already ({place}); keep one")
                platform = platform or document
            case "Tenant", str(name):
                _check_name(name, names.get(name.casefold()), diagnostics)
                names.setdefault(name.casefold(), document)


def _check_name(name: str, other: Document | None, diagnostics: Diagnostics) -> None:
    if name.casefold() in _FILES:
        diagnostics.add(_NAME, f"{quoted(name)} is the name of a file of the bundle; write another name")
    if other is None:
        return
    place = f"{other.file}:{other.line_of(_NAME)}"
    other_name = other.value["metadata"]["name"]
    if name == other_name:
        diagnostics.add(_NAME, f"{quoted(name)} is the name of another tenant ({place}); write another name")
    else:
        clash = f"{quoted(name)} is the name of tenant {other_name} ({place}) but for upper and lower case"
        diagnostics.add(_NAME, f"{clash}, and their files would be one; write another name")


def _claims(document: Document) -> Iterator[Claim]:
    kind, name = _kind_and_name(document)
    namespaces = _field(_field(document.value, "spec"), "namespaces")
    if kind != "Tenant" or not isinstance(namespaces, list):
        return
    tenant = name if isinstance(name, str) else "another tenant"
    for index, namespace in enumerate(namespaces):
        if isinstance(namespace, str):
            yield Claim(namespace, tenant, document, FieldPath.of("spec", "namespaces", index))


def _retired(document: Document) -> Iterator[tuple[str, FieldPath]]:
    kind, _ = _kind_and_name(document)
    namespaces = _field(_field(document.value, "spec"), "retired")
    if kind == "Platform" and isinstance(namespaces, list):
        found = ((each, FieldPath.of("spec", "retired", index)) for index, each in enumerate(namespaces))
        yield from ((namespace, path) for namespace, path in found if isinstance(namespace, str))


def _kind_and_name(document: Document) -> tuple[Any, Any]:
    return _field(document.value, "kind"), _field(_field(document.value, "metadata"), "name")


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
