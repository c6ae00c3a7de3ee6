"""Who asks for what: all that admission knows of an object beside the object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """A request for one object. `username` is '' where it is not known; `old` is the object as it was, if it was."""

    username: str = ""
    groups: tuple[str, ...] = ()
    operation: str = "CREATE"
    old: Mapping[str, Any] | None = None

    @property
    def is_update(self) -> bool:
        """Whether there is an object before and after; where nobody knows the one before, it cannot be compared."""
        return self.operation == "UPDATE" and self.old is not None
