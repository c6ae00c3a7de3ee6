"""Subjects in, their measurements out: taken in turns, so that a drift of the machine touches all alike."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.metering import Command, Usage, measure
from benchmarks.subjects import OUT, Subject

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Measured:
    """A subject's runs and those of its yardstick, each beside the one that came right after it."""

    subject: Subject
    runs: tuple[Usage, ...]
    yardstick: tuple[Usage, ...]

    @property
    def cpu(self) -> float:
        """Seconds of CPU, the median."""
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> float:
        """Bytes of its largest process, the median."""
        return median(run.peak for run in self.runs)

    @property
    def yardstick_cpu(self) -> float:
        """Seconds of CPU of the yardstick, the median."""
        return median(run.cpu for run in self.yardstick)

    @property
    def yardstick_peak(self) -> float:
        """Bytes of the yardstick's largest process, the median."""
        return median(run.peak for run in self.yardstick)


def ratio(ours: Sequence[Usage], theirs: Sequence[Usage], of: Callable[[Usage], float]) -> float:
    """How many times theirs ours is: the median over the rounds in which both ran."""
    return median(of(one) / of(other) for one, other in zip(ours, theirs, strict=False))


def measured(subjects: Sequence[Subject], folder: Path, progress: Progress) -> list[Measured]:
    """Every subject with its yardstick, A B A B. Raises Unmeasured where a command fails."""
    _warm_up(subjects, folder, progress)
    found = {subject: Measured(subject, (), ()) for subject in subjects}
    for number in range(max((subject.runs for subject in subjects), default=0)):
        for subject, so_far in found.items():
            if number < subject.runs:
                progress(f"{subject.title}: run {number + 1} of {subject.runs}")
                pair = (_alone(subject.command, folder), _alone(subject.yardstick, folder))
                found[subject] = Measured(subject, (*so_far.runs, pair[0]), (*so_far.yardstick, pair[1]))
    return list(found.values())


def _warm_up(subjects: Sequence[Subject], folder: Path, progress: Progress) -> None:
    """The smallest of each kind, once, not counted: compiled bytecode and files that the system has read."""
    smallest = {subject.name: subject for subject in reversed(subjects)}
    for subject in smallest.values():
        progress(f"{subject.title}: warming up")
        _alone(subject.command, folder)
        _alone(subject.yardstick, folder)


def _alone(command: Command, folder: Path) -> Usage:
    """One run, which leaves nothing to the next one."""
    usage = measure(command, folder)
    out = folder / OUT
    if out.is_dir():
        shutil.rmtree(out)
    else:
        out.unlink(missing_ok=True)
    return usage
