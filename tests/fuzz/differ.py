"""Two readings of the same objects: where they differ, and the smallest object that still shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.model.outcome import Result, Verdict
from rayfence.yamlio import Document

from .objects import CONFIG, Json

Reading = Callable[[Sequence[Document]], Sequence[Result]]
Said = tuple[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One object on which the readings differ: what Python says, and what the engine says."""

    value: Json
    python: Said
    engine: Said

    def __str__(self) -> str:
        return f"python: {_told(self.python)}\nengine: {_told(self.engine)}\n{yamlio.dump([self.value])}"


def differences(values: Sequence[Json], engine: Reading) -> list[Difference]:
    """Every object for which the two differ in the verdict or the rule ids."""
    documents = written(values)
    return list(differing(values, documents, engine(documents)))


def written(values: Sequence[Json]) -> list[Document]:
    """The objects as they are read from a file."""
    documents = [each for each in yamlio.read(yamlio.dump(values), "drawn.yaml") if isinstance(each, Document)]
    assert len(values) == len(documents)
    return documents


def differing(values: Sequence[Json], documents: Sequence[Document], said: Sequence[Result]) -> Iterator[Difference]:
    """The same, one after the other: `said` is what the engine says of the documents."""
    assert len(values) == len(documents) == len(said)
    evaluator = Evaluator(CONFIG)
    for value, document, engine in zip(values, documents, said, strict=True):
        (result,) = evaluator.results([document])
        python, other = _both(result, engine)
        if python != other:
            yield Difference(value, python, other)


def smallest(found: Difference, engine: Reading, rounds: int = 30) -> Difference:
    """A small object on which the readings still differ: one part after another is left out while they do."""
    for _ in range(rounds):
        smaller = differences(list(_smaller(found.value)), engine)
        if not smaller:
            return found
        found = min(smaller, key=lambda each: len(yamlio.dump([each.value])))
    return found


_FITS = 12
"""So many violations always have room in an engine's message, and then places are compared as well as rules."""


def _both(python: Result, engine: Result) -> tuple[Said, Said]:
    places = len(python.findings) <= _FITS
    return _said(python, places), _said(engine, places)


def _said(result: Result, places: bool) -> Said:
    """The verdict, and the rules with their places; an error has none, and is a denial that says nothing."""
    if result.verdict is Verdict.ERROR:
        return "error", frozenset()
    found = (f"{each.rule} {each.path}" if places else each.rule for each in result.findings)
    return result.verdict.value, frozenset(found)


def _smaller(value: Json) -> Iterator[Json]:
    """The object without each of its parts in turn."""
    for path in _paths(value):
        if path[0] in ("apiVersion", "kind") or path in (
            ("metadata",),
            ("metadata", "name"),
            ("metadata", "namespace"),
        ):
            continue
        copy: Any = deepcopy(value)
        parent = copy
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        yield copy


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in pairs:
        yield (*path, key)
        yield from _paths(child, (*path, key))


def _told(said: Said) -> str:
    return f"{said[0]} {', '.join(sorted(said[1])) or '-'}"
