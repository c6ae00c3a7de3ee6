"""Arguments in; measurements, progress and an exit code out: the one place here that prints."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import yaml

from benchmarks.metering import Unmeasured
from benchmarks.report import render
from benchmarks.rounds import Measured, measured
from benchmarks.subjects import RUNS, TENANT_COUNTS, Choice, Name, subjects
from benchmarks.tables import Format
from benchmarks.targets import exit_code, targets
from rayfence import __version__

QUICK_MOST = 100

_EPILOG = """\
exit codes: 0 every target that was measured is met; 1 one is not; 2 a command did not do what is to be measured
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for, print it, exit."""
    options = _parser().parse_args(arguments)
    # A polite kill ends like an error, so that the folder and the command under way do not outlive it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        found = _found(_choice(options))
    except Unmeasured as failure:
        print(failure, file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    judged = targets(found)
    print(render(Format(options.format), machine(), found, judged), end="")
    raise SystemExit(exit_code(judged))


def _found(choice: Choice) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="rayfence-benchmarks-") as folder:
        found = measured(subjects(choice, Path(folder)), Path(folder), progress)
        progress("")
        return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python benchmarks", description="Measure rayfence.", epilog=_EPILOG)
    only = "measure this alone; may be given several times"
    parser.add_argument("--only", action="append", choices=[name.value for name in Name], help=only)
    parser.add_argument("--most", type=int, metavar="N", help="leave out sizes above N tenants or RayClusters")
    usual = ", ".join(f"{name} {runs}" for name, runs in RUNS.items())
    parser.add_argument("--runs", type=positive, metavar="N", help=f"runs of each command (default: {usual})")
    parser.add_argument("--quick", action="store_true", help=f"the same as --most {QUICK_MOST} --runs 1")
    parser.add_argument("--format", choices=[each.value for each in Format], default=Format.TEXT.value)
    return parser


def positive(text: str) -> int:
    """An option's number. Raises ArgumentTypeError."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def _choice(options: argparse.Namespace) -> Choice:
    names = [Name(name) for name in options.only] if options.only else list(Name)
    most = options.most or (QUICK_MOST if options.quick else TENANT_COUNTS[-1])
    return Choice(names, most, options.runs or (1 if options.quick else None))


def machine() -> dict[str, str]:
    """What it is measured on, and with."""
    return {
        "rayfence": __version__,
        "Python": platform.python_version(),
        "PyYAML": f"{yaml.__version__}{'' if yaml.__with_libyaml__ else ' without libyaml'}",
        "system": f"{platform.system()} {platform.machine()}",
        "cores": str(os.cpu_count()),
    }


def progress(what: str) -> None:
    """On a terminal, one line that is written over and over."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)
