"""Adapts policies for updates offline, because the Kyverno CLI uses the new object as the old one too.

A policy reads the operation and the old object in one variable each. For one run, these two variables get the values of
the request. Nothing else of the policy changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rayfence import cel, yamlio
from rayfence.model.subjects import CREATE
from rayfence.workload import Request


def asked(text: str, request: Request) -> tuple[str, Request]:
    """The policies of a text and a request that come to the same where the CLI is asked about a creation."""
    if request.operation == CREATE or request.old is None:
        return text, request
    said = {"operation": cel.literal(request.operation), "old_object": cel.value(request.old)}
    found = (each.value for each in yamlio.read(text, "policy") if isinstance(each, yamlio.Document))
    return yamlio.dump([_with(value, said) for value in found]), replace(request, operation=CREATE, old=None)


def _with(part: Any, said: dict[str, str]) -> Any:
    match part:
        case {"name": str(name), "expression": _} if name in said:
            return {"name": name, "expression": said[name]}
        case dict():
            return {key: _with(each, said) for key, each in part.items()}
        case list():
            return [_with(each, said) for each in part]
        case _:
            return part
