"""Mutants that no case can notice: each entry of the list fits a mutant, alone, and none outlives its expression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence import mutation
from rayfence.backends import BACKENDS
from rayfence.manifests import bundle
from rayfence.mutation import Mutant, MutantResult, known, matches, mutants
from rayfence.rules.equivalents import EQUIVALENTS, Equivalent

from ..builders import sample
from . import test_elsewhere as test_mutation_elsewhere

TOP = Path(__file__).resolve().parents[2]
CONFIG = sample()

FILE = "clusterpolicy/enforce-tenant-isolation.yaml"
EXPRESSION = "variables.pods.filter(p, type(p.name) == string && p.name != '')"
QUOTED = f"        - name: pods\n          expression: '{EXPRESSION.replace(chr(39), chr(39) * 2)}'\n"
BLOCK = (
    "        - name: pods\n          expression: |-\n            "
    + EXPRESSION.replace(" && ", "\n            && ")
    + "\n"
)
ENTRY = Equivalent("pods", "== string && p.name != ''", "== string || p.name != ''", "for the sake of the test")


@pytest.fixture(scope="module")
def every() -> list[tuple[Mapping[str, str], Mutant]]:
    """Every mutant of every backend, and some of other tenants' policies, with the policies it is one of."""
    bundles = [(bundle.files(CONFIG, [backend]), backend) for backend in BACKENDS]
    bundles.append((test_mutation_elsewhere.FILES, "gatekeeper"))
    return [(files, mutant) for files, backend in bundles for mutant in mutants(files, backend)]


def fitting(entry: Equivalent, every: list[tuple[Mapping[str, str], Mutant]]) -> list[Mutant]:
    return [mutant for files, mutant in every if matches(entry, mutant, files)]


@pytest.mark.slow
@pytest.mark.parametrize("entry", EQUIVALENTS, ids=lambda entry: f"{entry.variable}: {entry.now}")
def test_every_entry_fits_a_mutant(entry: Equivalent, every: list[tuple[Mapping[str, str], Mutant]]) -> None:
    assert fitting(entry, every)


@pytest.mark.slow
@pytest.mark.parametrize("entry", EQUIVALENTS, ids=lambda entry: f"{entry.variable}: {entry.now}")
def test_an_entry_fits_nothing_any_more_when_its_expression_changes(
    entry: Equivalent, every: list[tuple[Mapping[str, str], Mutant]]
) -> None:
    stale = replace(entry, was=f"{entry.was} (as it was once)", now=f"{entry.now} (as it was once)")

    assert [] == fitting(stale, every)


@pytest.mark.slow
def test_no_mutant_has_two_entries(every: list[tuple[Mapping[str, str], Mutant]]) -> None:
    for files, mutant in every:
        assert 1 >= sum(matches(entry, mutant, files) for entry in EQUIVALENTS), mutant


@pytest.mark.parametrize("entry", [entry for entry in EQUIVALENTS if entry.test], ids=lambda entry: entry.test)
def test_what_is_noticed_elsewhere_is_noticed_by_a_test_that_is_there(entry: Equivalent) -> None:
    file, _, name = entry.test.partition("::")

    assert f"\ndef {name}(" in (TOP / file).read_text()


@pytest.mark.parametrize("text", [QUOTED, BLOCK], ids=["quoted", "in lines"])
def test_an_entry_fits_however_yaml_writes_the_expression(text: str) -> None:
    files = {FILE: text}
    found = [mutant.name for mutant in mutants(files, "clusterpolicy") if matches(ENTRY, mutant, files)]

    assert ["&& becomes || in pods"] == found


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, variable="sites"),
        replace(ENTRY, where="guard-pods"),
        replace(ENTRY, now="== string && p.name == ''", was="== string && p.name != 'x'"),
        replace(ENTRY, was="!= string && p.name != ''", now="!= string || p.name != ''"),
    ],
    ids=["another variable", "another policy", "another text", "another text before"],
)
def test_an_entry_fits_nothing_else(entry: Equivalent) -> None:
    files = {FILE: QUOTED}

    assert [] == [mutant for mutant in mutants(files, "clusterpolicy") if matches(entry, mutant, files)]


@pytest.mark.parametrize(
    ("word", "by", "entry"),
    [
        ("killed", "a case", None),
        ("survived", "", None),
        ("equivalent", "", ENTRY),
        ("elsewhere", "", replace(ENTRY, test="tests/mutation/test_mutation.py::test_something")),
        ("killed", "a case", ENTRY),
    ],
)
def test_a_fate_in_a_word(word: str, by: str, entry: Equivalent | None) -> None:
    mutant = Mutant("a slip", FILE, 0, " && ", " || ", "")

    assert word == MutantResult(mutant, 1, by, entry).word


def test_a_mutant_without_an_entry_is_not_known() -> None:
    files = {FILE: QUOTED}

    assert [None] * 3 == [known(mutant, files) for mutant in mutation.mutants(files, "clusterpolicy")]
