"""Finds the line of a file where the value at a path was written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from yaml import MappingNode, Mark, Node, ScalarNode, SequenceNode

from rayfence.model.field_path import FieldPath
from rayfence.yamlio import scalars
from rayfence.yamlio.composing import PLAIN, compose

_DOCUMENT_END = re.compile(r"^[.]{3}", re.MULTILINE)


class Source:
    """The text of one document, composed a second time when a line is requested.

    Few documents need lines. Keeping the nodes of all would take four times the time and memory of reading them.
    """

    __slots__ = ("_before", "_composed", "_end", "_start", "_text")

    def __init__(self, text: str, before: Mark | None, root: Node) -> None:
        """`before` is where the document before this one ended."""
        self._text, self._before = text, before
        self._start: int = root.start_mark.index
        self._end: int = root.end_mark.index
        self._composed: Node | None = None

    def line_of(self, path: FieldPath) -> int:
        """The 1-based line of the key or item that `path` names, or of its nearest existing ancestor."""
        *_, (place, _) = _way(self._root, path)
        return self._lines_before + int(place.start_mark.line) + 1

    def written(self, path: FieldPath) -> str | None:
        """The text of the scalar at `path`, without its quotes; None where no scalar is."""
        *_, last = steps = list(_way(self._root, path))
        found = last[1] if len(steps) == len(path) + 1 else None
        return str(found.value) if isinstance(found, ScalarNode) else None

    @property
    def _lines_before(self) -> int:
        return self._before.line if self._before else 0

    @property
    def _root(self) -> Node:
        if self._composed is None:
            # What stands between two documents: `---`, `...`, comments, directives.
            head = self._text[self._before.index if self._before else 0 : self._start]
            alone = _DOCUMENT_END.sub("   ", head) + self._text[self._start : self._end]
            self._composed = next(compose(alone))
        return self._composed


class Nowhere:
    """In a Source's place for what was never written in a file, such as an answer of the API server."""

    __slots__ = ()

    def line_of(self, path: FieldPath) -> int:
        """There is no line."""
        return 0

    def written(self, path: FieldPath) -> str | None:
        """There is no text."""
        return None


def _way(root: Node, path: FieldPath) -> Iterator[tuple[Node, Node]]:
    """From the root down, as far as `path` exists: the node whose line counts, and the value there."""
    yield root, root
    value = root
    for step in path:
        found = _below(value, step)
        if found is None:
            return
        yield found
        value = found[1]


def _below(node: Node, step: str | int) -> tuple[Node, Node] | None:
    if isinstance(node, SequenceNode) and isinstance(step, int):
        return (node.value[step], node.value[step]) if 0 <= step < len(node.value) else None
    if not isinstance(node, MappingNode):
        return None
    for key, value in reversed(node.value):
        if key.value == "<<" and key.tag == PLAIN:
            sources = value.value if isinstance(value, SequenceNode) else [value]
            merged = next((found for source in sources if (found := _below(source, step))), None)
            if merged is not None:
                return merged
        elif step in (key.value, _as_json(key)):
            return key, value
    return None


def _as_json(key: ScalarNode) -> str:
    """A key as the values have it: `yes` is `true`, `0x10` is `16`."""
    odd = key.tag == PLAIN and key.value[:1] in scalars.HINTS
    return scalars.key(scalars.plain(key.value)) if odd else str(key.value)
