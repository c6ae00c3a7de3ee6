"""What holds for all tests."""

from __future__ import annotations

import gc
import signal
from collections.abc import Generator

import pytest
from hypothesis import settings

# `make quick` draws fewer examples than `make test`, and takes no notice of how busy the machine is.
settings.register_profile("quick", max_examples=20, deadline=None)

# A shell that starts something in the background has it ignore interrupts, and so would whatever a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Leave the garbage collector out of what is made while tests are collected: all of it is kept to the end.

    Later it may run less often: values of JSON, of which tests make millions, have no circles.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        gc.enable()
