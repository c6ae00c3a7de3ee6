"""Durations in; percentiles out, and the measuring of them: one request after the other on a connection kept open."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from controlplane.client import Answer, Refused

WARM_UP, SECONDS_TO_WARM_UP = 20, 5
MOST_SECONDS = 30
LEAST = 10

Ask = Callable[[], Answer]


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that is not exceeded by that share of all of them."""
    return sorted(values)[max(math.ceil(len(values) * share), 1) - 1]


def p50(values: Sequence[float]) -> float:
    """The one in the middle."""
    return percentile(values, 0.5)


def p99(values: Sequence[float]) -> float:
    """One in a hundred is above."""
    return percentile(values, 0.99)


def warm_up(ask: Ask) -> None:
    """Requests that are not counted: connections are made, code is compiled. Raises Refused."""
    started = time.perf_counter()
    for _ in range(WARM_UP):
        ask().or_raise()
        if time.perf_counter() - started > SECONDS_TO_WARM_UP:
            break


def timed(ask: Ask, count: int) -> tuple[float, ...]:
    """Milliseconds of so many requests, of fewer where they take too long.

    Raises Refused at the first that is not admitted.
    """
    started = time.perf_counter()
    found: list[float] = []
    while len(found) < count and (len(found) < LEAST or time.perf_counter() - started < MOST_SECONDS):
        found.append(milliseconds(ask))
    return tuple(found)


def milliseconds(ask: Ask) -> float:
    """Of one request. Raises Refused."""
    started = time.perf_counter()
    answer = ask()
    took = time.perf_counter() - started
    if not answer.ok:
        raise Refused(answer)
    return took * 1000
