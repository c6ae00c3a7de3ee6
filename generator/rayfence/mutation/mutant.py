"""One change of a bundle: where it is, which policy it concerns, and the bundle with the change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OBJECT = re.compile(r"^metadata:\n  name: [\"']?([a-z0-9-]+)", re.MULTILINE)
_ENVELOPE = (
    "Enforce becomes Audit",
    "an operation is dropped",
    "a kind is dropped",
    "a range is moved",
    "a namespace is forgotten",
)
"""Mutants of what is put before a policy's expressions, by name."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one file: `before` becomes `after` at `position`.

    `rule` is whose business it is, `namespace` the one it is about where it is about one, and `variable` the expression
    it is made in where it is made in one.
    """

    name: str
    file: str
    position: int
    before: str
    after: str
    rule: str
    namespace: str = ""
    variable: str = ""

    def applied(self, files: Mapping[str, str]) -> dict[str, str]:
        """The bundle with the change."""
        text = files[self.file]
        end = self.position + len(self.before)
        return {**files, self.file: text[: self.position] + self.after + text[end:]}

    def line(self, files: Mapping[str, str]) -> int:
        """The line of the change, 1-based."""
        return files[self.file].count("\n", 0, self.position) + 1

    def policy(self, files: Mapping[str, str]) -> str:
        """The name of the policy object that is changed, `bare`."""
        names = list(_OBJECT.finditer(files[self.file], 0, self.position))
        return bare(names[-1][1]) if names else ""

    @property
    def of_expression(self) -> bool:
        """Whether it is in what a policy works out, and not in what is put before it."""
        return self.name not in _ENVELOPE


def bare(name: str) -> str:
    """A policy object's name without dashes, as Gatekeeper writes it in places."""
    return name.replace("-", "")
