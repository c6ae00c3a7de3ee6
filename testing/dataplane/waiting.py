"""A question that is asked again until it has an answer, within bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(ask: Callable[[], T | None], seconds: float, give_up: Callable[[], bool] = lambda: False) -> T | None:
    """The first answer that is not None; None after so many seconds, or when `give_up` says so."""
    ends = time.monotonic() + seconds
    while True:
        answer = ask()
        if answer is not None:
            return answer
        if time.monotonic() > ends or give_up():
            return None
        time.sleep(0.5)
