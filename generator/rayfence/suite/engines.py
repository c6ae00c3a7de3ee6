"""The engine of each backend. A new one is a class that does what `Engine` says, and a line here."""

from __future__ import annotations

from pathlib import Path

from rayfence.backends import gatekeeper
from rayfence.config import Config
from rayfence.gotool import GATOR, KYVERNO, GoTool
from rayfence.suite.dialects import DIALECTS
from rayfence.suite.engine import Engine
from rayfence.suite.texts import Texts
from rayfence.suite.with_gator import GatorEngine
from rayfence.suite.with_kyverno import KyvernoEngine


def tool_of(backend: str) -> GoTool:
    """The program that a backend's engine is."""
    return GATOR if backend == gatekeeper.NAME else KYVERNO


def engine_of(config: Config, backend: str, policies: Texts, program: Path) -> Engine:
    """The engine of one backend, with the policies it judges by. Raises KeyError for a backend without one."""
    if backend in DIALECTS:
        return KyvernoEngine(config, backend, policies, program)
    if backend == gatekeeper.NAME:
        return GatorEngine(config, policies, program)
    raise KeyError(backend)
