"""The benchmarks at their smallest: the command itself, and what it makes of measurements."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from benchmarks import inputs, metering
from benchmarks.metering import Command, Unmeasured, Usage, measure
from benchmarks.report import render
from benchmarks.rounds import Measured, measured, ratio
from benchmarks.subjects import CLUSTER_COUNTS, OUT, TENANT_COUNTS, Name, Subject
from benchmarks.tables import Format
from benchmarks.targets import Growth, Target, exit_code, growth, targets

import rayfence

ROOT = Path(__file__).parents[2]
MIB = 2**20
PASS = Command((sys.executable, "-c", "pass"))


def python(code: str, **wanted) -> Command:
    return Command((sys.executable, "-c", code), **wanted)


def subject(name: Name, size: int, command: Command = PASS, yardstick: Command = PASS, runs: int = 1) -> Subject:
    return Subject(name, size, f"{name} {size}", command, "a yardstick", yardstick, runs)


def usages(*cpu: float, peak: float = 0) -> tuple[Usage, ...]:
    return tuple(Usage(seconds, seconds, round(peak)) for seconds in cpu)


def runs_of(name: Name, size: int, cpu: float, peak: float = MIB, yardstick_peak: float = MIB) -> Measured:
    return Measured(subject(name, size), usages(cpu, peak=peak), usages(1, peak=yardstick_peak))


def everything(check: float = 0.001, memory=lambda size: size * 1000.0) -> list[Measured]:
    """A full run in which the check of a RayCluster costs so many seconds, and the engine's a tenth of a second."""

    def run(name: Name, size: int, seconds: float) -> Measured:
        return runs_of(name, size, size * seconds, memory(size), yardstick_peak=size * 1000)

    builds = [run(Name.BUILD, size, 0.0002) for size in TENANT_COUNTS]
    checks = [run(Name.CHECK_PYTHON, size, check) for size in CLUSTER_COUNTS]
    engine = [run(Name.CHECK_CLUSTERPOLICY, size, 0.1) for size in CLUSTER_COUNTS]
    return builds + checks + engine


def benchmarks(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONPATH": str(Path(rayfence.__file__).parent.parent)}
    command = [sys.executable, str(ROOT / "benchmarks"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_smallest_sizes_are_measured_and_nothing_is_left_behind(tmp_path):
    asked = ("--only", "startup", "--only", "build", "--only", "check-python", "--most", "10", "--runs", "1")
    done = benchmarks(tmp_path, *asked, "--format", "json")

    assert ("", 0) == (done.stderr, done.returncode)
    found = json.loads(done.stdout)["measurements"]
    assert [("startup", 0), ("startup", 0), ("build", 10), ("check-python", 10)] == [
        (each["command"], each["size"]) for each in found
    ]
    assert all(run["peakBytes"] > MIB and run["wallSeconds"] > 0 for each in found for run in each["runs"])
    assert [] == list(tmp_path.iterdir())


@pytest.mark.engine
def test_the_real_engine_is_measured(tmp_path):
    done = benchmarks(tmp_path, "--only", "check-clusterpolicy", "--most", "10", "--runs", "1")

    assert ("", 0) == (done.stderr, done.returncode)
    assert "check (clusterpolicy), 10 RayClusters" in done.stdout


@pytest.mark.parametrize(
    "arguments", [pytest.param(["--only", "audit"], id="no such command"), pytest.param(["--runs", "0"], id="no run")]
)
def test_a_wrong_argument_is_refused(tmp_path, arguments):
    assert 2 == benchmarks(tmp_path, *arguments).returncode


# --- inputs -----------------------------------------------------------------------------------------------------------


def test_every_tenant_has_a_name_of_its_own():
    assert 100 == len({yaml.safe_load(document)["metadata"]["name"] for _, document in inputs.tenants(100)})


def test_inputs_are_the_same_every_time():
    assert list(inputs.tenants(20)) == list(inputs.tenants(20))
    assert list(inputs.ray_clusters(20, 3)) == list(inputs.ray_clusters(20, 3))


def test_a_ray_cluster_has_a_head_and_two_worker_groups():
    spec = yaml.safe_load(next(inputs.ray_clusters(1, 1)))["spec"]

    assert "ray-head" == spec["headGroupSpec"]["template"]["spec"]["containers"][0]["name"]
    assert ["small", "large"] == [group["groupName"] for group in spec["workerGroupSpecs"]]


# --- metering ---------------------------------------------------------------------------------------------------------


def test_memory_is_that_of_the_command():
    held = measure_here(python(f"x = b'x' * {64 * MIB}")).peak - measure_here(PASS).peak

    assert 60 * MIB < held < 70 * MIB


def test_memory_is_not_that_of_who_measures():
    ballast = b"x" * (200 * MIB)

    assert measure_here(PASS).peak < len(ballast) / 2


def test_cpu_time_counts_the_programs_that_a_program_started():
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])"

    assert measure_here(python(nested)).cpu > 0.3


def measure_here(command: Command) -> Usage:
    return measure(command, Path.cwd())


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        pytest.param(python("raise SystemExit(3)"), "exit code 3; wanted exit code 0", id="another exit code"),
        pytest.param(python("print(1)", last_line="2"), "exit code 0; wanted exit code 0 and '2'", id="another answer"),
        pytest.param(python("1 / 0"), "ZeroDivisionError", id="a traceback"),
        pytest.param(Command(("/no/such/program",)), "could not run /no/such/program", id="no program"),
    ],
)
def test_a_command_that_does_something_else_is_not_measured(command, told):
    with pytest.raises(Unmeasured, match=told):
        measure_here(command)


SLEEPER = """
import fcntl, time
held = open("lock", "w")
fcntl.flock(held, fcntl.LOCK_EX)
time.sleep(600)
"""


def test_a_command_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(metering, "TIMEOUT", 3)

    with pytest.raises(Unmeasured, match="not done after 3 seconds"):
        measure_here(python(SLEEPER))

    assert is_free_within(10, Path("lock"))


def is_free_within(seconds: float, lock: Path) -> bool:
    end = time.monotonic() + seconds
    with lock.open() as file:
        while time.monotonic() < end:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.05)
            else:
                return True
    return False


# --- rounds -----------------------------------------------------------------------------------------------------------


def test_runs_take_turns_after_a_warm_up(tmp_path):
    def noting(letter: str) -> Command:
        return python(f"open('log', 'a').write({letter!r})")

    small = subject(Name.BUILD, 10, noting("a"), noting("b"), runs=2)
    large = subject(Name.BUILD, 100, noting("c"), noting("d"), runs=1)
    found = measured([small, large], tmp_path, progress=lambda what: None)

    assert "ab" + "abcd" + "ab" == Path("log").read_text()
    assert [2, 1] == [len(each.runs) for each in found]


@pytest.mark.parametrize(
    "code", [f"open('{OUT}', 'w')", f"import os; os.makedirs('{OUT}/deep')"], ids=["file", "folder"]
)
def test_a_run_leaves_nothing_to_the_next(tmp_path, code):
    fresh = python(f"import os; assert not os.path.exists('{OUT}'); {code}")

    measured([subject(Name.BUILD, 10, fresh, fresh)], tmp_path, progress=lambda what: None)

    assert not (tmp_path / OUT).exists()


def test_a_ratio_is_of_runs_side_by_side():
    # The machine was ten times slower in the third round, and for both.
    assert 2 == ratio(usages(2, 2, 20), usages(1, 1, 10), lambda run: run.cpu)


# --- targets ----------------------------------------------------------------------------------------------------------


def test_a_run_within_all_bounds_meets_every_target():
    judged = targets(everything())

    assert [True] * 10 == [target.met for target in judged]
    assert 0 == exit_code(judged)


def test_a_slow_check_misses_its_targets():
    judged = targets(everything(check=0.01))

    assert ["check (python), 1,000 RayClusters / load them", "check, 1,000 RayClusters: python / clusterpolicy"] == [
        target.promise for target in judged if target.met is False
    ]
    assert 1 == exit_code(judged)


def test_memory_that_grows_with_the_square_misses_its_targets():
    judged = targets(everything(memory=lambda size: size * size * 100.0))

    assert [False] * 6 == [target.met for target in judged if "memory" in target.promise]


def test_what_was_not_measured_is_neither_met_nor_missed():
    judged = targets([runs_of(Name.BUILD, 10, 1)])

    assert {None} == {target.met for target in judged}
    assert 0 == exit_code(judged)


def test_growth_is_per_item_beyond_the_smallest_size():
    small, large = (runs_of(Name.BUILD, size, 1, peak) for size, peak in ((10, 5000), (110, 15000)))

    assert (None, Growth(100, 0)) == (growth([small, large], small), growth([small, large], large))


# --- report -----------------------------------------------------------------------------------------------------------

FOUND = [runs_of(Name.BUILD, 10, 2, 4 * MIB), runs_of(Name.BUILD, 100, 20, 94 * MIB)]
TARGETS = [Target("build / load", 4, 2.5), Target("check / load", 3, 3.5), Target("check / check", 0.05, None)]


def rendered(format: Format) -> str:
    return render(format, {"cores": "2"}, FOUND, TARGETS)


def test_text_is_aligned():
    expected = """\
cores 2

command    CPU s   MiB  yardstick    CPU s  MiB  CPU ratio  wall ratio  MiB ratio  KiB/item  runs
build 10    2.00   4.0  a yardstick   1.00  1.0       2.00        2.00       4.00               1
build 100  20.00  94.0  a yardstick   1.00  1.0      20.00       20.00      94.00    1024.0     1

target         at most   is
build / load         4  2.5  met
check / load         3  3.5  NOT MET
check / check     0.05    -  not measured
"""
    assert expected == rendered(Format.TEXT)


def test_markdown_is_a_table():
    assert "| target | at most | is |  |\n| --- | ---: | ---: | --- |\n| build / load | 4 | 2.5 | met |" in rendered(
        Format.MARKDOWN
    )


def test_json_holds_every_run():
    data = json.loads(rendered(Format.JSON))

    assert [{"cpuSeconds": 20, "wallSeconds": 20, "peakBytes": 94 * MIB}] == data["measurements"][1]["runs"]
    assert [True, False, None] == [target["met"] for target in data["targets"]]
