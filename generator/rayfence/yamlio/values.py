"""A composed document's nodes -> plain values, with aliases expanded, merge keys applied and keys made text."""

from __future__ import annotations

from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode

from rayfence.yamlio import scalars
from rayfence.yamlio.composing import PLAIN, QUOTED, Refused, garbage_left_alone
from rayfence.yamlio.mistakes import MAX_NESTING

_MERGE = object()
_OPEN = object()


class Values:
    """Makes the values of one file's documents.

    Every alias becomes a copy of its own, so that values can be changed without changing each other. All copies
    of a file together are bounded by the file's length: a file cannot grow much beyond it by naming itself.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._spare = max(100_000, len(text))
        self._made: dict[int, Any] = {}

    def of(self, root: Node) -> Any:
        """The value of one document. Raises Refused."""
        self._made = {}
        with garbage_left_alone():
            return self._value(root)

    def _value(self, node: Node) -> Any:
        if type(node) is ScalarNode:
            return node.value if node.tag == QUOTED else self._scalar(node)
        made, identity = self._made, id(node)
        if identity in made:
            return self._copy(made[identity], node, MAX_NESTING)
        made[identity] = _OPEN
        value: list[Any] | dict[str, Any]
        if type(node) is SequenceNode:
            value = [self._value(item) for item in node.value]
        else:
            value = {}
            for key_node, value_node in node.value:
                key = self._key(key_node)
                if key is _MERGE:
                    self._merge(value, value_node)
                else:
                    value[key] = self._value(value_node)
            if len(value) != len(node.value):
                self._refuse_duplicates(node)
        made[identity] = value
        return value

    def _scalar(self, node: ScalarNode) -> scalars.Scalar:
        text: str = node.value
        try:
            if node.tag != PLAIN:
                return scalars.tagged(node.tag, text)
            if text and text[0] not in scalars.HINTS:
                return text
            value = scalars.plain(text)
        except ValueError as error:
            raise Refused(node, str(error)) from None
        return value if type(value) is str or not self._has_bare_tag(node) else text

    def _has_bare_tag(self, node: ScalarNode) -> bool:
        """`! 5` is text to Kubernetes; libyaml drops that tag, and only the source still shows it."""
        return "!" in self._text[node.start_mark.index : node.end_mark.index]

    def _key(self, node: Node) -> Any:
        if type(node) is not ScalarNode:
            raise Refused(node, "a key is a list or a mapping; write text")
        text: str = node.value
        if node.tag == QUOTED:
            return text
        if text == "<<" and node.tag == PLAIN:
            return _MERGE
        if node.tag == PLAIN and text and text[0] not in scalars.HINTS:
            return text
        try:
            return scalars.key(self._scalar(node))
        except ValueError as error:
            raise Refused(node, str(error)) from None

    def _merge(self, into: dict[str, Any], node: Node) -> None:
        """Kubernetes lets the later of `<<` and a key win; of several merged mappings the first wins."""
        for source in reversed(node.value) if type(node) is SequenceNode else (node,):
            if type(source) is not MappingNode:
                raise Refused(source, "`<<` merges what is no mapping; name an anchor of a mapping")
            into.update(self._value(source))

    def _copy(self, value: Any, node: Node, levels: int) -> Any:
        if value is _OPEN:
            raise Refused(node, "an alias stands inside the very value that it names; write the value out")
        self._spare -= 1
        if self._spare < 0:
            raise Refused(node, "aliases blow this file up beyond any use; write the values out")
        if levels == 0:
            raise Refused(node, f"aliases nest more than {MAX_NESTING} levels; write the values out")
        match value:
            case dict():
                return {key: self._copy(item, node, levels - 1) for key, item in value.items()}
            case list():
                return [self._copy(item, node, levels - 1) for item in value]
            case _:
                return value

    def _refuse_duplicates(self, node: Node) -> None:
        lines: dict[str, int] = {}
        for key_node, _ in node.value:
            key, line = self._key(key_node), key_node.start_mark.line + 1
            if key is not _MERGE and key in lines:
                raise Refused(key_node, f'"{key}" is written twice, on lines {lines[key]} and {line}; keep one')
            lines[key] = line
