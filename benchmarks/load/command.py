"""Arguments in; measurements, progress and an exit code out: the one place here that prints."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from controlplane import plane
from controlplane.client import Refused
from controlplane.plane import Plane
from controlplane.processes import NotUp
from controlplane.programs import KUBERNETES

from benchmarks.command import machine, positive
from benchmarks.load.crowd import CLIENTS, Crowd, crowd
from benchmarks.load.latency import Outcome, measured
from benchmarks.load.promises import targets
from benchmarks.load.report import Found, render
from benchmarks.load.settings import BACKENDS, NATIVE, SIZES, settings
from benchmarks.tables import Format
from benchmarks.targets import exit_code
from rayfence.gotool import KYVERNO, ToolMissing

LATENCY, CROWD = "latency", "crowd"
USUAL = {"most": SIZES[-1], "requests": 200, "clusters": 2_000}
QUICK = {"most": 10, "requests": 20, "clusters": 2 * CLIENTS}

_EPILOG = """\
exit codes: 0 every target that was measured is met; 1 one is not; 2 the control plane did not do what is to be measured
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what was asked for, print it, exit."""
    options = _parser().parse_args(arguments)
    # A polite kill ends like an error, so that the control plane does not outlive it.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        found = _found(options)
    except (NotUp, Refused, ToolMissing) as failure:
        print(failure, file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    judged = targets(*found)
    kinds = "KubeRay's own" if options.crds else "stubs"
    where = {**machine(), "Kubernetes": KUBERNETES, "Kyverno": KYVERNO.version, "CRDs": kinds}
    print(render(Format(options.format), where, found, judged), end="")
    raise SystemExit(exit_code(judged))


def _found(options: argparse.Namespace) -> Found:
    """Each part on a control plane of its own, so that none finds what another left."""
    usual = QUICK if options.quick else USUAL
    most, requests, clusters = ((getattr(options, name) or number) for name, number in usual.items())
    backends, parts = options.backend or BACKENDS, options.only or (LATENCY, CROWD)
    outcomes: list[Outcome] = []
    crowds: list[Crowd] = []
    if LATENCY in parts:
        with _running(options, LATENCY) as running:
            outcomes = measured(running, settings(backends, most), requests, _progress)
    if CROWD in parts:
        # Without Kyverno nothing is generated.
        for backend in (each for each in backends if each != NATIVE):
            with _running(options, backend) as running:
                crowds.append(crowd(running, backend, clusters, _progress))
    return outcomes, crowds


def _running(options: argparse.Namespace, part: str) -> AbstractContextManager[Plane]:
    return plane.running(_progress, keep_logs_in=options.logs / part if options.logs else None, crds=options.crds)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python benchmarks/load", description="Load policies.", epilog=_EPILOG)
    again = "; may be given several times"
    parser.add_argument("--only", action="append", choices=(LATENCY, CROWD), help=f"measure this alone{again}")
    parser.add_argument("--backend", action="append", choices=BACKENDS, help=f"measure these policies alone{again}")
    parser.add_argument("--most", type=positive, metavar="N", help="leave out sizes above N tenants")
    parser.add_argument(
        "--requests", type=positive, metavar="N", help=f"of each setting (default: {USUAL['requests']})"
    )
    parser.add_argument("--clusters", type=positive, metavar="N", help=f"of a crowd (default: {USUAL['clusters']})")
    quick = " ".join(f"--{name} {number}" for name, number in QUICK.items())
    parser.add_argument("--quick", action="store_true", help=f"the same as {quick}")
    parser.add_argument("--crds", type=Path, metavar="FOLDER", help="KubeRay's own CRDs are in there (default: stubs)")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="keep every program's log in there")
    parser.add_argument("--format", choices=[each.value for each in Format], default=Format.TEXT.value)
    return parser


def _progress(what: str) -> None:
    """It takes long, so in a log too everybody may see how far it is."""
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr, flush=True)
