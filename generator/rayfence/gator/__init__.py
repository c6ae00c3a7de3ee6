"""Runs gator, the CLI of OPA Gatekeeper, and reads the verdict of each policy on each object."""

from rayfence.gator.evaluation import Judged, judge
from rayfence.model.outcome import EngineError

__all__ = ["EngineError", "Judged", "judge"]
