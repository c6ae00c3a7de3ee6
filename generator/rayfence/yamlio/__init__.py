"""Reads YAML text into documents that know the line of each value, and writes values as YAML text.

Scalars have the meaning that they have in Kubernetes. Text that cannot be read becomes a Problem, never an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from rayfence.model.field_path import FieldPath
from rayfence.yamlio.composing import Refused, compose
from rayfence.yamlio.mistakes import explain
from rayfence.yamlio.places import Nowhere, Source
from rayfence.yamlio.values import Values
from rayfence.yamlio.writing import dump, flow

__all__ = ["Document", "Problem", "dump", "flow", "read", "unwritten"]

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file. `line` is 1-based; 0 where no line is to blame."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document. `line` is the first of its content; `value` is what JSON knows, and the reader's own."""

    file: str
    line: int
    value: Any
    _source: Source | Nowhere = field(repr=False, compare=False)

    def line_of(self, path: FieldPath) -> int:
        """The line of the key or item that `path` names, or of its nearest existing ancestor."""
        return self._source.line_of(path)

    def written(self, path: FieldPath) -> str | None:
        """The text of the scalar at `path` as it was written, without quotes: `no` where the value is False."""
        return self._source.written(path)


def unwritten(value: Any) -> Document:
    """A value that is in no file: its file is '', and every line is 0."""
    return Document("", 0, value, Nowhere())


def read(text: str | bytes, file: str) -> Iterator[Document | Problem]:
    """The documents of one file, one at a time; empty ones and those that are `null` are left out.

    A document that cannot be used is one Problem. After a mistake in the YAML itself nothing more is read.
    """
    readable, unreadable = _readable(text, file)
    try:
        yield from _documents(readable, file)
    except Refused as refused:
        unreadable = Problem(file, refused.line, str(refused))
    except yaml.YAMLError as error:
        unreadable = Problem(file, *explain(error, readable))
    if unreadable is not None:
        yield unreadable


def _documents(text: str, file: str) -> Iterator[Document | Problem]:
    values, before = Values(text), None
    for root in compose(text):
        try:
            value = values.of(root)
        except Refused as refused:
            yield Problem(file, refused.line, str(refused))
        else:
            if value is not None:
                yield Document(file, root.start_mark.line + 1, value, Source(text, before, root))
        before = root.end_mark


def _readable(text: str | bytes, file: str) -> tuple[str, Problem | None]:
    """The documents before the first character that YAML forbids, and the problem with that one."""
    text, undecodable = _decoded(text) if isinstance(text, bytes) else (text, "")
    text = text.removeprefix("\ufeff")
    if forbidden := _FORBIDDEN.search(text):
        message = f"the character U+{ord(forbidden[0]):04X} cannot stand in YAML; remove it"
        return _before(text, forbidden.start(), file, message)
    return _before(text, len(text), file, undecodable) if undecodable else (text, None)


def _decoded(encoded: bytes) -> tuple[str, str]:
    """The text up to the first byte that is not UTF-8, and what is wrong with that one."""
    try:
        return encoded.decode("utf-8"), ""
    except UnicodeDecodeError as error:
        wrong = f"byte 0x{encoded[error.start]:02x} is not UTF-8; save the file as UTF-8"
        return encoded[: error.start].decode("utf-8"), wrong


def _before(text: str, position: int, file: str, message: str) -> tuple[str, Problem]:
    line = text.count("\n", 0, position) + 1
    return text[: text.rfind("\n---", 0, position) + 1], Problem(file, line, message)
