"""One test object and its expected violations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from rayfence.workload import NOBODY, Request
from rayfence.yamlio import Document


@dataclass(frozen=True, slots=True)
class Case:
    """One object and the truth about it.

    `fails` holds rule ids, GENERATION among them where nothing may be generated. `lines` are the (rule, line) pairs
    that the file names, None for a derived case, which has no file. `compares`: whether it is derived to show what the
    object may have been before.
    """

    name: str
    value: Mapping[str, Any]
    fails: frozenset[str]
    file: str = ""
    line: int = 0
    lines: frozenset[tuple[str, int]] | None = None
    document: Document | None = None
    request: Request = NOBODY
    compares: bool = False

    def failing(self, rule: str) -> Case:
        """The same object where it breaks one rule more."""
        return replace(self, fails=self.fails | {rule})
