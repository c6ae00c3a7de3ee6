"""Runs the Kyverno CLI on policies and objects, and reads its output. A result that it did not state is an error."""

from rayfence.kyverno.files import Expected, stub_crds
from rayfence.kyverno.running import ReportRow, Row, TestRun, apply, report, run_test, strip_kyverno
from rayfence.model.outcome import EngineError

__all__ = [
    "EngineError",
    "Expected",
    "ReportRow",
    "Row",
    "TestRun",
    "apply",
    "report",
    "run_test",
    "strip_kyverno",
    "stub_crds",
]
