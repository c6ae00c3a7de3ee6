"""What holds for every command: help, mistakes in arguments, colour, pipes, interrupts, the system's refusals."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import BinaryIO

import pytest
from click.shell_completion import ShellComplete

import rayfence as package
from rayfence.cli import COMMANDS, RENAMED, cli

from ..command_line import cluster, process, rayfence, start, surroundings, tenant, write


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to stand in, with one tenant, one good and one bad RayCluster."""
    write(tmp_path / "tenants", a=tenant())
    write(tmp_path, good=cluster(), bad=cluster("bad", cpu="5"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [("-h",), ("--help",), ()], ids=["-h", "--help", "nothing"])
def test_help_names_every_command_and_every_exit_code(words):
    said = rayfence(*words).output

    assert list(COMMANDS) == re.findall(r"^  (\w[\w-]*)  +[A-Z]", said, re.MULTILINE)
    assert ["0", "1", "2", "3"] == re.findall(r"^    (\d)  ", said, re.MULTILINE)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_the_help_of_a_command_has_examples_and_exit_codes(name, flag):
    result = rayfence(name, flag)

    assert 0 == result.exit_code
    assert f"rayfence {name}" in result.stdout.partition("Examples:")[2]
    assert "0  " in result.stdout.partition("Exit codes:")[2]
    assert "\b" not in result.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_called_as_the_table_has_it(name):
    command = cli.get_command(None, name)

    assert name == command.name


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_an_old_name_of_a_command_works_and_says_the_new_one(old, new, place):
    for words, code in [(("--help",), 0), (("--most", "0"), 2), (("--tenants", "missing"), 2)]:
        by_old, by_new = rayfence(old, *words), rayfence(new, *words)

        assert (code, by_new.stdout) == (by_old.exit_code, by_old.stdout)
        assert f"note: `{old}` is now `{new}`\n{by_new.stderr}" == by_old.stderr
        assert code == by_new.exit_code
        assert f"`{old}`" not in by_new.stderr


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_help_and_advice_have_the_new_name_alone(old, new):
    said = rayfence("--help").output + rayfence("frobnicate").stderr

    assert new in said
    assert not re.search(rf"\b{old}\b", said)


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_shell_that_completes_an_old_name_gets_no_note(old, new, capsys):
    wanted = ShellComplete(cli, {}, "rayfence", "_RAYFENCE_COMPLETE").get_completions([old], "--mos")

    assert ["--most"] == [each.value for each in wanted]
    assert ("", "") == capsys.readouterr()


@pytest.mark.parametrize("name", ["install", "mutation-test"])
def test_one_backend_is_the_kind_that_every_kyverno_enforces_if_no_other_is_named(name):
    assert re.search(r"--backend .*?\[default:\s+validatingpolicy\]", rayfence(name, "--help").stdout, re.DOTALL)


def test_the_version_is_that_of_the_package():
    assert f"rayfence {package.__version__}\n" == start("--version", cwd=Path.cwd()).stdout


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        pytest.param(("biuld",), "no command biuld; did you mean build?", id="command"),
        pytest.param(("mutat",), "no command mutat; did you mean mutation-test?", id="renamed"),
        pytest.param(("frobnicate",), f"no command frobnicate; there are {', '.join(COMMANDS)}", id="unknown"),
        pytest.param(
            ("build", "--backend", "clusterpolcy"), "no clusterpolcy; did you mean clusterpolicy?", id="backend"
        ),
        pytest.param(("check", "x", "--format", "xml"), "no xml; write text or json or sarif or github", id="format"),
        pytest.param(("check", "x", "--engine", "pyton"), "no pyton; did you mean python?", id="engine"),
        pytest.param(("build", "--tenant", "x"), "--tenants", id="option"),
        pytest.param(("check",), "PATH...", id="no path"),
        pytest.param(("test", "--jobs", "0"), "0 is not in the range", id="no jobs"),
        pytest.param(("test", "--output", "no/such/report"), "there is no folder no/such; make it first", id="output"),
        pytest.param(("test", "--output", "."), ". is a folder; name a file", id="output is a folder"),
    ],
)
def test_a_mistake_in_the_arguments_is_answered(words, answer):
    result = rayfence(*words)

    assert 2 == result.exit_code
    assert answer in result.stderr


def test_a_report_that_is_a_file_leaves_stdout_alone(place):
    result = rayfence("check", "good.yaml", "--format", "json", "--output", "report.json")

    assert "" == result.stdout
    assert "wrote report.json: 1 admitted, 0 denied, 0 not judged, 0 errors\n" == result.stderr
    assert (place / "report.json").read_text().startswith('{\n  "results"')


def test_a_reader_who_leaves_early_changes_nothing(place):
    read, written = os.pipe()
    os.close(read)
    done = subprocess.run(
        process("check", "bad.yaml"), env=surroundings(), stdout=written, stderr=subprocess.PIPE, check=False
    )
    os.close(written)

    assert (1, b"") == (done.returncode, done.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", [("check", "good.yaml"), ("--help",)], ids=["answer", "help"])
def test_a_full_disk_is_one_line(place, words):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(process(*words), env=surroundings(), stdout=full, stderr=subprocess.PIPE, check=False)

    assert (2, b"error: no space left on device\n") == (done.returncode, done.stderr)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_line(place):
    (place / "good.yaml").chmod(0)
    result = rayfence("check", "good.yaml")

    assert (2, "error: good.yaml: permission denied\n") == (result.exit_code, result.stderr)


def test_a_file_where_a_folder_must_be_is_one_line(place):
    (place / "policies").write_text("")
    result = rayfence("build")

    assert (2, "error: policies: not a directory\n") == (result.exit_code, result.stderr)


def test_an_interrupt_says_nothing_and_is_130(place):
    os.mkfifo(place / "slow.yaml")
    running = subprocess.Popen(
        process("check", "slow.yaml"), env=surroundings(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    with opened_by_its_reader(place / "slow.yaml", running):
        # Between opening and reading, Python notices a signal only once there is something to read.
        time.sleep(0.5)
        running.send_signal(signal.SIGINT)
        said = running.communicate(timeout=60)

    assert (130, (b"", b"")) == (running.returncode, said)


def opened_by_its_reader(pipe: Path, reader: subprocess.Popen[bytes]) -> BinaryIO:
    """The end of a named pipe to write to, once the reader waits at the other one."""
    while reader.poll() is None:
        try:
            return os.fdopen(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK), "wb")
        except OSError:  # nobody reads yet
            time.sleep(0.01)
    pytest.fail(f"ended with {reader.returncode} before it read")


def test_a_terminal_without_utf_8_gets_escapes(place):
    write(place, odd="kind: Tänzer\na: [\n")
    done = start("check", "odd.yaml", "tänzer.yaml", cwd=place, PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")

    assert 2 == done.returncode
    assert "t\\xe4nzer.yaml: no such file or folder" in done.stderr


def test_what_programs_read_is_utf_8_whatever_the_terminal_has(place):
    write(place, odd=cluster("t\u00e4nzer"))
    done = subprocess.run(
        process("check", "odd.yaml", "--format", "json"),
        env=surroundings(PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0"),
        capture_output=True,
        check=False,
    )

    assert '"name": "t\u00e4nzer"'.encode() in done.stdout


def on_a_terminal(*words: str, **more: str) -> str:
    """What a command shows there, both streams together."""
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        with os.fdopen(theirs, "wb", buffering=0) as terminal:
            running = subprocess.Popen(
                process(*words), env=surroundings(**{"TERM": "xterm", **more}), stdout=terminal, stderr=terminal
            )
        shown = b""
        try:
            while block := screen.read(4096):
                shown += block
        except OSError:  # how Linux says that the last writer is gone
            pass
        running.wait(30)
    return shown.decode()


def test_a_terminal_gets_colour(place):
    assert "\x1b[" in on_a_terminal("check", "bad.yaml")


@pytest.mark.parametrize("more", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=str)
def test_a_terminal_that_wants_no_colour_gets_none(place, more, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    shown = on_a_terminal("check", "bad.yaml", **more)

    assert "[limit-resources]" in shown
    assert "\x1b[" not in shown


def test_a_pipe_gets_no_colour(place):
    assert "\x1b" not in start("check", "bad.yaml", cwd=place, TERM="xterm").stdout
