"""gator, the CLI of OPA Gatekeeper: policies and objects in, what each policy says of each object out."""

from rayfence.engine_error import EngineError
from rayfence.gator.judging import Judged, judge

__all__ = ["EngineError", "Judged", "judge"]
