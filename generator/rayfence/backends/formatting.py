"""Formats the CEL of a policy for readers, for every backend: in files, and on a server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.cel.lines import layout

EXPRESSIONS = ("expression", "messageExpression")
"""The fields that hold CEL, and nothing but CEL, in every kind of policy."""


def laid_out(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with each expression in lines."""
    return {key: _laid_out(key, value) for key, value in manifest.items()}


def _laid_out(key: str, value: Any) -> Any:
    match value:
        case str() if key in EXPRESSIONS:
            return layout(value)
        case dict():
            return laid_out(value)
        case list() | tuple():
            return [_laid_out("", each) for each in value]
        case _:
            return value
