"""The results of a run, as values: `check` makes Results, `test` makes Outcomes, `report` prints both."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What would happen to an object at admission."""

    ADMIT = "admit"
    DENY = "deny"
    NOT_JUDGED = "not-judged"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place of a manifest; `line` is 1-based.

    `path` is the place that every engine names. `about`, where it is not empty, is the place that people are shown
    instead, such as a template that is missing as a whole. `line` is the line of that place.
    """

    rule: str
    path: str
    line: int
    message: str
    about: str = ""

    @property
    def shown_path(self) -> str:
        """The place that people are shown."""
        return self.about or self.path


@dataclass(frozen=True, slots=True)
class Result:
    """One object of `rayfence check`.

    `tenant` is None where no tenant has the namespace. Findings next to an `admit` belong to a tenant whose enforcement
    is Audit or Warn. `error` says what is wrong with an object that cannot be checked, and `line` is then the line to
    change. `reason` says why no rule covers an object that is not judged.
    """

    file: str
    line: int
    kind: str
    namespace: str
    name: str
    tenant: str | None
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    error: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case on one backend, as the real engine decided it.

    `expected` and `found` are the rule ids in the engine's own message; `validation` is the engine's word
    (`pass` or `fail`); `generation` is `pass` where NetworkPolicies were generated, `fail` where nothing was, and `-`
    where the namespace gets none.
    `problems` is empty when everything was as expected.
    """

    backend: str
    case: str
    file: str
    line: int
    operation: str
    expected: frozenset[str]
    found: frozenset[str]
    validation: str
    generation: str
    problems: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything was as expected."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """A whole `rayfence test`. `problems` are those of the suite itself, such as a rule that was not loaded.

    `notes` say what was left out and why.
    """

    outcomes: tuple[Outcome, ...]
    problems: tuple[str, ...]
    engine: str
    rules_loaded: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there was anything at all, and all of it as expected."""
        return bool(self.outcomes) and not self.problems and all(outcome.ok for outcome in self.outcomes)


def count(results: Sequence[Result]) -> dict[str, int]:
    """How many results have each verdict, every verdict named."""
    seen = Counter(result.verdict for result in results)
    return {verdict.value: seen[verdict] for verdict in Verdict}


class EngineError(Exception):
    """A policy engine could not be made to answer; the text says what it said instead."""


def visible(text: str) -> str:
    r"""The text on one line; what moves a cursor, changes a colour or turns the reading direction shows as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)
