"""The text report of `rayfence audit`: one line per finding, and a summary."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.audit import Audited, Report
from rayfence.model.outcome import visible
from rayfence.report.audited import deviations, remarks_of, said_by_kyverno, summary
from rayfence.report.remarks import Level, Remark
from rayfence.report.terminal import BAD, CAREFUL, GOOD, paint


def render(report: Report, *, colour: bool) -> str:
    """Objects first, then the network layer, then where Kyverno has another word, then notes and the summary."""
    lines = [*_objects(report, colour=colour), *_layer(report, colour=colour), *_others(report, colour=colour)]
    last = paint(summary(report), GOOD if report.ok else BAD, colour=colour)
    return "".join(f"{line}\n" for line in [*lines, last])


def _objects(report: Report, *, colour: bool) -> Iterator[str]:
    for audited in report.audited:
        for remark in remarks_of(audited):
            yield _line(remark, colour=colour)
        if report.reported:
            yield f"    Kyverno's reports: {_word(audited)}"


def _layer(report: Report, *, colour: bool) -> Iterator[str]:
    yield from (_line(remark, colour=colour) for remark in deviations(report))


def _others(report: Report, *, colour: bool) -> Iterator[str]:
    note = paint("note:", CAREFUL, colour=colour)
    yield from (f"{note} {visible(sentence)}" for sentence in said_by_kyverno(report))
    yield from (f"{note} {visible(sentence)}" for sentence in report.notes)


def _line(remark: Remark, *, colour: bool) -> str:
    file = f"{visible(remark.file)}:{remark.line}: " if remark.file else ""
    place = paint(f"{file}{visible(remark.resource)}:", "bold", colour=colour)
    rule, warning = f"[{visible(', '.join(remark.rules))}]", remark.level is Level.WARNING
    mark = paint(f"warning: {rule}" if warning else rule, CAREFUL if warning else BAD, colour=colour)
    return f"{place} {mark} {visible(remark.text)}"


def _word(audited: Audited) -> str:
    return visible(str(audited.kyverno)) if audited.kyverno else "none"
