"""The reports of `rayfence doctor`, as text and as JSON."""

from __future__ import annotations

from rayfence.doctor import CHECKS, Examination, Finding
from rayfence.model.outcome import visible
from rayfence.report.data import dump
from rayfence.report.terminal import BAD, CAREFUL, GOOD, paint


def as_text(found: Examination, *, colour: bool) -> str:
    """Each finding with its fix on the next line, then notes, then the summary."""
    lines = [line for finding in found.findings for line in _lines(finding, colour=colour)]
    lines += [f"{paint('note:', CAREFUL, colour=colour)} {visible(note)}" for note in found.notes]
    lines.append(paint(summary(found), BAD if found.findings else GOOD, colour=colour))
    return "".join(f"{line}\n" for line in lines)


def as_json(found: Examination) -> str:
    """`{"findings": [{"id", "where", "message", "fix"}], "notes", "backends", "summary"}`."""
    return dump(
        {
            "findings": [
                {"id": each.id, "where": each.where, "message": each.message, "fix": each.fix}
                for each in found.findings
            ],
            "notes": list(found.notes),
            "backends": list(found.backends),
            "summary": {"ok": not found.findings, "findings": len(found.findings), "notes": len(found.notes)},
        }
    )


def summary(found: Examination) -> str:
    """`healthy: looked at the engine, its rights, …`, or the number of findings."""
    looked_at = f"looked at {', '.join(CHECKS)}; policies: {', '.join(found.backends) or 'none'}"
    count = len(found.findings)
    return f"{'healthy' if not count else '1 finding' if count == 1 else f'{count} findings'}: {looked_at}"


def _lines(finding: Finding, *, colour: bool) -> tuple[str, str]:
    mark = paint(f"[{finding.id}]", BAD, colour=colour)
    first = f"{mark} {paint(visible(finding.where), 'bold', colour=colour)}: {visible(finding.message)}"
    return first, f"    fix: {visible(finding.fix)}"
