"""The engine of each backend, chosen by its offline evaluation. To add an engine, write a class and add a line here."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from rayfence.backends import BACKENDS
from rayfence.backends.offline import GatorOffline, KyvernoOffline
from rayfence.gotool import GATOR, KYVERNO, GoTool
from rayfence.model.config import Config
from rayfence.suite.engine import Engine
from rayfence.suite.manifests import PolicyTexts
from rayfence.suite.with_gator import GatorEngine
from rayfence.suite.with_kyverno import KyvernoEngine


def tool_of(backend: str) -> GoTool:
    """The program that a backend's engine is."""
    return GATOR if isinstance(BACKENDS[backend].offline, GatorOffline) else KYVERNO


def engine_of(config: Config, backend: str, policies: PolicyTexts, program: Path) -> Engine:
    """The engine of one backend, with its policies. Raises KeyError for an unknown backend."""
    match BACKENDS[backend].offline:
        case KyvernoOffline() as offline:
            return KyvernoEngine(config, offline, policies, program)
        case GatorOffline() as offline:
            return GatorEngine(config, offline, policies, program)
        case offline:
            assert_never(offline)
