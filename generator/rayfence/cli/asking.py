"""The admission request that `rayfence check` evaluates for each object: operation, user and old object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from rayfence.admission.evaluate import Part, parts
from rayfence.cli import manifests
from rayfence.cli.exits import refusal
from rayfence.cluster.objects import name_of, text_at
from rayfence.model.subjects import CREATE, UPDATE, subject_of
from rayfence.workload import Request
from rayfence.yamlio import Document, Problem

CONSEQUENCE = "nothing was checked"

Key = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """Options of the command line: user, operation, and the file with the old objects ('' for none)."""

    username: str
    operation: str
    old: str
    namespace: str


def asked(username: str, operation: str | None, old: str | None, namespace: str) -> RequestOptions:
    """The options, checked. An old object means an update. Raises UsageError for what does not go together."""
    operation = operation or (UPDATE if old else CREATE)
    if operation == UPDATE and not old:
        raise click.UsageError("--operation UPDATE needs --old FILE: the answer depends on the object as it was")
    if operation == CREATE and old:
        raise click.UsageError("--operation CREATE has no --old: a new object was nothing before")
    return RequestOptions(username, operation, old or "", namespace)


def asking(options: RequestOptions, documents: Iterable[Document | Problem]) -> Callable[[Part], Request]:
    """The request for each object of the documents. Raises WrongInput if the old object of one is not found."""
    if options.operation == CREATE:
        request = Request(options.username)
        return lambda part: request
    new = [part for document in documents if isinstance(document, Document) for part in _changed(document, options)]
    olds = _OldObjects(options, alone=len(new) == 1) if options.old else None
    if olds and (missing := [olds.problem(part) for part in new if olds.of(part) is None]):
        raise refusal(missing, CONSEQUENCE)

    def request_of(part: Part) -> Request:
        # What is deleted is what is there.
        old = olds.of(part) if olds else part.value
        return Request(options.username, (), options.operation, old)

    return request_of


class _OldObjects:
    """The objects of the file, by what no two have in common. Raises WrongInput for a file that cannot be read."""

    def __init__(self, options: RequestOptions, *, alone: bool) -> None:
        self._file = options.old
        read = list(manifests.documents(manifests.files([options.old])))
        if problems := [each for each in read if isinstance(each, Problem)]:
            raise refusal(problems, CONSEQUENCE)
        found = [part for each in read if isinstance(each, Document) for part in _changed(each, options)]
        self._found = {_key(part): part.value for part in found}
        # One object and a file with one object belong together where a name or a namespace is left out.
        self._only = found[0] if alone and len(found) == 1 else None

    def of(self, part: Part) -> Any:
        """The object as it was, None where the file has none."""
        if self._only and _may_be_one(_key(self._only), _key(part)):
            return self._only.value
        return self._found.get(_key(part))

    def problem(self, part: Part) -> Problem:
        """The problem that the file does not contain the old object."""
        name = "/".join(word for word in (part.namespace, text_at(part.value, "kind"), name_of(part.value)) if word)
        line = part.document.line_of(part.path)
        return Problem(part.document.file, line, f"{self._file} has no {name}; add the object as it was")


def _may_be_one(old: Key, new: Key) -> bool:
    """Whether two keys may be of one object: an update changes neither name nor namespace, but a file may lack them."""
    return old[:2] == new[:2] and all(
        before in ("", after) or not after for before, after in zip(old, new, strict=True)
    )


def _changed(document: Document, options: RequestOptions) -> Sequence[Part]:
    """The objects of a document that have rules of their own."""
    return [part for part in parts(document, options.namespace) if _is_judged(part)]


def _is_judged(part: Part) -> bool:
    return subject_of(text_at(part.value, "apiVersion"), text_at(part.value, "kind")) is not None


def _key(part: Part) -> Key:
    """Group, kind, namespace and name: the version may be another."""
    group = text_at(part.value, "apiVersion").rpartition("/")[0]
    return group, text_at(part.value, "kind"), part.namespace, name_of(part.value)
