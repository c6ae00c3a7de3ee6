"""Small pieces of CEL text that every rule is written with.

They make the rules total: a value of the wrong type is read the way `workload.dig` and `workload.items` read it, so an
odd manifest ends as a violation and not as an engine's own error. Lists in a place meant for a map are left to the
engine, which denies them by that error.

CEL has no `let`: `[value].map(v, …)[0]` stands for it, and `optMap` does so for what may be missing. Texts are put
together by `format`: of `+` the type checker tries a dozen meanings, at each of which it copies all that it knows.
"""

from __future__ import annotations

import json
import re
from typing import Any

from rayfence.model.field_path import FieldPath
from rayfence.model.quantity import PATTERN


def literal(value: str) -> str:
    """A CEL string literal. Raises ValueError for quotes, backslashes and control characters."""
    if _UNFIT.search(value):
        raise ValueError(f"{value!r} cannot stand in a CEL text")
    return f"'{value}'"


_UNFIT = re.compile(r"['\"\\\x00-\x1f\x7f]")


def long_literal(value: str) -> str:
    """A CEL string of any length: one that is too long for a line is put together from parts, between two words."""
    parts = _PARTS.findall(value) if len(value) > _LONGEST else [value]
    return literal(value) if len(parts) == 1 else f"({' + '.join(map(literal, parts))})"


_LONGEST = 84
"""Characters that still fit where such texts stand deepest."""

_PARTS = re.compile(r".{1,69}(?:[ .]|.$)|.{1,70}")


def literals(values: tuple[str, ...]) -> str:
    """A CEL list of string literals."""
    return f"[{', '.join(literal(value) for value in values)}]"


def value(found: Any) -> str:
    """A CEL expression for a value of JSON, of which neither the keys' nor the values' type is known."""
    match found:
        case None:
            return "dyn(null)"
        case bool():
            return f"dyn({str(found).lower()})"
        case int() | float() | str():
            return f"dyn({json.dumps(found)})"
        case list():
            return f"dyn([{', '.join(map(value, found))}])"
        case _:
            return f"dyn({{{', '.join(f'{json.dumps(str(key))}: {value(each)}' for key, each in found.items())}}})"


def steps(*keys: str | int) -> str:
    """A CEL string literal of the path below some prefix: `.limits.cpu`, for `prefix + steps(...)`."""
    return literal(str(FieldPath.of("x", *keys))[1:])


def let(name: str, value: str, body: str) -> str:
    """`body` with `name` standing for `value`."""
    return f"[{value}].map({name}, {body})[0]"


def filled(template: str, *values: str) -> str:
    """A CEL text: `template` with a value for each `%s`. Raises ValueError for other percent signs."""
    if template.count("%") != template.count("%s") or template.count("%s") != len(values):
        raise ValueError(f"{template!r} is no template for {len(values)} values")
    return f"{long_literal(template)}.format([{', '.join(values)}])"


def items(optional: str) -> str:
    """The list in an optional; one stray value counts as a list of itself, null and nothing as the empty list."""
    return f"{optional}.optMap(raw, raw == dyn(null) ? [] : type(raw) == list ? raw : [raw]).orValue([])"


def as_list(value: str) -> str:
    """The list in a value, as `items`. What `map[?key]` gives must end in `dyn(null)`, or CEL takes it for null."""
    return let("raw", value, "raw == null ? [] : type(raw) == list ? raw : [raw]")


def entries(optional: str) -> str:
    """The map in an optional; anything else counts as an empty map."""
    return f"{optional}.optMap(raw, type(raw) == map ? raw : {{}}).orValue({{}})"


def scalar(optional: str) -> str:
    """The text of a string or number in an optional, '' for anything else."""
    return let("raw", f"{optional}.orValue(null)", f"{_known('raw')} ? {said('raw')} : ''")


def said(value: str) -> str:
    """The text of a string or number."""
    # `dyn` is needed: without it a live native policy fails on integers with "no such overload: string(int)".
    return f"string(dyn({value}))"


def _known(value: str) -> str:
    return f"({' || '.join(f'type({value}) == {each}' for each in ('string', 'int', 'double'))})"


def number(optional: str, missing: str) -> str:
    """The number in an optional as a double, `missing` for null and nothing, -1.0 for what is no number."""
    read = f"raw == dyn(null) ? {missing} : type(raw) == int || type(raw) == double ? double(raw) : -1.0"
    return f"{optional}.optMap(raw, {read}).orValue({missing})"


def is_quantity(text: str) -> str:
    """Whether a CEL string is a quantity an engine can compare at no risk (see `quantity.PATTERN`)."""
    return f"{text}.matches(r'{_PATTERN}')"


# `[0-9]` is `\\d` to an engine, and in this text nine characters too long for a line.
_PATTERN = PATTERN.replace("[0-9]", r"\d")


def amount(value: str) -> str:
    """A text or number as a quantity; null for what `is_quantity` refuses, and for anything else.

    It says the value again and again: dearer to read than `let`, and cheaper to evaluate.
    """
    return f"({_known(value)} && {is_quantity(said(value))} ? dyn(quantity({said(value)})) : dyn(null))"


def when(condition: str, message: str) -> str:
    """A list with the one message, or an empty one."""
    return f"({condition} ? [{message}] : [])"
