"""Runs gator, the CLI of OPA Gatekeeper, and reads the verdict of each policy on each object."""

from rayfence.gator.evaluation import PolicyResult, evaluate
from rayfence.model.outcome import EngineError

__all__ = ["EngineError", "PolicyResult", "evaluate"]
