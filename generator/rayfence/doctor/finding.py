"""The findings of an examination, as values. `report` formats them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """A weakness of the isolation: its id (`kyverno-version`), the place, the message, and the fix."""

    id: str
    where: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"[{self.id}] {self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Note:
    """Something that could not be decided. It does not count as a finding."""

    message: str


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings, all notes, and which backends' policies the cluster has."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    backends: tuple[str, ...]
