"""Turns results into Remarks, which the text, SARIF and GitHub formats share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from rayfence.model.outcome import Finding, Result, Verdict

UNREADABLE = "unreadable"
UNEXPLAINED = "unexplained"
NOT_JUDGED = "not-judged"

# What may stand where a rule id stands, without being one.
PSEUDO_RULES = {
    UNREADABLE: "No verdict could be reached on this document.",
    UNEXPLAINED: "The engine refused this object and named no rule.",
    NOT_JUDGED: "No rule applies to this object.",
}


class Level(StrEnum):
    """How much a remark weighs: an error keeps an object out, a warning does not, a note is about no broken rule."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Remark:
    """One mistake, one missing verdict or one refusal without a reason; `path` may be empty, `line` is 1-based.

    `also` are further rules that the same mistake breaks.
    """

    file: str
    line: int
    level: Level
    rule: str
    path: str
    message: str
    resource: str
    also: tuple[str, ...] = ()

    @property
    def rules(self) -> tuple[str, ...]:
        """Every rule that is broken."""
        return (self.rule, *self.also)

    @property
    def text(self) -> str:
        """The message, after the path if there is one."""
        return f"{self.path}: {self.message}" if self.path else self.message


def remarks(results: Sequence[Result]) -> Iterator[Remark]:
    """All remarks, in the order of the results. An admitted object without findings has none.

    Objects that are not judged for the same reason share one remark, at the first of them.
    """
    reasons = Counter(result.reason for result in results if result.verdict is Verdict.NOT_JUDGED)
    for result in results:
        if result.verdict is not Verdict.NOT_JUDGED:
            yield from _of(result)
        elif more := reasons.pop(result.reason, 0):
            yield _not_judged(result, more - 1)


def _of(result: Result) -> Iterator[Remark]:
    match result.verdict:
        case Verdict.NOT_JUDGED:
            yield _not_judged(result, 0)
        case Verdict.ADMIT:
            yield from _broken(result, Level.WARNING)
        case Verdict.DENY:
            yield from _broken(result, Level.ERROR)
            if not result.findings:
                yield _whole(result, UNEXPLAINED, f"{resource(result)} was refused, and no rule was named")
        case Verdict.ERROR:
            yield from _broken(result, Level.ERROR)
            yield _whole(result, UNREADABLE, result.error or "no verdict was reached")
        case _:
            assert_never(result.verdict)


def resource(result: Result) -> str:
    """`namespace/Kind/name`, with only those parts that are known."""
    return "/".join(part for part in (result.namespace, result.kind, result.name) if part)


def _broken(result: Result, level: Level) -> Iterator[Remark]:
    """One remark for each mistake: rules that people are shown the same place for, in the same words, share one."""
    mistakes: dict[object, list[Finding]] = {}
    for number, finding in enumerate(result.findings):
        key = (finding.about, finding.message) if finding.about else number
        mistakes.setdefault(key, []).append(finding)
    for first, *others in mistakes.values():
        line, also = max(first.line, 1), dict.fromkeys(each.rule for each in others if each.rule != first.rule)
        place = (first.shown_path, first.message, resource(result))
        yield Remark(result.file, line, level, first.rule, *place, tuple(also))


def _not_judged(result: Result, more: int) -> Remark:
    others = f" (and {more} more)" if more else ""
    return _whole(result, NOT_JUDGED, f"{result.reason or 'no rule applies'}{others}", Level.NOTE)


def _whole(result: Result, rule: str, message: str, level: Level = Level.ERROR) -> Remark:
    return Remark(result.file, max(result.line, 1), level, rule, "", message, resource(result))
