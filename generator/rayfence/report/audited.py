"""The report of `rayfence audit` as JSON, SARIF and Markdown, and the sentences that all its formats share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.audit import Audited, Disagreement, Drift, DriftKind, Report
from rayfence.report import sarif
from rayfence.report.data import dump, result_data
from rayfence.report.markdown import escaped, table
from rayfence.report.remarks import Level, Remark, remarks

DESCRIPTIONS = {
    f"{DriftKind.MISSING}-network-policy": "A NetworkPolicy that isolates a tenant is missing.",
    f"{DriftKind.DRIFTED}-network-policy": "A NetworkPolicy that isolates a tenant was changed.",
    f"{DriftKind.STRAY}-network-policy": "A NetworkPolicy has a name of rayfence but is not one of its policies.",
}


def remarks_of(audited: Audited) -> list[Remark]:
    """Every broken rule of one object."""
    return list(remarks([audited.result]))


def deviations(report: Report) -> Iterator[Remark]:
    """Everything that is wrong with the network layer."""
    return (_remark(deviation) for deviation in report.layer)


def said_by_kyverno(report: Report) -> Iterator[str]:
    """The objects for which Kyverno's reports name other rules."""
    for each in report.disagreements:
        ours = f"names {', '.join(sorted(each.rayfence))}" if each.rayfence else "finds nothing wrong with it"
        yield f"{each.namespace}/{each.kind}/{each.name}: Kyverno's reports say {each.kyverno}; rayfence {ours}"


def summary(report: Report) -> str:
    """One line with all the numbers."""
    objects = f"{report.judged} objects: {report.denied} break rules, {report.warned} with warnings"
    objects += f", {report.unreadable} unreadable" if report.unreadable else ""
    counts = {what: sum(each.what is what for each in report.layer) for what in DriftKind}
    layer = ", ".join(f"{count} {what}" for what, count in counts.items())
    kyverno = f"Kyverno reported on {report.reported}, and differs on {len(report.disagreements)}"
    return f"{objects}; network layer: {layer}; {kyverno}"


def as_json(report: Report) -> str:
    """Everything in an audit, for programs."""
    return dump(
        {
            "results": [_result(audited) for audited in report.audited],
            "networkLayer": [_deviation(deviation) for deviation in report.layer],
            "disagreements": [_disagreement(each) for each in report.disagreements],
            "notes": list(report.notes),
            "summary": {
                "ok": report.ok,
                "judged": report.judged,
                "deny": report.denied,
                "warn": report.warned,
                "error": report.unreadable,
                **{str(what): sum(each.what is what for each in report.layer) for what in DriftKind},
                "reportedByKyverno": report.reported,
            },
        }
    )


def as_sarif(report: Report, rules: Mapping[str, str]) -> str:
    """One SARIF run."""
    found = [remark for audited in report.audited for remark in remarks_of(audited)]
    return sarif.of_remarks([*found, *deviations(report)], {**rules, **DESCRIPTIONS}, complete=not report.unreadable)


def as_markdown(report: Report) -> str:
    """A heading, a table of what is wrong, and the summary."""
    parts = [f"## rayfence audit: {'nothing wrong' if report.ok else 'NOT AS IT SHOULD BE'}"]
    if rows := [*_rows(report)]:
        parts.append(table(("object", "rule", "what is wrong", "Kyverno's reports"), rows))
    if sentences := [*said_by_kyverno(report), *report.notes]:
        parts.append("\n".join(f"- {escaped(sentence)}" for sentence in sentences))
    return "\n\n".join([*parts, escaped(summary(report))]) + "\n"


def _rows(report: Report) -> Iterator[tuple[str, ...]]:
    for audited in report.audited:
        word = str(audited.kyverno) if audited.kyverno else "none"
        yield from (_row(remark, word) for remark in remarks_of(audited))
    yield from (_row(remark, "") for remark in deviations(report))


def _row(remark: Remark, word: str) -> tuple[str, ...]:
    rules = ", ".join(remark.rules)
    rule = f"{rules} (warning)" if remark.level is Level.WARNING else rules
    return (remark.resource, rule, remark.text, word)


def _remark(deviation: Drift) -> Remark:
    resource = f"{deviation.namespace}/NetworkPolicy/{deviation.name}"
    line = max(deviation.line, 1)
    return Remark(deviation.file, line, Level.ERROR, deviation.rule, deviation.path, deviation.message, resource)


def _result(audited: Audited) -> dict[str, Any]:
    word = audited.kyverno
    kyverno = {"result": word.result, "rules": sorted(word.rules)} if word else None
    return {**result_data(audited.result), "kyverno": kyverno}


def _deviation(deviation: Drift) -> dict[str, Any]:
    return {
        "what": str(deviation.what),
        "tenant": deviation.tenant,
        "namespace": deviation.namespace,
        "name": deviation.name,
        "path": deviation.path,
        "message": deviation.message,
        "file": deviation.file,
        "line": deviation.line,
    }


def _disagreement(each: Disagreement) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "namespace": each.namespace,
        "name": each.name,
        "kyverno": {"result": each.kyverno.result, "rules": sorted(each.kyverno.rules)},
        "rayfence": sorted(each.rayfence),
    }
