"""`python -m tests.fuzz N [BACKEND...]`: drawn objects, judged by Python and every engine; exit 1 where they differ."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence

from rayfence import suite
from rayfence.backends import BACKENDS
from rayfence.gotool import find
from rayfence.model.outcome import Result
from rayfence.yamlio import Document

from .differ import differences, smallest
from .drawing import drawn
from .objects import CONFIG


def main(words: Sequence[str]) -> int:
    """The exit code: 0 where all readings agree."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__)
    parser.add_argument("number", type=int, metavar="N", help="how many objects to draw")
    parser.add_argument("backend", nargs="*", metavar="BACKEND", help="which engines to ask; all when none is named")
    parser.add_argument("--start", type=int, default=1, help="the seed; another one draws other objects")
    asked = parser.parse_args(words)
    values = drawn(asked.number, asked.start)
    return max([_compared(values, backend) for backend in asked.backend or BACKENDS], default=0)


def _compared(values: Sequence[dict[str, object]], backend: str) -> int:
    path = find(suite.tool_of(backend), print).path

    def engine(documents: Sequence[Document]) -> Sequence[Result]:
        return suite.check(CONFIG, documents, backend, path, jobs=os.cpu_count() or 1)

    started = time.monotonic()
    found = differences(values, engine)
    print(f"{backend}: {len(values)} objects, {len(found)} differences, {time.monotonic() - started:.0f} s", flush=True)
    for each in found[:5]:
        print(smallest(each, engine), flush=True)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
