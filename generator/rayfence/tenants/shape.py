"""Checks the structure of a document against the schema, and reports every fault in plain messages.

fastjsonschema compiles `tenants.schema.json` to code that accepts valid documents in almost no time. Only if it refuses
one, jsonschema is imported to list the faults, which takes many times as long.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib import resources
from typing import TYPE_CHECKING, Any

import fastjsonschema

from rayfence.model.field_path import FieldPath
from rayfence.tenants import messages
from rayfence.tenants.problems import Diagnostics

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError

Schema = Mapping[str, Any]
Fault = tuple[FieldPath, str]

# How a fault is told that is the value's alone. The other keywords have a case in `_told`.
WORDS: dict[str, Callable[[Schema, Any], str]] = {
    "const": messages.not_that,
    "enum": messages.not_one_of,
    "minItems": messages.empty,
    "minProperties": messages.empty,
    "pattern": messages.unlike,
    "minimum": messages.out_of_range,
    "maximum": messages.out_of_range,
}


@cache
def schema() -> dict[str, Any]:
    """The schema of one document of a tenant config, as it is shipped."""
    text = resources.files("rayfence.tenants").joinpath("tenants.schema.json").read_text("utf-8")
    return dict(json.loads(text))


@cache
def check() -> Shape:
    """Finds every structural problem in a document's value."""
    return Shape(schema())


class Shape:
    """What `schema` wants a value to be. Called with a value, its path, and a collector of faults."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = schema
        # fastjsonschema would write the schema's defaults into the value.
        self._accept = fastjsonschema.compile(schema, use_default=False)

    def __call__(self, value: Any, path: FieldPath, diagnostics: Diagnostics) -> None:
        """What fastjsonschema refuses is refused, even if jsonschema should find nothing wrong with it."""
        try:
            self._accept(value)
        except fastjsonschema.JsonSchemaException:
            faults = self._faults(value, lambda place: diagnostics.written(path + place))
            for place, message in faults or [(FieldPath(), messages.unnamed(self._schema))]:
                diagnostics.add(path + place, message)

    def _faults(self, value: Any, written: Callable[[FieldPath], str]) -> list[Fault]:
        errors = _orderly(self._lister.iter_errors(value))
        return list(dict.fromkeys(fault for error in errors for fault in _told(error, written)))

    @cached_property
    def _lister(self) -> Draft202012Validator:
        from jsonschema import Draft202012Validator

        return Draft202012Validator(_spelled_out(self._schema, self._schema))


def _spelled_out(part: Any, root: Schema) -> Any:
    """The part with its references resolved, so that an error uses the texts next to the reference."""
    match part:
        case {"$ref": str(name), **own}:
            return {**_spelled_out(root["$defs"][name.removeprefix("#/$defs/")], root), **own}
        case dict():
            return {key: _spelled_out(item, root) for key, item in part.items() if key != "$defs"} | _pattern(part)
        case list():
            return [_spelled_out(item, root) for item in part]
        case _:
            return part


def _pattern(part: Schema) -> dict[str, str]:
    """Python's `$` also stands before a last line break, the schema's does not. fastjsonschema sees to that itself."""
    match part:
        case {"pattern": str(pattern)}:
            return {"pattern": re.sub(r"\$\Z", r"\\Z", pattern)}
        case _:
            return {}


def _orderly(errors: Iterable[ValidationError]) -> list[ValidationError]:
    """The errors in the same order at each run, what is missing last.

    Without those of a value that has the wrong type already: that it is none of an `enum` either helps nobody.
    """
    found = sorted(errors, key=lambda error: (error.validator == "required", tuple(error.absolute_path)))
    mistyped = {tuple(error.absolute_path) for error in found if error.validator == "type"}
    return [error for error in found if error.validator == "type" or tuple(error.absolute_path) not in mistyped]


def _told(error: ValidationError, written: Callable[[FieldPath], str]) -> Iterator[Fault]:
    """The places at fault: jsonschema blames the mapping or the list for what is in it or missing from it."""
    path = FieldPath(error.absolute_path)
    part: Any = error.schema
    value: Any = error.instance
    match error.validator:
        case "type":
            yield path, messages.wrong_type(part, value, written(path))
        case "required":
            # One error for each missing field, and none says which: the same fault is found again and again.
            missing = (name for name in part["required"] if name not in value)
            yield from ((path / name, messages.missing(part["properties"][name])) for name in missing)
        case "additionalProperties":
            unknown = (name for name in value if name not in part["properties"])
            yield from ((path / name, messages.unknown_field(name, part["properties"])) for name in unknown)
        case "uniqueItems":
            yield from ((path / index, messages.twice(value[index])) for index in _repeated(value))
        case keyword:
            is_key = "propertyNames" in list(error.schema_path)[-2:]
            yield path / value if is_key else path, WORDS[str(keyword)](part, value)


def _repeated(items: list[Any]) -> Iterator[int]:
    """Where an item stands that was there before. Of lists, mappings and such `items` has complained."""
    seen: set[str | float] = set()
    for index, item in enumerate(items):
        if type(item) in (str, int, float):
            if item in seen:
                yield index
            seen.add(item)
