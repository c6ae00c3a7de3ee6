"""What goes over the sockets between the lab and what it started: a JSON value a line, each answered by one."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import Any

LONGEST = 2**24
"""Bytes in one line, more than 100,000 probes with their results."""

Json = dict[str, Any]


class Result(StrEnum):
    """What became of a connection that was tried."""

    OPEN = "open"
    REFUSED = "refused"  # let through, and nobody listens
    SILENT = "silent"  # nothing came back in time


def line(value: Json) -> bytes:
    """One message."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def value(text: bytes) -> Json:
    """The message in one line."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError(f"no message: {text[:100]!r}")
    return found
