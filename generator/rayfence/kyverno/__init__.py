"""The Kyverno CLI: policies and objects in, its own words out, and nothing believed that it did not say."""

from rayfence.engine_error import EngineError
from rayfence.kyverno.files import Expected, stub_crds
from rayfence.kyverno.running import Answer, Judged, Row, apply, report, run_test

__all__ = ["Answer", "EngineError", "Expected", "Judged", "Row", "apply", "report", "run_test", "stub_crds"]
