"""Results in, one Remark per thing to say about them out: what text, SARIF and GitHub have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from rayfence.outcome import Finding, Result, Verdict

UNREADABLE = "unreadable"
UNEXPLAINED = "unexplained"

# What may stand where a rule id stands, without being one.
PSEUDO_RULES = {
    UNREADABLE: "No verdict could be reached on this document.",
    UNEXPLAINED: "The engine refused this object and named no rule.",
}


class Level(StrEnum):
    """How much a remark weighs: an error keeps an object out, a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Remark:
    """One broken rule, one missing verdict or one refusal without a reason; `path` may be empty, `line` is 1-based."""

    file: str
    line: int
    level: Level
    rule: str
    path: str
    message: str
    resource: str

    @property
    def text(self) -> str:
        """What is wrong, with the path in front where there is one."""
        return f"{self.path}: {self.message}" if self.path else self.message


def remarks(results: Sequence[Result]) -> Iterator[Remark]:
    """Everything to say, in the order of the results. An admitted object without findings has none."""
    for result in results:
        yield from _of(result)


def _of(result: Result) -> Iterator[Remark]:
    match result.verdict:
        case Verdict.ADMIT:
            yield from (_broken(result, finding, Level.WARNING) for finding in result.findings)
        case Verdict.DENY:
            yield from (_broken(result, finding, Level.ERROR) for finding in result.findings)
            if not result.findings:
                yield _whole(result, UNEXPLAINED, f"{resource(result)} was refused, and no rule was named")
        case Verdict.ERROR:
            yield from (_broken(result, finding, Level.ERROR) for finding in result.findings)
            yield _whole(result, UNREADABLE, result.error or "no verdict was reached")
        case _:
            assert_never(result.verdict)


def resource(result: Result) -> str:
    """`namespace/Kind/name`, with only those parts that are known."""
    return "/".join(part for part in (result.namespace, result.kind, result.name) if part)


def _broken(result: Result, finding: Finding, level: Level) -> Remark:
    line = max(finding.line, 1)
    return Remark(result.file, line, level, finding.rule, finding.path, finding.message, resource(result))


def _whole(result: Result, rule: str, message: str) -> Remark:
    return Remark(result.file, max(result.line, 1), Level.ERROR, rule, "", message, resource(result))
