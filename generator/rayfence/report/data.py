"""Results and suite reports as JSON. The same input gives the same bytes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from rayfence.model.outcome import Finding, Outcome, Result, SuiteReport, Verdict, count
from rayfence.report.tally import by_backend, problems


def check(results: Sequence[Result]) -> str:
    """`{"results": [...], "summary": {"admit": 1, "deny": 0, "not-judged": 2, "error": 0}}`, in the results' order."""
    return dump({"results": [result_data(result) for result in results], "summary": count(results)})


def suite(report: SuiteReport) -> str:
    """Everything in a suite report; rule ids sorted, outcomes in the order they came."""
    return dump(
        {
            "ok": report.ok,
            "engine": report.engine,
            "rulesLoaded": report.rules_loaded,
            "seconds": round(report.seconds, 3),
            "problems": list(problems(report)),
            "notes": list(report.notes),
            "summary": {
                backend: {"asExpected": tally.good, "notAsExpected": tally.bad}
                for backend, tally in by_backend(report).items()
            },
            "outcomes": [_outcome(outcome) for outcome in report.outcomes],
        }
    )


def dump(document: dict[str, Any]) -> str:
    """Indented JSON in which people's own letters stay readable."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def result_data(result: Result) -> dict[str, Any]:
    """One result, as `rayfence check` has it."""
    document: dict[str, Any] = {
        "file": result.file,
        "line": result.line,
        "kind": result.kind,
        "namespace": result.namespace,
        "name": result.name,
        "tenant": result.tenant,
        "verdict": result.verdict.value,
        "violations": [_violation(finding) for finding in result.findings],
    }
    if result.verdict is Verdict.ERROR:
        document["error"] = result.error or ""
    if result.verdict is Verdict.NOT_JUDGED:
        document["reason"] = result.reason or ""
    return document


def _violation(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "path": finding.shown_path, "line": finding.line, "message": finding.message}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "backend": outcome.backend,
        "case": outcome.case,
        "file": outcome.file,
        "line": outcome.line,
        "operation": outcome.operation,
        "expected": sorted(outcome.expected),
        "found": sorted(outcome.found),
        "validation": outcome.validation,
        "generation": outcome.generation,
        "ok": outcome.ok,
        "problems": list(outcome.problems),
    }
