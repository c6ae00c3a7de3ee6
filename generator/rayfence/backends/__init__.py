"""The backends: kinds of policy that rayfence writes. Each is a folder here and a line in this table."""

from __future__ import annotations

from collections.abc import Mapping

from rayfence.backends import clusterpolicy, gatekeeper, native, validatingpolicy
from rayfence.backends.base import Backend

_ALL: tuple[Backend, ...] = (
    clusterpolicy.BACKEND,
    validatingpolicy.BACKEND,
    native.BACKEND,
    gatekeeper.BACKEND,
)

BACKENDS: Mapping[str, Backend] = {backend.name: backend for backend in _ALL}

DEFAULT = validatingpolicy.BACKEND.name
"""The one that is installed where nothing else is asked for."""

__all__ = ["BACKENDS", "DEFAULT", "Backend"]
