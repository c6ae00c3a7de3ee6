"""Measurements and targets in, one text out: aligned for a terminal, or as Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import assert_never

from benchmarks.metering import Usage
from benchmarks.rounds import Measured, ratio
from benchmarks.tables import KIB, MIB, Format, Table, aligned, data_of, markdown, promises
from benchmarks.targets import Growth, Target, growth


def render(format: Format, machine: Mapping[str, str], found: Sequence[Measured], targets: Sequence[Target]) -> str:
    """All of it, with a line break at the end; `machine` is what it was measured on."""
    match format:
        case Format.TEXT | Format.MARKDOWN:
            lay_out = aligned if format is Format.TEXT else markdown
            where = ", ".join(f"{key} {value}" for key, value in machine.items())
            return "\n".join([where, "", lay_out(_measurements(found)), "", lay_out(promises(targets)), ""])
        case Format.JSON:
            return json.dumps(_data(machine, found, targets), indent=2) + "\n"
        case _:
            assert_never(format)


def _measurements(found: Sequence[Measured]) -> Table:
    """What a command took, what its yardstick took, and how the two compare."""
    ours, yardsticks = ["command", "CPU s", "MiB"], ["yardstick", "CPU s", "MiB"]
    headings = [*ours, *yardsticks, "CPU ratio", "wall ratio", "MiB ratio", "KiB/item", "runs"]
    return [headings, *(_cells(each, growth(found, each)) for each in found)]


def _cells(each: Measured, added: Growth | None) -> list[str]:
    ours = [each.subject.title, f"{each.cpu:.2f}", f"{each.peak / MIB:.1f}"]
    yardsticks = [each.subject.yardstick_title, f"{each.yardstick_cpu:.2f}", f"{each.yardstick_peak / MIB:.1f}"]
    ratios = [f"{_times(each, of):.2f}" for of in (_cpu, _wall, _peak)]
    return [*ours, *yardsticks, *ratios, f"{added.ours / KIB:.1f}" if added else "", str(len(each.runs))]


def _cpu(usage: Usage) -> float:
    return usage.cpu


def _wall(usage: Usage) -> float:
    return usage.wall


def _peak(usage: Usage) -> float:
    return usage.peak


def _times(each: Measured, of: Callable[[Usage], float]) -> float:
    return ratio(each.runs, each.yardstick, of)


def _data(machine: Mapping[str, str], found: Sequence[Measured], targets: Sequence[Target]) -> dict[str, object]:
    return {
        "machine": dict(machine),
        "measurements": [_measurement(each, growth(found, each)) for each in found],
        "targets": [data_of(target) for target in targets],
    }


def _measurement(each: Measured, added: Growth | None) -> dict[str, object]:
    return {
        "command": each.subject.name,
        "size": each.subject.size,
        "yardstick": each.subject.yardstick_title,
        "cpuRatio": _times(each, _cpu),
        "wallRatio": _times(each, _wall),
        "peakRatio": _times(each, _peak),
        "addedBytesPerItem": added and asdict(added),
        "runs": [_usage(run) for run in each.runs],
        "yardstickRuns": [_usage(run) for run in each.yardstick],
    }


def _usage(usage: Usage) -> dict[str, float]:
    return {"cpuSeconds": usage.cpu, "wallSeconds": usage.wall, "peakBytes": usage.peak}
