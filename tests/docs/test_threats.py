"""The page of threats says what is so: every test and file it names is there, and what nothing shows is a limit."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rayfence.model.config import Bounds, Container, Platform, Tenant
from rayfence.rules import RULES

TOP = Path(__file__).parents[2]
PAGES = ("threats.md", "limits.md")

_ROW = re.compile(r"^\| (\d+) \|(.+)\|$", re.MULTILINE)
_NUMBERS = re.compile(r"^\| ([\d, ]+) \|", re.MULTILINE)
_NAMED = re.compile(r"`((?:tests|testcases)/[\w./-]+)(?:::(\w+))?`")
_DERIVED = re.compile(r"derived: `([a-z-]+)`((?:, \*[^*]+\*)+)")


def page(name: str) -> str:
    return (TOP / "docs" / name).read_text()


def named_and_missing(text: str) -> list[str]:
    """What a page names and the repository does not have."""
    return [
        f"{path}::{test}" if test else path
        for path, test in _NAMED.findall(text)
        if not (TOP / path).exists() or (test and f"\ndef {test}(" not in (TOP / path).read_text())
    ]


def unlisted(threats: str, limits: str) -> set[int]:
    """Rows that nothing shows, and that are no limit either."""
    listed = {int(number) for row in _NUMBERS.findall(limits) for number in row.split(",")}
    listed |= {int(number) for number in re.findall(r"\b[Rr]ow\s+(\d+)", limits)}
    return {int(number) for number, row in _ROW.findall(threats) if "not shown" in row.lower()} - listed


def not_derived(text: str) -> list[str]:
    """The derived cases that a page names and that the rule does not have."""
    tenant = Tenant("team-a", ("ray-a",), Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")))
    breaks = {rule.ID: rule.breaks(Platform(), tenant) for rule in RULES}
    named = [(rule, case) for rule, cases in _DERIVED.findall(text) for case in re.findall(r"\*([^*]+)\*", cases)]
    return [f"{rule}: {case}" for rule, case in named if case not in breaks[rule]]


def test_whatever_derived_case_a_page_names_is_there() -> None:
    assert [] == not_derived(page("threats.md"))
    assert len(_DERIVED.findall(page("threats.md"))) > 3


def test_a_derived_case_that_is_not_there_is_found() -> None:
    assert ["guard-pods: none"] == not_derived("derived: `guard-pods`, *a nodeName*, *none*")


@pytest.mark.parametrize("name", PAGES)
def test_whatever_a_page_names_is_there(name: str) -> None:
    assert [] == named_and_missing(page(name))
    assert len(_NAMED.findall(page("threats.md"))) > 100


def test_every_threat_has_its_row() -> None:
    numbers = [int(number) for number, _ in _ROW.findall(page("threats.md"))]

    assert sorted(set(numbers)) == numbers
    assert set(range(1, 77)) <= set(numbers)


def test_what_nothing_shows_is_a_limit() -> None:
    assert set() == unlisted(page("threats.md"), page("limits.md"))


@pytest.mark.parametrize(
    "text", ["`testcases/kinds/none.yaml`", "`tests/docs/test_threats.py::test_none`", "`tests/none.py::test_none`"]
)
def test_what_is_not_there_is_found(text: str) -> None:
    assert [text.strip("`")] == named_and_missing(f"| 1 | a way in | nothing | {text} |")


def test_a_row_that_nothing_shows_and_no_limit_names_is_found() -> None:
    assert {7} == unlisted("| 7 | a way in | nothing | not shown |", "| 1, 8 | x |\n\nRow 9 too")
