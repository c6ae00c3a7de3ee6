"""A program's id in; the memory and the CPU time that the kernel has counted for it out. For Linux alone."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from controlplane.processes import Process

_KIB = 1024
_TICK = 1 / os.sysconf("SC_CLK_TCK")

# In /proc/<pid>/stat, after the name, which may hold anything and ends with the last bracket.
_USER, _SYSTEM = 11, 12


@dataclass(frozen=True, slots=True)
class Usage:
    """Bytes now and at most, and seconds of CPU so far, of one program that runs."""

    now: int
    peak: int
    cpu: float


def usage(process: Process) -> Usage:
    """Of a program that runs. Raises OSError where it has ended."""
    status, stat = _status(Path("/proc") / str(process.pid))
    fields = dict(line.split(":", 1) for line in status.splitlines())
    times = stat.rpartition(")")[2].split()
    return Usage(_bytes(fields["VmRSS"]), _bytes(fields["VmHWM"]), (int(times[_USER]) + int(times[_SYSTEM])) * _TICK)


def _status(folder: Path) -> tuple[str, str]:
    return (folder / "status").read_text(), (folder / "stat").read_text()


def _bytes(text: str) -> int:
    number, unit = text.split()
    assert unit == "kB", unit
    return int(number) * _KIB
