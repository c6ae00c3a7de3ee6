"""Python and each engine judge the same drawn objects alike; and a reading with a fault in it is found out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from rayfence import suite
from rayfence.backends import BACKENDS
from rayfence.gotool import find
from rayfence.model.outcome import Result
from rayfence.yamlio import Document

from .differ import differences, smallest
from .drawing import drawn
from .objects import CONFIG

pytestmark = pytest.mark.engine

NUMBER = 300
"""Objects for each backend on every run; `python3 tools/dev.py fuzz N` draws more."""


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_engine_judges_drawn_objects_as_python_does(backend: str) -> None:
    path = find(suite.tool_of(backend), print).path

    def engine(documents: Sequence[Document]) -> Sequence[Result]:
        return suite.check(CONFIG, documents, backend, path, jobs=1)

    found = differences(drawn(NUMBER), engine)

    assert not found, smallest(found[0], engine)
