"""Measurements in, what was promised of them out: met, not met, or not measured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.rounds import Measured, ratio
from benchmarks.subjects import CLUSTER_COUNTS, TENANT_COUNTS, Name

_ADDED = {Name.BUILD: 4, Name.CHECK_PYTHON: 3, Name.CHECK_CLUSTERPOLICY: 3}
"""How many times the memory that an item adds to the yardstick it may add to the command: as many as with CPU."""

_TITLES = {
    Name.BUILD: "build, memory per tenant",
    Name.CHECK_PYTHON: "check (python), memory per RayCluster",
    Name.CHECK_CLUSTERPOLICY: "check (clusterpolicy), memory per RayCluster",
}

Sizes = Mapping[tuple[Name, int], Measured]


@dataclass(frozen=True, slots=True)
class Target:
    """What was promised: a number of at most `most`. `found` is None where not all it needs was measured."""

    promise: str
    most: float
    found: float | None

    @property
    def met(self) -> bool | None:
        """None where it is not known."""
        return None if self.found is None else self.found <= self.most


def targets(found: Sequence[Measured]) -> list[Target]:
    """All promises, whatever was measured."""
    sizes = {(each.subject.name, each.subject.size): each for each in found}
    return [*_speed(sizes), *(target for name in _TITLES for target in _memory(sizes, name))]


def exit_code(judged: Sequence[Target]) -> int:
    """1 where a target is known to be missed; one that was not measured is no failure."""
    return int(any(target.met is False for target in judged))


@dataclass(frozen=True, slots=True)
class Growth:
    """Bytes of memory that each tenant or RayCluster adds, to a command and to its yardstick."""

    ours: float
    yardstick: float


def growth(found: Sequence[Measured], of: Measured) -> Growth | None:
    """What each item beyond those of the smallest size adds; None for that size.

    The smallest size stands for what is there anyway, the interpreter and what is imported.
    """
    sizes = [each for each in found if each.subject.name is of.subject.name]
    least = min(sizes, key=lambda each: each.subject.size)
    more = of.subject.size - least.subject.size
    if not more:
        return None
    return Growth((of.peak - least.peak) / more, (of.yardstick_peak - least.yardstick_peak) / more)


def _speed(sizes: Sizes) -> Iterator[Target]:
    yield _cpu(sizes, "build, 10,000 tenants / build, 1,000 tenants", 12, (Name.BUILD, 10_000), (Name.BUILD, 1_000))
    yield _against_yardstick(sizes, "build, 10,000 tenants / load and dump them", 4, (Name.BUILD, 10_000))
    python, engine = (Name.CHECK_PYTHON, 1_000), (Name.CHECK_CLUSTERPOLICY, 1_000)
    yield _against_yardstick(sizes, "check (python), 1,000 RayClusters / load them", 3, python)
    yield _cpu(sizes, "check, 1,000 RayClusters: python / clusterpolicy", 1 / 20, python, engine)


def _cpu(sizes: Sizes, promise: str, most: float, ours: tuple[Name, int], other: tuple[Name, int]) -> Target:
    if ours not in sizes or other not in sizes:
        return Target(promise, most, None)
    return Target(promise, most, ratio(sizes[ours].runs, sizes[other].runs, lambda run: run.cpu))


def _against_yardstick(sizes: Sizes, promise: str, most: float, ours: tuple[Name, int]) -> Target:
    if ours not in sizes:
        return Target(promise, most, None)
    return Target(promise, most, ratio(sizes[ours].runs, sizes[ours].yardstick, lambda run: run.cpu))


def _memory(sizes: Sizes, name: Name) -> Iterator[Target]:
    """The whole peak per item at the largest size over that at the one before, and what each item adds."""
    counts = TENANT_COUNTS if name is Name.BUILD else CLUSTER_COUNTS
    measured = [sizes[name, count] for count in counts if (name, count) in sizes]
    per_item = added = None
    if len(measured) == len(counts):
        before, largest = measured[-2:]
        per_item = (largest.peak / largest.subject.size) / (before.peak / before.subject.size)
        added = growth(measured, largest)
    yield Target(f"{_TITLES[name]}, largest size / the one before", 1, per_item)
    yield Target(
        f"{_TITLES[name]}, added / by yardstick", _ADDED[name], added.ours / added.yardstick if added else None
    )
