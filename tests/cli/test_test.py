"""`rayfence test` and `rayfence engines`: what is run, what is said of it, and when there is no answer."""

from __future__ import annotations

import json
import re

import pytest

from rayfence.gotool import GATOR, KYVERNO

from ..command_line import cluster, rayfence, tenant, write

SILENT = """\
#!/bin/sh
[ "$1" = version ] && printf 'Version: v%s\\nGitVersion: v%s\\n' {version} {version}
exit 0
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to stand in, with one tenant and one case of each kind."""
    write(tmp_path / "tenants", a=tenant())
    too_much = cluster("bad", cpu="5").replace("memory: 8Gi}\n", "memory: 8Gi}  # fails: limit-resources\n")
    write(tmp_path / "testcases", good=cluster(), bad=too_much)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def silent(place, monkeypatch):
    """A program that has the right version and says nothing else; the other engine is one too."""
    for tool in (KYVERNO, GATOR):
        program = place / tool.name
        program.write_text(SILENT.format(version=tool.version))
        program.chmod(0o755)
    monkeypatch.setenv("RAYFENCE_GATOR", str(place / "gator"))
    return str(place / "kyverno")


def test_no_cases_are_no_yes(place):
    (place / "bare").mkdir()
    result = rayfence("test", "--testcases", "bare")

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("bare: no test cases here; write ")
    assert result.stderr.endswith("nothing was tested\n")


@pytest.mark.parametrize("words", [(), ("--no-derived",)], ids=["with derived ones", "without"])
def test_a_folder_without_cases_is_seen_beside_one_with_cases(place, words):
    (place / "bare").mkdir()

    assert 2 == rayfence("test", "--testcases", "testcases", "--testcases", "bare", *words).exit_code


def test_a_case_that_names_an_unknown_rule_is_wrong_input(place):
    write(place / "testcases", odd=cluster() + "# fails: limit-resorces\n")
    result = rayfence("test")

    assert (2, "") == (result.exit_code, result.stdout)
    assert "testcases/odd.yaml:18: " in result.stderr
    assert "limit-resources" in result.stderr


def test_a_wrong_config_is_wrong_input(place):
    (place / "tenants" / "a.yaml").write_text("kind: Tenat\n")

    assert 2 == rayfence("test").exit_code


@pytest.mark.slow
@pytest.mark.parametrize("words", [("test",), ("engines",)], ids=lambda words: words[0])
def test_an_engine_that_is_missing_is_three(place, words):
    result = rayfence(*words, RAYFENCE_KYVERNO="/no/such/kyverno")

    assert (3, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("error: $RAYFENCE_KYVERNO is /no/such/kyverno, which is not a program")


@pytest.mark.parametrize(
    "words",
    [("test", "--no-derived"), ("check", "testcases", "--engine", "clusterpolicy")],
    ids=lambda words: words[0],
)
def test_an_engine_that_does_not_answer_is_three(place, silent, words):
    result = rayfence(*words, RAYFENCE_KYVERNO=silent)

    assert (3, "") == (result.exit_code, result.stdout)
    assert "\nerror: " in "\n" + result.stderr


@pytest.mark.parametrize(("words", "cases"), [((), "[0-9]{2,}"), (("--no-derived",), "2")], ids=["with", "without"])
@pytest.mark.slow
def test_derived_cases_come_to_the_written_ones(place, silent, words, cases):
    said = rayfence("test", *words, RAYFENCE_KYVERNO=silent).stderr

    assert re.match(f"running {cases} cases on Kyverno CLI", said)


def test_engines_says_where_the_engine_is(place, silent):
    result = rayfence("engines", RAYFENCE_KYVERNO=silent)

    assert 0 == result.exit_code
    assert [
        f"{KYVERNO.title} {KYVERNO.version} (environment): {silent}",
        f"{GATOR.title} {GATOR.version} (environment): {place / 'gator'}",
    ] == result.stdout.splitlines()


def test_another_version_is_warned_of(place, silent):
    (place / "kyverno").write_text(SILENT.format(version="1.0.0"))
    result = rayfence("engines", RAYFENCE_KYVERNO=silent)

    assert result.stderr.startswith(f"warning: $RAYFENCE_KYVERNO: {silent} is 1.0.0, not the pinned")


@pytest.mark.engine
def test_cases_that_come_out_as_expected_are_a_yes(place):
    result = rayfence("test", "--no-derived", "--backend", "clusterpolicy")

    assert 0 == result.exit_code
    assert result.stderr.startswith("running 2 cases on Kyverno CLI")
    assert result.stdout.splitlines()[-1].startswith("clusterpolicy: 2 cases as expected, 0 not; ")


@pytest.mark.engine
def test_a_case_that_does_not_is_a_no(place):
    write(place / "testcases", good=cluster(cpu="5"))
    result = rayfence("test", "--no-derived", "--backend", "clusterpolicy", "--format", "json")

    assert 1 == result.exit_code
    assert ["bad", "good"] == [each["case"] for each in json.loads(result.stdout)["outcomes"]]
    assert [True, False] == [each["ok"] for each in json.loads(result.stdout)["outcomes"]]


@pytest.mark.engine
@pytest.mark.parametrize("backend", ["validatingpolicy", "validatingadmissionpolicy"])
def test_each_backend_can_be_asked(place, backend):
    result = rayfence("test", "--no-derived", "--backend", backend)

    assert 0 == result.exit_code
    assert result.stdout.splitlines()[-1].startswith(f"{backend}: 2 cases as expected, 0 not; ")


@pytest.mark.engine
def test_a_report_may_be_a_file(place):
    result = rayfence("test", "--no-derived", "--backend", "clusterpolicy", "--output", "report.txt")

    assert (0, "") == (result.exit_code, result.stdout)
    assert (place / "report.txt").read_text().splitlines()[-1] in result.stderr
