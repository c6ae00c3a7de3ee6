"""Runs several engines in parallel, and starts no more of them after an error or an interrupt."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def workers(jobs: int) -> Iterator[ThreadPoolExecutor]:
    """A pool of so many threads. Leaving it by an exception drops what has not begun."""
    pool = ThreadPoolExecutor(jobs)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()
