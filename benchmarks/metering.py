"""A command in, the CPU time, wall time and peak memory of its whole process out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

METER = Path(__file__).with_name("meter.py")

TIMEOUT = 3600
"""Seconds for one command."""

# What `ru_maxrss` counts in: Linux in KiB, macOS in bytes.
_PEAK_UNIT = 1 if sys.platform == "darwin" else 1024


class Unmeasured(Exception):
    """A command did not do what is to be measured; the text says which, and what it said."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program with its arguments, and what must come of it: its exit code and the last line on its stdout."""

    words: tuple[str, ...]
    exit_code: int = 0
    last_line: str | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of CPU (user and system) and of wall time, over all its processes; bytes of its largest one."""

    cpu: float
    wall: float
    peak: int


def measure(command: Command, folder: Path) -> Usage:
    """Run the command once; its output goes into the folder. Raises Unmeasured where it does not what it should."""
    out, err = folder / "stdout", folder / "stderr"
    cpu, wall, peak, exit_code = _metered((str(out), str(err), *command.words), _environment(folder)).split()
    said = out.read_text(encoding="utf-8")
    last_line = said.rstrip("\n").rpartition("\n")[2]
    if int(exit_code) != command.exit_code or command.last_line not in (None, last_line):
        raise Unmeasured(_otherwise(command, exit_code, said + err.read_text(encoding="utf-8")))
    return Usage(float(cpu), float(wall), int(peak) * _PEAK_UNIT)


def _otherwise(command: Command, exit_code: str, said: str) -> str:
    wanted = f"exit code {command.exit_code}" + (f" and {command.last_line!r}" if command.last_line else "")
    return f"{' '.join(command.words)}\n{said[-2000:]}exit code {exit_code}; wanted {wanted}"


def _environment(folder: Path) -> dict[str, str]:
    """Python keeps its bytecode, as it does for an installed program, whatever the environment says; in the folder."""
    given = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**given, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def _metered(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    # -I -S: without site-packages, so that the meter stays small; the command's own environment is left alone.
    words = [sys.executable, "-I", "-S", str(METER), *arguments]
    with _started(words, environment) as meter, _ended(meter):
        said, _ = meter.communicate(timeout=TIMEOUT)
    if meter.returncode:
        raise Unmeasured(f"could not run {arguments[2]}")
    return said


def _started(words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


@contextmanager
def _ended(meter: subprocess.Popen[str]) -> Iterator[None]:
    """Whatever happens, the meter and all that it started are gone afterwards."""
    try:
        yield
    except subprocess.TimeoutExpired:
        raise Unmeasured(f"a command was not done after {TIMEOUT} seconds") from None
    finally:
        if meter.poll() is None:
            os.killpg(meter.pid, signal.SIGKILL)
