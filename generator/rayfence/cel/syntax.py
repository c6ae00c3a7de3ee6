"""Reads a CEL expression: its tokens, and the tree of its operations, as far as laying it out needs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_STRING = r"""(?:'(?:[^'\\\r\n]|\\.)*'|"(?:[^"\\\r\n]|\\.)*")"""
_RAW_STRING = r"""[bB]?[rR][bB]?(?:'[^'\r\n]*'|"[^"\r\n]*")"""
_NUMBER = r"0[xX][0-9a-fA-F]+[uU]?|(?:\d+\.\d+|\.\d+|\d+(?=[eE]))(?:[eE][+-]?\d+)?|\d+[uU]?"
_TOKEN = re.compile(
    rf"""\s*(?:(?P<long>[bBrR]{{0,2}}(?:'''|\"\"\")|//)|(?P<token>{_RAW_STRING}|[bB]?{_STRING}|{_NUMBER}|`[^`\r\n]+`"""
    r"|[A-Za-z_]\w*|&&|\|\||==|!=|<=|>=|\.\?|[-+*/%<>!?:.,()\[\]{}]))",
    re.DOTALL,
)

_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_COMPARISONS = 2
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_NEVER = 10**9
"""The width of what never stands on one line."""


class NotCel(ValueError):
    """The text is no expression, or holds what none here may: comments, and strings over several lines."""


def tokens(expression: str) -> tuple[str, ...]:
    """The tokens of an expression, without the white space between them. Raises NotCel."""
    return tuple(_tokens(expression))


def _tokens(expression: str) -> Iterator[str]:
    at, end = 0, len(expression.rstrip())
    while at < end:
        found = _TOKEN.match(expression, at)
        if not found or found["long"]:
            raise NotCel(f"no token of CEL begins at {expression[at : at + 20]!r}")
        yield found["token"]
        at = found.end()


@dataclass(frozen=True)
class Word:
    """One token, or a name that is selected: `.name`, `.?name`."""

    flat: str

    @property
    def width(self) -> int:
        """Characters on one line."""
        return len(self.flat)


@dataclass(frozen=True)
class Unary:
    """`!x` or `-x`."""

    operator: str
    operand: Node

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        return self.operator + self.operand.flat

    @property
    def width(self) -> int:
        """Characters on one line."""
        return len(self.operator) + self.operand.width


@dataclass(frozen=True)
class Binary:
    """Operands with operators of one precedence between them."""

    operands: tuple[Node, ...]
    operators: tuple[str, ...]
    compares: bool

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        rest = zip(self.operators, self.operands[1:], strict=True)
        return self.operands[0].flat + "".join(f" {operator} {operand.flat}" for operator, operand in rest)

    @cached_property
    def width(self) -> int:
        """Characters on one line."""
        return sum(each.width for each in self.operands) + sum(len(each) + 2 for each in self.operators)


@dataclass(frozen=True)
class Ternary:
    """`condition ? value : …`, as many of them as follow each other, and what is left."""

    arms: tuple[tuple[Node, Node], ...]
    otherwise: Node

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        return "".join(f"{asked.flat} ? {value.flat} : " for asked, value in self.arms) + self.otherwise.flat

    @cached_property
    def width(self) -> int:
        """Characters on one line."""
        return sum(asked.width + value.width + len(" ?  : ") for asked, value in self.arms) + self.otherwise.width


@dataclass(frozen=True)
class Entry:
    """`key: value`, of a map or a message."""

    key: Node
    value: Node

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        return f"{self.key.flat}: {self.value.flat}"

    @property
    def width(self) -> int:
        """Characters on one line."""
        return self.key.width + 2 + self.value.width


@dataclass(frozen=True)
class Bracket:
    """A list, a map, arguments, an index or parentheses. `bound`: items at the front that a macro gives names to."""

    opening: str
    items: tuple[Node, ...]
    trailing: bool = False
    bound: int = 0

    @property
    def closing(self) -> str:
        """The other bracket."""
        return _CLOSING[self.opening]

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        items = ", ".join(item.flat for item in self.items)
        return f"{self.opening}{items}{',' if self.trailing else ''}{self.closing}"

    @cached_property
    def width(self) -> int:
        """Characters on one line; a table has a line for each row, however short it is."""
        between = 2 * max(len(self.items) - 1, 0) + self.trailing
        return _NEVER if self.is_table else 2 + between + sum(item.width for item in self.items)

    @cached_property
    def is_table(self) -> bool:
        """Whether it is a map from texts to texts, or to lists of texts."""
        entries = [item for item in self.items if isinstance(item, Entry)]
        return self.opening == "{" and bool(entries) and all(_is_text(e.key) and _is_text(e.value) for e in entries)


@dataclass(frozen=True)
class Member:
    """A value and what is selected from it, or called on it, in order."""

    pieces: tuple[Node, ...]

    @cached_property
    def flat(self) -> str:
        """All of it on one line."""
        return "".join(piece.flat for piece in self.pieces)

    @cached_property
    def width(self) -> int:
        """Characters on one line."""
        return sum(piece.width for piece in self.pieces)

    def chain(self) -> tuple[tuple[Node, ...], list[tuple[Node, ...]]]:
        """The pieces up to the first method that is called, and those from each method up to the next."""
        starts = [
            number
            for number, (piece, following) in enumerate(zip(self.pieces, self.pieces[1:], strict=False))
            if piece.flat.startswith(".") and isinstance(following, Bracket) and following.opening == "("
        ]
        ends = [*starts[1:], len(self.pieces)]
        return self.pieces[: starts[0] if starts else None], [
            self.pieces[start:end] for start, end in zip(starts, ends, strict=bool(starts))
        ]


Node = Word | Unary | Binary | Ternary | Entry | Bracket | Member


def _is_text(node: Node) -> bool:
    """Whether a node is a text, several put together, or a list of some."""
    if isinstance(node, Binary):
        return all(map(_is_text, node.operands))
    if isinstance(node, Bracket):
        return node.opening in "([" and all(map(_is_text, node.items))
    return isinstance(node, Word) and node.flat[-1] in "'\""


def parsed(expression: str) -> Node:
    """The tree of an expression. Raises NotCel."""
    parser = _Parser(tokens(expression))
    node = parser.expression()
    parser.take("")
    return node


def flat(expression: str) -> str:
    """The expression on one line, however it was laid out. Raises NotCel."""
    return parsed(expression).flat


class _Parser:
    def __init__(self, found: tuple[str, ...]) -> None:
        self._tokens = (*found, "")
        self._at = 0

    def expression(self) -> Node:
        arms = []
        node = self._operation(0)
        while self._has("?"):
            value = self._operation(0)
            self.take(":")
            arms.append((node, value))
            node = self._operation(0)
        return Ternary(tuple(arms), node) if arms else node

    def take(self, token: str) -> None:
        if not self._has(token):
            raise NotCel(
                f"{token or 'the end'!r} is missing before {' '.join(self._tokens[self._at : self._at + 5])!r}"
            )

    def _has(self, token: str) -> bool:
        """Whether this token comes next, which is then read."""
        found = self._tokens[self._at] == token
        self._at += found
        return found

    def _next(self) -> str:
        token = self._tokens[self._at]
        self._at += 1
        return token

    def _operation(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        operands, operators = [self._operation(level + 1)], []
        while self._tokens[self._at] in _LEVELS[level]:
            operators.append(self._next())
            operands.append(self._operation(level + 1))
        if not operators:
            return operands[0]
        return Binary(tuple(operands), tuple(operators), level == _COMPARISONS)

    def _unary(self) -> Node:
        if self._tokens[self._at] in ("!", "-"):
            return Unary(self._next(), self._unary())
        return self._member()

    def _member(self) -> Node:
        pieces: list[Node] = [self._primary()]
        while (token := self._tokens[self._at]) in (".", ".?", "[", "(", "{"):
            if token in (".", ".?"):
                pieces.append(Word(self._next() + self._name()))
            elif token != "[" and not isinstance(pieces[-1], Word):
                break
            else:
                bracket = self._bracket()
                bound = _bound(bracket) if token == "(" and pieces[-1].flat.startswith(".") else 0
                pieces.append(Bracket(token, bracket.items, bracket.trailing, bound))
        return Member(tuple(pieces)) if len(pieces) > 1 else pieces[0]

    def _primary(self) -> Node:
        token = self._tokens[self._at]
        if token in _CLOSING:
            return self._bracket()
        if token == ".":
            return Word(self._next() + self._name())
        if token == "in" or not re.match(r"[\w'\"`]|\.\d", token):
            raise NotCel(f"{token or 'the end'!r} stands where a value is wanted")
        return Word(self._next())

    def _name(self) -> str:
        if not re.match(r"[A-Za-z_`]", self._tokens[self._at]):
            raise NotCel(f"{self._tokens[self._at] or 'the end'!r} stands where a name is wanted")
        return self._next()

    def _bracket(self) -> Bracket:
        opening, trailing = self._next(), False
        items: list[Node] = []
        while not self._has(_CLOSING[opening]):
            if items and not trailing:
                raise NotCel(f"{self._tokens[self._at] or 'the end'!r} stands where a comma is wanted")
            items.append(self._item(opening))
            trailing = self._has(",")
        if trailing and opening == "(":
            raise NotCel("a comma stands behind the last argument")
        return Bracket(opening, tuple(items), trailing)

    def _item(self, opening: str) -> Node:
        optional = self._has("?")
        node = self.expression()
        node = Unary("?", node) if optional else node
        if opening != "{":
            return node
        self.take(":")
        return Entry(node, self.expression())


def _bound(arguments: Bracket) -> int:
    """How many arguments at the front are names, at most all but the last."""
    names = [isinstance(item, Word) and item.flat.isidentifier() for item in arguments.items[:-1]]
    return (*names, False).index(False)
