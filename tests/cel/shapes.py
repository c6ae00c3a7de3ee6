"""What shape the values of a CEL expression have: the fields of its records, and how many lists they stand in.

Only as far as records go: literal maps, lists, `+`, `?:`, selection and the macros. All else has no known shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce

from rayfence.cel.context import Record, Type
from rayfence.cel.syntax import Binary, Bracket, Entry, Member, Node, Ternary, Unary, Word, parsed


@dataclass(frozen=True)
class Nothing:
    """What is in an empty list; it goes with everything."""


@dataclass(frozen=True)
class Listed:
    of: Shape


@dataclass(frozen=True)
class Fields:
    """A map with these keys. Of several such maps in one list it has the keys that all of them have."""

    by_name: tuple[tuple[str, Shape], ...]

    @property
    def names(self) -> set[str]:
        return {name for name, _ in self.by_name}

    def get(self, name: str) -> Shape:
        return dict(self.by_name)[name]


Shape = Nothing | Listed | Fields | None
"""None where the shape is not known."""

_BINDS = {
    **dict.fromkeys(("map", "filter", "exists", "all", "exists_one", "existsOne", "optMap", "optFlatMap"), 1),
    **dict.fromkeys(("transformList", "transformMap", "transformMapEntry"), 2),
}


def shape_of(declared: Type) -> Shape:
    """The shape that a declaration promises."""
    found: Shape = _fields(declared.record) if declared.record else None
    if found is None:
        return None
    for _ in range(declared.lists):
        found = Listed(found)
    return found


def _fields(record: Record) -> Fields:
    return Fields(tuple((each.name, shape_of(each.type)) for each in record.fields))


def joined(one: Shape, other: Shape) -> Shape:
    """What can be said of a value that is one or the other."""
    match one, other:
        case Nothing(), _:
            return other
        case _, Nothing():
            return one
        case Listed(a), Listed(b):
            return Listed(joined(a, b))
        case Fields(a), Fields(b):
            names = one.names & other.names  # type: ignore[union-attr]
            return Fields(tuple((name, joined(dict(a)[name], dict(b)[name])) for name, _ in a if name in names))
        case _:
            return None


_parsed = cache(parsed)


class Reader:
    """Reads expressions, and collects what they read that is not there, and which fields they read."""

    def __init__(self, variables: Mapping[str, Shape]) -> None:
        self.variables = dict(variables)
        self.faults: list[str] = []
        self.fields_read: set[str] = set()
        self.names_read: set[str] = set()

    def read(self, expression: str) -> Shape:
        return self._shape(_parsed(expression), {})

    def _shape(self, node: Node, bound: Mapping[str, Shape]) -> Shape:
        match node:
            case Member(pieces):
                return self._member(pieces, bound)
            case Word(flat):
                if flat.isidentifier() and flat not in bound:
                    self.names_read.add(flat)
                return bound.get(flat)
            case Bracket("[", items):
                found = [self._shape(item, bound) for item in items]
                return Listed(reduce(joined, found, Nothing()))
            case Bracket("{", items):
                return self._map(node, bound)
            case Bracket(_, items):
                (shape,) = [self._shape(item, bound) for item in items]
                return shape
            case Ternary(arms, otherwise):
                for asked, _ in arms:
                    self._shape(asked, bound)
                values = [*(value for _, value in arms), otherwise]
                return reduce(joined, (self._shape(value, bound) for value in values))
            case Binary(operands, operators):
                shapes = [self._shape(each, bound) for each in operands]
                return reduce(joined, shapes) if set(operators) == {"+"} else None
            case Unary(_, operand):
                self._shape(operand, bound)
                return None
        raise AssertionError(node)

    def _map(self, node: Bracket, bound: Mapping[str, Shape]) -> Shape:
        found: list[tuple[str, Shape]] = []
        for entry in node.items:
            assert isinstance(entry, Entry)
            if not (isinstance(entry.key, Word) and entry.key.flat[-1] in "'\""):
                self._shape(entry.key, bound)
            found.append((entry.key.flat.strip("'\""), self._shape(entry.value, bound)))
        literal = all(name.isidentifier() and entry.key.flat[-1] in "'\"" for entry, (name, _) in _pairs(node, found))
        return Fields(tuple(found)) if found and literal and not node.is_table else None

    def _member(self, pieces: tuple[Node, ...], bound: Mapping[str, Shape]) -> Shape:
        first, rest = pieces[0], list(pieces[1:])
        if first == Word("variables"):
            name = rest.pop(0).flat.lstrip(".?")
            if name not in self.variables:
                self.faults.append(f"variables.{name} is not there")
            shape = self.variables.get(name)
        elif isinstance(first, Word) and rest and isinstance(rest[0], Bracket) and rest[0].opening == "(":
            call = rest.pop(0)
            assert isinstance(call, Bracket)
            shapes = [self._shape(each, bound) for each in call.items]
            shape = shapes[0] if first.flat == "dyn" else None
        else:
            shape = self._shape(first, bound)
        while rest:
            piece = rest.pop(0)
            if isinstance(piece, Bracket):
                shape = self._indexed(shape, piece, bound)
            elif rest and isinstance(rest[0], Bracket) and rest[0].opening == "(":
                call = rest.pop(0)
                assert isinstance(call, Bracket)
                shape = self._called(shape, piece.flat.lstrip(".?"), call, bound)
            else:
                shape = self._selected(shape, piece.flat.lstrip(".?"))
        return shape

    def _selected(self, shape: Shape, name: str) -> Shape:
        if not isinstance(shape, Fields):
            return None
        self.fields_read.add(name)
        if name not in shape.names:
            self.faults.append(f".{name} is no field of a record with {', '.join(sorted(shape.names))}")
            return None
        return shape.get(name)

    def _indexed(self, shape: Shape, index: Bracket, bound: Mapping[str, Shape]) -> Shape:
        for item in index.items:
            self._shape(item, bound)
        return shape.of if isinstance(shape, Listed) else None

    def _called(self, shape: Shape, name: str, call: Bracket, bound: Mapping[str, Shape]) -> Shape:
        count = _BINDS.get(name, 0)
        names, arguments = [item.flat for item in call.items[:count]], call.items[count:]
        element = shape.of if isinstance(shape, Listed) else None
        inner = {**bound, **dict.fromkeys(names), **({names[-1]: element} if names else {})}
        shapes = [self._shape(each, inner) for each in arguments]
        match name:
            case "map" | "transformList":
                return Listed(shapes[-1])
            case "filter" | "slice":
                return shape
            case "flatten":
                return shape.of if isinstance(shape, Listed) and isinstance(shape.of, Listed) else shape
            case _:
                return None


def _pairs(node: Bracket, found: list[tuple[str, Shape]]) -> list[tuple[Entry, tuple[str, Shape]]]:
    return [(entry, each) for entry, each in zip(node.items, found, strict=True) if isinstance(entry, Entry)]
