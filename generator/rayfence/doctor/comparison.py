"""Finds the first difference between a policy as rayfence wrote it and as the server returns it.

Defaults that a server adds are not a difference. Any other addition is one.
"""

from __future__ import annotations

from typing import Any

from rayfence.backends.resources import defaults
from rayfence.model.field_path import FieldPath

_EMPTY: tuple[Any, ...] = (None, {}, [], "")
_SHORT = 60


def difference(written: Any, served: Any, at: FieldPath) -> tuple[FieldPath, str] | None:
    """The first difference between `served` and `written`, with its path. None if there is none."""
    if isinstance(written, dict) and isinstance(served, dict):
        return _in_maps(written, served, at)
    if isinstance(written, list) and isinstance(served, list) and len(written) == len(served):
        pairs = enumerate(zip(written, served, strict=True))
        below = (difference(mine, its, at / index) for index, (mine, its) in pairs)
        return next((found for found in below if found), None)
    same = type(written) is type(served) and written == served
    return None if same else (at, f"is {_shown(served)}, must be {_shown(written)}")


def _in_maps(written: dict[str, Any], served: dict[str, Any], at: FieldPath) -> tuple[FieldPath, str] | None:
    for key, value in written.items():
        if key not in served:
            return at / key, f"is missing, must be {_shown(value)}"
        if found := difference(value, served[key], at / key):
            return found
    for key, value in served.items():
        if key not in written and not _says_nothing(key, value):
            return at / key, f"is {_shown(value)}, must be left out"
    return None


def _says_nothing(key: str, value: Any) -> bool:
    """Whether it holds without being written: what is empty, a default, or a map of nothing else."""
    if isinstance(value, dict):
        return all(_says_nothing(below, each) for below, each in value.items())
    if value in _EMPTY:
        return True
    default = defaults().get(key)
    return type(default) is type(value) and default == value


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value if len(value) <= _SHORT and "\n" not in value else "another text" if value else "empty"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text if len(text) <= _SHORT else f"{text[:_SHORT]}…"
