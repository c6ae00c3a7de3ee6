"""Messages for faults of structure: what is wrong, and what to write. Nouns and examples come from the schema."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any

Schema = Mapping[str, Any]


def quoted(value: Any) -> str:
    """A value on one line, as JSON; text is cut after 100 characters."""
    return json.dumps(value[:100] if isinstance(value, str) else value, ensure_ascii=False)


def wish(schema: Schema) -> str:
    """A hint of what to write instead of a value that this part of the schema refuses."""
    example = f", like {quoted(schema['examples'][0])}" if "examples" in schema else ""
    return f"write {schema['title']}{example}"


def missing(schema: Schema) -> str:
    """A required field that is not there."""
    return f"is missing; {wish(schema)}"


def unnamed(schema: Schema) -> str:
    """A value that is refused without a known reason."""
    return f"is not {schema['title']}, and what is wrong with it cannot be told; {wish(schema)}"


def wrong_type(schema: Schema, value: Any, written: str) -> str:
    """A value of another type. `written` is the scalar as it is in the file: YAML reads `no` as a boolean."""
    wanted = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    match value:
        case None:
            return f"has no value; {wish(schema)}"
        case bool() | int() | float() if "string" in wanted:
            a_name = "pattern" in schema and len(wanted) == 1
            write = f"write it in quotes: {quoted(written)}" if a_name else wish(schema)
            return f"{written} is {_kind(value)} to YAML; {write}"
        case float() if "integer" in wanted:
            return f"{value} is not a whole number; {wish(schema)}"
        case str() if "boolean" in wanted or "integer" in wanted:
            return f"{quoted(value)} is text; {wish(schema)}, without quotes"
        case _:
            return f"is {_kind(value)}; {wish(schema)}"


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def unknown_field(name: str, known: Collection[str]) -> str:
    """A field that the schema does not know."""
    close = closest(name, known)
    return f"there is no such field here; {f'did you mean `{close}`?' if close else _one_of(known)}"


def not_one_of(schema: Schema, value: Any) -> str:
    """A value outside of an `enum`."""
    close = closest(value, schema["enum"])
    return f"{quoted(value)} is not {schema['title']}; " + (
        f"did you mean `{close}`?" if close else _one_of(schema["enum"])
    )


def not_that(schema: Schema, value: Any) -> str:
    """Another value than the `const`."""
    return f"{quoted(value)} is not {schema['title']}; write {schema['const']}"


def unlike(schema: Schema, value: str) -> str:
    """A text that does not fit its `pattern`."""
    return f"{quoted(value)} is not {schema['title']}; {schema['patternErrorMessage']}"


def out_of_range(schema: Schema, value: float) -> str:
    """A number below the `minimum` or above the `maximum`."""
    return f"{value} is not {schema['title']}; write a whole number from {schema['minimum']} to {schema['maximum']}"


def empty(schema: Schema, value: Any) -> str:
    """A list or mapping that must not be empty."""
    return f"is empty; {wish(schema)}"


def twice(value: Any) -> str:
    """The second of two equal items."""
    return f"{quoted(value)} is written twice; keep one"


def _one_of(names: Collection[str]) -> str:
    *first, last = names
    return f"write {', '.join(first)} or {last}" if first else f"write {last}"


def closest(name: str, names: Collection[str], least: float = 0.6) -> str | None:
    """The name most like `name` but for upper and lower case; None where none is as much alike as `least`."""
    folded = {candidate.casefold(): candidate for candidate in names}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=least)
    return folded[found[0]] if found else None
