"""The findings of an audit, as values. `report` formats them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from rayfence.model.outcome import Result, Verdict


@dataclass(frozen=True, slots=True)
class Word:
    """The result of Kyverno's reports on one object: `pass`, `fail` or `error`, and the ids of the rules they name."""

    result: str
    rules: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.result}: {', '.join(sorted(self.rules))}" if self.rules else self.result


@dataclass(frozen=True, slots=True)
class Audited:
    """An object with findings. `kyverno` is None if none of Kyverno's reports is about it."""

    result: Result
    kyverno: Word | None = None


class DriftKind(StrEnum):
    """How a NetworkPolicy of rayfence's own can be wrong."""

    MISSING = "missing"
    DRIFTED = "drifted"
    STRAY = "stray"


@dataclass(frozen=True, slots=True)
class Drift:
    """One NetworkPolicy that is not as the config says. `path` is where it differs; `line` is 0 where it has none."""

    what: DriftKind
    tenant: str | None
    namespace: str
    name: str
    message: str
    path: str = ""
    file: str = ""
    line: int = 0

    @property
    def rule(self) -> str:
        """The id that is shown like the id of a rule: `missing-network-policy`."""
        return f"{self.what}-network-policy"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An object of which Kyverno's reports and rayfence name different rules."""

    kind: str
    namespace: str
    name: str
    kyverno: Word
    rayfence: frozenset[str]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an audit. `judged` counts all objects that a rule covers, `reported` those in Kyverno's reports.

    `notes` list what could not be read, and why.
    """

    judged: int
    audited: tuple[Audited, ...]
    layer: tuple[Drift, ...]
    disagreements: tuple[Disagreement, ...]
    reported: int
    notes: tuple[str, ...] = ()

    @property
    def unreadable(self) -> int:
        """How many objects no verdict could be reached on."""
        return sum(each.result.verdict is Verdict.ERROR for each in self.audited)

    @property
    def denied(self) -> int:
        """How many objects would be refused if they came now."""
        return sum(each.result.verdict is Verdict.DENY for each in self.audited)

    @property
    def warned(self) -> int:
        """How many objects break a rule and would be admitted all the same."""
        return sum(each.result.verdict is Verdict.ADMIT for each in self.audited)

    @property
    def ok(self) -> bool:
        """Whether nothing has to be done."""
        return not (self.denied or self.unreadable or self.layer)
