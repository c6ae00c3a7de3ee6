"""YAML text -> one tree of PyYAML's nodes per document, composed in C."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from yaml import Node
from yaml.composer import Composer
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.scanner import Scanner

from rayfence.yamlio.mistakes import MAX_NESTING, TOO_DEEP


class SlowParser(Reader, Scanner, Parser, Composer):
    """PyYAML's parser in pure Python, for an installation without libyaml.

    It needs the same three hooks as the C parser: `resolve`, `descend_resolver` and `ascend_resolver`.
    """

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)


try:
    from yaml._yaml import CParser as _Parser
except ImportError:  # PyYAML without libyaml: slower, the same otherwise
    _Parser = SlowParser  # type: ignore[assignment, misc]

# The tags of scalars that carry none of their own.
PLAIN, QUOTED = "plain", "quoted"


class Refused(Exception):
    """Well-formed YAML that is not accepted: the line at fault (1-based) and the problem."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1


class _Composer(_Parser):
    """PyYAML's composer with its resolver left out, and with a bound on nesting.

    The two `resolver` hooks are called once per node on the way down and up. Without the bound the C code would
    recurse until the process dies.
    """

    depth = 0

    def resolve(self, kind: type[Node], text: str | None, implicit: Any) -> str:
        """A scalar's tag: PLAIN or QUOTED. Those of collections are not used."""
        return PLAIN if text is None or implicit[0] else QUOTED

    def descend_resolver(self, parent: Node | None, index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_NESTING:
            assert parent is not None
            raise Refused(parent, TOO_DEEP)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def compose(text: str) -> Iterator[Node]:
    """One tree per document. Raises Refused and yaml.YAMLError where the text cannot be read on."""
    composer = _Composer(text)
    try:
        while composer.check_node():
            with garbage_left_alone():
                node = composer.get_node()
            assert node is not None
            yield node
    finally:
        composer.dispose()


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """Nodes make no garbage, but the search for it among a million of them takes ten times as long as composing."""
    searching = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searching:
            gc.enable()
