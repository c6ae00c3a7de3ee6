"""What the command says and how it exits."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from dataplane.cast import DNS, HEAD, NEIGHBOUR, OPERATOR, WORKERS
from dataplane.command import run
from dataplane.lab import CouldNotDecide
from dataplane.messages import Result
from dataplane.rendering import text, values
from dataplane.report import Attempt, Exit, Report, Verdict, judged
from dataplane.scenario import Scenario, scenarios

from rayfence.reach.topology import Flow

TOP = Path(__file__).parents[2]
ALL = {each.name: each for each in scenarios()}
CONTROL, GOOD, BAD = ALL["no-policy"], ALL["DenyAll/tenant"], ALL["bad/fixed-ports"]
RANDOM_PORT_DROPPED = (HEAD.ip, WORKERS[0].ip, "TCP", 41841)


def test_every_mode_and_scope_is_played_between_the_control_and_the_bad_ones():
    expected = [
        "no-policy",
        "DenyAll/tenant",
        "DenyAll/cluster",
        "DenyAllIngress/tenant",
        "DenyAllIngress/cluster",
        "DenyAllEgress/tenant",
        "DenyAllEgress/cluster",
        "bad/one-policy-per-cluster",
        "bad/fixed-ports",
    ]

    assert expected == list(ALL)


def outcome(found: Mapping[str, Report | Exception]) -> tuple[list[str], Exit]:
    """Names of what was reported and the exit code, the reports being these."""

    def player(scenario: Scenario) -> Report:
        report = found[scenario.name]
        if isinstance(report, Exception):
            raise report
        return report

    rows, code = run([ALL[name] for name in found], player)
    return [report.name for report, _ in rows], code


def report(scenario: Scenario, *wrong: str, dropped: tuple[tuple[str, str, str, int], ...] = ()) -> Report:
    return Report(scenario.name, (), wrong, dropped)


HELD, FAILED = report(GOOD), report(GOOD, "something")
OPEN = report(CONTROL)
REFUTED = report(BAD, "something", dropped=(RANDOM_PORT_DROPPED,))
LOST = CouldNotDecide("lost")

CODES = {
    "all holds": ({"no-policy": OPEN, "DenyAll/tenant": HELD, "bad/fixed-ports": REFUTED}, Exit.HOLDS),
    "policies fail": ({"no-policy": OPEN, "DenyAll/tenant": FAILED}, Exit.FAILS),
    "bad policies hold": ({"no-policy": OPEN, "bad/fixed-ports": report(BAD)}, Exit.FAILS),
    "bad policies fail for another reason": ({"no-policy": OPEN, "bad/fixed-ports": report(BAD, "x")}, Exit.FAILS),
    "a scenario decides nothing": ({"no-policy": OPEN, "DenyAll/tenant": LOST}, Exit.UNDECIDED),
    "one decides nothing, another fails": (
        {"no-policy": OPEN, "DenyAll/tenant": LOST, "bad/fixed-ports": report(BAD)},
        Exit.FAILS,
    ),
}


@pytest.mark.parametrize(("found", "expected"), CODES.values(), ids=CODES.keys())
def test_exit_codes(found: Mapping[str, Report | Exception], expected: Exit):
    assert expected == outcome(found)[1]


@pytest.mark.parametrize("control", [report(CONTROL, "one connection fails"), LOST], ids=["fails", "decides nothing"])
def test_without_a_control_nothing_else_is_played(control: Report | Exception):
    names, code = outcome({"no-policy": control, "DenyAll/tenant": HELD})

    assert ("DenyAll/tenant" not in names, Exit.UNDECIDED) == (True, code)


def test_bad_policies_must_have_broken_what_they_are_known_to_break():
    dns_dropped = report(BAD, "something", dropped=((WORKERS[0].ip, DNS.ip, "UDP", 53),))

    assert Verdict(False, "FAILS, but not for the reason that is known") == judged(dns_dropped, BAD.breaks)


ATTEMPTS = (
    Attempt(Flow(OPERATOR, HEAD, 8265), True, Result.OPEN),
    Attempt(Flow(OPERATOR, HEAD, 6379), False, Result.SILENT),
    Attempt(Flow(NEIGHBOUR, HEAD, 6379), False, Result.SILENT),
)


def test_a_table_names_the_ports_that_got_through():
    rows = [line.split() for line in text(Report("x", ATTEMPTS, ()), Verdict(True, "holds")).splitlines()[2:]]

    assert [
        ["kuberay-operator/operator", "ray-team-a/head", "2", "8265"],
        ["ray-team-b/neighbour", "ray-team-a/head", "1", "none"],
    ] == rows


def test_json_has_every_connection():
    found = values(Report("x", ATTEMPTS, (), dropped=(RANDOM_PORT_DROPPED,)), Verdict(True, "holds"))

    expected = {
        "source": "kuberay-operator/operator",
        "target": "ray-team-a/head",
        "port": 6379,
        "expected": False,
        "result": "silent",
    }
    assert expected == json.loads(json.dumps(found))["attempts"][1]
    assert ["head -> w1 TCP 41841"] == found["dropped"]


def command(*words: str, before: tuple[str, ...] = (), **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, TOP / "tools" / "dev.py", "_dataplane", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.kernel
def test_where_namespaces_cannot_be_had_it_says_so_and_decides_nothing():
    # In a user namespace without users nobody may make another.
    done = command("--without-ray", before=("unshare", "--user"))

    assert 3 == done.returncode
    assert "dataplane: COULD NOT RUN, nothing is decided: `unshare --user" in done.stderr
    assert "kernel.apparmor_restrict_unprivileged_userns" in done.stderr


@pytest.mark.kernel
def test_where_user_namespaces_are_forbidden_root_does_without(tmp_path: Path):
    # Root of a namespace in which no further user namespace may be made.
    script = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
    before = ("unshare", "--user", "--map-root-user", "sh", "-c", script, "sh")

    done = command("--without-ray", "--only", "DenyAll/tenant", "--json", str(tmp_path / "found.json"), before=before)

    assert (0, "") == (done.returncode, "" if done.returncode == 0 else done.stderr)
    found = json.loads((tmp_path / "found.json").read_text())
    assert [("no-policy", True), ("DenyAll/tenant", True)] == [(each["scenario"], each["as wanted"]) for each in found]


@pytest.mark.kernel
def test_where_ray_cannot_be_installed_it_says_so_and_decides_nothing(tmp_path: Path):
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_NO_CACHE_DIR": "1"}

    done = command(XDG_CACHE_HOME=str(tmp_path), **nowhere)

    assert 3 == done.returncode
    assert "COULD NOT RUN, nothing is decided: Ray could not be installed for Python" in done.stderr


def test_a_scenario_that_is_not_there_is_refused():
    assert 2 == command("--only", "DenyNothing").returncode
