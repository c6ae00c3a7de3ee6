"""Orders policy objects whose ranges of namespaces move, so that every namespace is always covered.

If a table is split, several objects share it. Each covers the names from its first up to the next one's first. If the
boundary between two objects moves, one takes over names from the other: it must be in force before the other releases
them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby, pairwise

from rayfence.admission.shards import FROM
from rayfence.backends.resources import kind_of, resource_of
from rayfence.cluster.objects import map_at, name_of
from rayfence.installation.target import Target, Value

_NUMBERED = re.compile(r"(.*?)(?:-(\d+))?")

Firsts = Mapping[str, str]
"""Name of a policy object -> the first name in its care, '' where it begins with all."""

There = Mapping[str, str | None]
"""The same of what is in the cluster; None for what is not there."""


def stages(target: Target, judges: Sequence[Value]) -> Iterator[list[Value]]:
    """The objects that go together, one list after another; each has to decide before the next is applied."""
    # What binds a policy has its name, and goes with it.
    policies = [value for value in judges if not kind_of(value).binds]
    wanted = {name_of(value): _first(value) for value in policies}
    there = {name_of(value): _there(target, value) for value in policies}
    levels = {name: level for family in _families(wanted) for name, level in _levels(family, wanted, there).items()}
    for level in sorted(set(levels.values())):
        yield [value for value in judges if levels[name_of(value)] == level]


def _families(names: Iterable[str]) -> Iterator[list[str]]:
    """The objects of one subject and enforcement, in the order of their ranges."""
    for _, family in groupby(sorted(names, key=_place), key=lambda name: _place(name)[0]):
        yield list(family)


def _place(name: str) -> tuple[str, int]:
    found = _NUMBERED.fullmatch(name)
    assert found
    return found[1], int(found[2] or 1)


def _levels(family: Sequence[str], wanted: Firsts, there: There) -> dict[str, int]:
    """How many others have to decide before each, one after the other."""
    lower, upper = (dict.fromkeys(family, 0) for _ in range(2))
    pairs = list(pairwise(family))
    for before, after in pairs:
        if _takes_over(before, after, wanted, there) == before:
            lower[after] = lower[before] + 1
    for before, after in reversed(pairs):
        if _takes_over(before, after, wanted, there) == after:
            upper[before] = upper[after] + 1
    return {name: max(lower[name], upper[name]) for name in family}


def _takes_over(before: str, after: str, wanted: Firsts, there: There) -> str | None:
    """Which of two neighbours gets names that are the other's as yet."""
    new, old = wanted[after], there[after]
    if there[before] is None or new == old:
        return None
    return after if old is None or new < old else before


def _there(target: Target, value: Value) -> str | None:
    found = target.one(resource_of(value), "", name_of(value))
    return None if found is None else _first(found.value)


def _first(value: Value) -> str:
    return str(map_at(value, "metadata", "annotations").get(FROM, ""))
