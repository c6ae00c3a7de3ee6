"""`dataplane`: real Ray under rayfence's NetworkPolicies, compiled to nftables and enforced by the kernel."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from dataplane import machine, ray_install, rendering
from dataplane.lab import CouldNotDecide, Lab, LabError
from dataplane.machine import CannotRun
from dataplane.playing import Cluster, play
from dataplane.ray_cluster import RayCluster
from dataplane.report import Exit, Report, Verdict, judged
from dataplane.scenario import CONTROL, Scenario, scenarios
from dataplane.stand_in import StandIn

Play = Callable[[Scenario], Report]
Judged = tuple[Report, Verdict]

_TRIES = 2


def main(*words: str) -> int:
    """Play what is asked for; the answer is the exit code."""
    options = _parser().parse_args(words)
    table = {each.name: each for each in scenarios()}
    chosen = set(options.only or table) | {CONTROL}
    wanted = [scenario for name, scenario in table.items() if name in chosen]
    try:
        machine.namespaces()
        player = _player(options.without_ray)
    except CannotRun as error:
        _say(f"COULD NOT RUN, nothing is decided: {error}")
        return Exit.UNDECIDED
    rows, code = run(wanted, player)
    if rows:
        print(f"\n{rendering.summary(rows)}", flush=True)
    if options.json:
        options.json.write_text(json.dumps([rendering.values(*row) for row in rows], indent=1) + "\n")
    return code


def run(wanted: Sequence[Scenario], player: Play) -> tuple[list[Judged], Exit]:
    """The control, which `wanted` begins with, then the others if it holds; their reports, and what they come to."""
    rows: list[Judged] = []
    undecided = False
    for scenario in wanted:
        try:
            report = _played(scenario, player)
        except (CannotRun, CouldNotDecide, LabError) as error:
            _say(f"{scenario.name}: COULD NOT DECIDE: {error}")
            report, undecided = None, True
        if report is not None:
            rows.append((report, judged(report, scenario.breaks)))
            print(rendering.text(*rows[-1]), flush=True)
        if scenario.name == CONTROL and (report is None or not report.holds):
            _say("COULD NOT DECIDE: with no policy in force not everything works, so the lab itself is at fault")
            return rows, Exit.UNDECIDED
    if not all(verdict.as_wanted for _, verdict in rows):
        return rows, Exit.FAILS
    return rows, Exit.UNDECIDED if undecided else Exit.HOLDS


def _played(scenario: Scenario, player: Play) -> Report:
    for left in reversed(range(_TRIES)):
        try:
            return player(scenario)
        except (CouldNotDecide, LabError) as error:
            if not left:
                raise
            _say(f"{scenario.name}: {error}; once more")
    raise AssertionError


def _player(without_ray: bool) -> Play:
    make: Callable[[Lab], Cluster]
    if without_ray:
        make, keep = StandIn, []
    else:
        folder = ray_install.installed(_say)
        make, keep = partial(RayCluster, folder=folder), [str(folder)]
    return lambda scenario: play(scenario, make, _progress(scenario.name), keep)


def _progress(name: str) -> Callable[[str], None]:
    start = time.monotonic()
    return lambda text: _say(f"{name} {time.monotonic() - start:4.0f} s  {text}")


def _say(text: str) -> None:
    print(f"dataplane: {text}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    names = [each.name for each in scenarios()]
    parser = argparse.ArgumentParser("dev.py dataplane", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=names, metavar="NAME", help=f"after the control: {', '.join(names)}"
    )
    parser.add_argument("--without-ray", action="store_true", help="listeners in place of Ray, in seconds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every connection that was tried there")
    return parser
