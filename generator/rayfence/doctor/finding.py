"""The findings of an examination, as values. `report` formats them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that weakens the fences: what it is (`kyverno-version`), where, what is wrong, and what mends it."""

    id: str
    where: str
    message: str
    fix: str

    def __str__(self) -> str:
        return f"[{self.id}] {self.where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Note:
    """What could not be told, and is not held against the cluster."""

    message: str


@dataclass(frozen=True, slots=True)
class Examination:
    """All findings, all notes, and which backends' policies the cluster has."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    backends: tuple[str, ...]
