"""Runs cases against policies on the real engine. Only what the engine states, row by row, counts."""

from rayfence.suite.checking import check
from rayfence.suite.engines import tool_of
from rayfence.suite.running import run

__all__ = ["check", "run", "tool_of"]
