from __future__ import annotations

from dataclasses import replace

import pytest

from rayfence.gotool import CYCLONUS, GATOR, KUSTOMIZE, KYVERNO, Source, ToolMissing, find
from rayfence.gotool.pins import folder, version_of

CAUTION = "Kyverno 1.19.0 deletes and re-creates generated objects every hour; install 1.19.1 in the cluster too"


def test_the_program_that_the_variable_names_is_used(machine, monkeypatch):
    machine.program("kyverno", "Version: v1.19.1\n")
    named = machine.program("elsewhere", "Version: v1.19.1\n")
    monkeypatch.setenv("RAYFENCE_KYVERNO", str(named))

    found = find(KYVERNO, machine.said.append)

    assert (named, "1.19.1", Source.VARIABLE, None) == (found.path, found.version, found.source, found.warning)


def test_a_wrong_version_that_the_variable_names_is_used_with_a_warning(machine, monkeypatch):
    named = machine.program("elsewhere", "Version: v1.20.0\n")
    monkeypatch.setenv("RAYFENCE_KYVERNO", str(named))

    found = find(KYVERNO, machine.said.append)

    expected = (
        f"$RAYFENCE_KYVERNO: {named} is 1.20.0, not the pinned Kyverno CLI 1.19.1, and is used because you named it"
    )
    assert (named, "1.20.0", expected) == (found.path, found.version, found.warning)


def test_a_program_that_does_not_say_its_version_is_used_with_a_warning_when_named(machine, monkeypatch):
    named = machine.program("elsewhere", "hello\n")
    monkeypatch.setenv("RAYFENCE_KYVERNO", str(named))

    found = find(KYVERNO, machine.said.append)

    assert "unknown" == found.version
    assert f"{named} does not say its version" in (found.warning or "")


def test_a_variable_that_names_no_program_is_an_error_and_not_passed_over(machine, monkeypatch):
    machine.program("kyverno", "Version: v1.19.1\n")
    monkeypatch.setenv("RAYFENCE_KYVERNO", "/nowhere/kyverno")

    with pytest.raises(ToolMissing) as missing:
        find(KYVERNO, machine.said.append)

    expected = "$RAYFENCE_KYVERNO is /nowhere/kyverno, which is not a program; correct it, or unset it"
    assert expected == str(missing.value)


def test_an_empty_variable_is_as_good_as_none(machine, monkeypatch):
    machine.program("kyverno", "Version: v1.19.1\n")
    monkeypatch.setenv("RAYFENCE_KYVERNO", "")

    assert Source.PATH == find(KYVERNO, machine.said.append).source


@pytest.mark.parametrize("name", KYVERNO.executables)
def test_the_pinned_version_on_path_is_used_under_each_of_its_names(machine, name):
    program = machine.program(name, "Version: v1.19.1\n")

    found = find(KYVERNO, machine.said.append)

    assert (program, Source.PATH, None, []) == (found.path, found.source, found.warning, machine.said)


def test_the_right_name_on_path_makes_up_for_a_wrong_one(machine):
    machine.program("kyverno", "Version: v1.18.0\n")
    right = machine.program("kubectl-kyverno", "Version: v1.19.1\n")

    found = find(KYVERNO, machine.said.append)

    assert (right, None) == (found.path, found.warning)


@pytest.mark.parametrize(
    ("says", "why"),
    [
        pytest.param("1.19.0", f"is 1.19.0, not the pinned Kyverno CLI 1.19.1 ({CAUTION})", id="older"),
        pytest.param("1.9.5", f"is 1.9.5, not the pinned Kyverno CLI 1.19.1 ({CAUTION})", id="older, not as text"),
        pytest.param("1.20.0", "is 1.20.0, not the pinned Kyverno CLI 1.19.1", id="newer"),
        pytest.param("1.19.1-rc.1", "is 1.19.1-rc.1, not the pinned Kyverno CLI 1.19.1", id="release candidate"),
        pytest.param("---", "is ---, not the pinned Kyverno CLI 1.19.1", id="development build"),
    ],
)
def test_a_wrong_version_on_path_is_named_and_passed_over(machine, says, why):
    wrong = machine.program("kyverno", f"Version: {says}\n")
    machine.go()

    found = find(KYVERNO, machine.said.append)

    assert (Source.BUILT, f"{wrong} {why}, and is passed over") == (found.source, found.warning)


def test_a_program_on_path_that_fails_is_named_and_passed_over(machine):
    wrong = machine.program("kyverno", "Version: v1.19.1\n", code=1)
    machine.go()

    found = find(KYVERNO, machine.said.append)

    expected = f"{wrong} does not say its version, not the pinned Kyverno CLI 1.19.1, and is passed over"
    assert expected == found.warning


def test_kustomize_says_its_version_in_its_own_way(machine):
    program = machine.program("kustomize", "v5.8.2\n")

    assert (program, "5.8.2") == ((found := find(KUSTOMIZE, machine.said.append)).path, found.version)


def test_gator_says_its_version_below_its_banner(machine):
    program = machine.program(
        "gator", " ::::::::\ngator: gator is a suite of tools\n\nGitVersion:    v3.23.1\nGitCommit:     unknown\n"
    )

    assert (program, "3.23.1") == ((found := find(GATOR, machine.said.append)).path, found.version)


def test_a_relative_path_still_works_from_another_folder(machine, monkeypatch):
    machine.program("kyverno", "Version: v1.19.1\n")
    monkeypatch.chdir(machine.bin)
    monkeypatch.setenv("RAYFENCE_KYVERNO", "./kyverno")

    assert machine.bin / "kyverno" == find(KYVERNO, machine.said.append).path


def test_a_failed_build_still_tells_of_what_was_passed_over(machine):
    wrong = machine.program("kyverno", "Version: v1.18.0\n")
    machine.go(build="exit 1")

    with pytest.raises(ToolMissing) as missing:
        find(KYVERNO, machine.said.append)

    assert str(missing.value).startswith(f"{wrong} is 1.18.0, not the pinned Kyverno CLI 1.19.1")


@pytest.mark.engine
@pytest.mark.parametrize("tool", [KYVERNO, KUSTOMIZE, GATOR, CYCLONUS], ids=lambda tool: tool.name)
def test_the_real_program_is_of_the_pinned_version(tool):
    found = find(tool, print)

    assert tool.version == found.version


SILENT = replace(KYVERNO, version_arguments=(), version_pattern=r"^mod\tgithub\.com/kyverno/kyverno\tv([^\t\n]+)")
"""A program that cannot be asked."""


@pytest.mark.parametrize(
    ("bytes_in_it", "version"),
    [
        pytest.param(b"\x00\xff\nmod\tgithub.com/kyverno/kyverno\tv1.19.1\th1:x=\n", "1.19.1", id="the linker's word"),
        pytest.param(b"\x00\xff\nmod\tgithub.com/other/module\tv1.19.1\th1:x=\n", None, id="another module's"),
        pytest.param(b"", None, id="nothing"),
    ],
)
def test_of_a_program_that_cannot_be_asked_the_bytes_say_the_version(machine, bytes_in_it, version):
    program = machine.program("silent", "")
    program.write_bytes(bytes_in_it)

    assert version == version_of(SILENT, program)


def test_programs_may_share_the_pins_of_one_folder():
    assert folder("kyverno") == replace(GATOR, pins="kyverno").folder
    assert folder("gator") == GATOR.folder
