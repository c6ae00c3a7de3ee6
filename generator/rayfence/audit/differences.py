"""Finds the first difference between two NetworkPolicy specs. Defaults that the API server adds do not count."""

from __future__ import annotations

from typing import Any

from rayfence.model.field_path import FieldPath

_SELECTORS = ("podSelector", "namespaceSelector")


def difference(wanted: dict[str, Any], found: Any, at: FieldPath) -> tuple[FieldPath, str] | None:
    """The first difference between `found` and `wanted`, with its path. None if there is none."""
    return _first(plain(wanted), plain(found), at)


def plain(value: Any, key: str | int = "") -> Any:
    """A spec without what says nothing: empty lists (`from: []` is no `from`), nulls, TCP where it goes without saying.

    An empty selector stays, for it selects everything.
    """
    if isinstance(value, dict):
        kept = {name: plain(each, name) for name, each in value.items()}
        kept = {name: each for name, each in kept.items() if _says_something(name, each)}
        return {"protocol": "TCP", **kept} if key == "ports" else kept
    if isinstance(value, list):
        return [plain(each, key) for each in value]
    return value


def _says_something(name: str, value: Any) -> bool:
    return value is not None and value != [] and (value != {} or name in _SELECTORS)


def _first(wanted: Any, found: Any, at: FieldPath) -> tuple[FieldPath, str] | None:
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = [*wanted, *(key for key in found if key not in wanted)]
        pairs = ((at / key, wanted.get(key), found.get(key)) for key in keys)
        return next((below for path, mine, its in pairs if (below := _first(mine, its, path))), None)
    if isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        both = zip(wanted, found, strict=True)
        found_below = (_first(mine, its, at / index) for index, (mine, its) in enumerate(both))
        return next((below for below in found_below if below), None)
    return None if _same(wanted, found) else (at, _told(wanted, found))


def _same(wanted: Any, found: Any) -> bool:
    # In YAML and in Python `True` equals 1; in a manifest it does not.
    return type(wanted) is type(found) and wanted == found


def _told(wanted: Any, found: Any) -> str:
    if found is None:
        return f"is missing, must be {_shown(wanted)}"
    if wanted is None:
        return f"is {_shown(found)}, must be left out"
    return f"is {_shown(found)}, must be {_shown(wanted)}"


def _shown(value: Any) -> str:
    if isinstance(value, list) and any(isinstance(each, dict) for each in value):
        return "1 entry" if len(value) == 1 else f"{len(value)} entries"
    return f"{value}" if isinstance(value, str | int) else _short(str(value))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:60]}…"
