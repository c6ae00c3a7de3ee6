"""Runs gator, the CLI of OPA Gatekeeper, and reads the verdict of each policy on each object."""

from rayfence.engine_error import EngineError
from rayfence.gator.judging import Judged, judge

__all__ = ["EngineError", "Judged", "judge"]
