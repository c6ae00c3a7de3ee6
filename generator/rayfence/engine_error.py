"""The one way in which every policy engine can fail to answer."""

from __future__ import annotations


class EngineError(Exception):
    """An engine could not be made to answer; the text says what it said instead."""
