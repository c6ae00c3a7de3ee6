"""The text report of `rayfence check`: one line per violation, and a summary."""

from __future__ import annotations

from collections.abc import Sequence

from rayfence.model.outcome import Result, Verdict, count, visible
from rayfence.report.remarks import UNREADABLE, Level, Remark, remarks
from rayfence.report.terminal import BAD, CAREFUL, GOOD, paint


def render(results: Sequence[Result], *, colour: bool) -> str:
    """`file:line: [rule] path: message` for each violation, then how many objects have which verdict.

    `warning:` before the rule says that the object is admitted all the same.
    """
    lines = [_line(remark, colour=colour) for remark in remarks(results)]
    summary = paint(summary_of(results), _style(results), colour=colour)
    return "".join(f"{line}\n" for line in [*lines, summary])


def _style(results: Sequence[Result]) -> str:
    verdicts = {result.verdict for result in results}
    if verdicts <= {Verdict.ADMIT}:
        return GOOD
    return CAREFUL if verdicts == {Verdict.ADMIT, Verdict.NOT_JUDGED} else BAD


def summary_of(results: Sequence[Result]) -> str:
    """`3 admitted, 1 denied, 2 not judged, 0 errors`."""
    if not results:
        return "no documents to check"
    seen = count(results)
    warned = sum(result.verdict is Verdict.ADMIT and bool(result.findings) for result in results)
    admitted = f"{seen[Verdict.ADMIT]} admitted" + (f" ({warned} with warnings)" if warned else "")
    errors = seen[Verdict.ERROR]
    others = f"{seen[Verdict.DENY]} denied, {seen[Verdict.NOT_JUDGED]} not judged"
    return f"{admitted}, {others}, {errors} {'error' if errors == 1 else 'errors'}"


def _line(remark: Remark, *, colour: bool) -> str:
    place = paint(f"{visible(remark.file)}:{remark.line}:", "bold", colour=colour)
    return f"{place} {_mark(remark, colour=colour)} {visible(remark.text)}"


def _mark(remark: Remark, *, colour: bool) -> str:
    if remark.rule == UNREADABLE:
        return paint("error:", BAD, colour=colour)
    if remark.level is Level.NOTE:
        return paint("not judged:", CAREFUL, colour=colour)
    rule = f"[{visible(', '.join(remark.rules))}]"
    if remark.level is Level.WARNING:
        return f"{paint('warning:', CAREFUL, colour=colour)} {paint(rule, CAREFUL, colour=colour)}"
    return paint(rule, BAD, colour=colour)
