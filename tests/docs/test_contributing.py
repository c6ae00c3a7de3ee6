"""What the pages for contributors name is there: files, folders and commands of make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rayfence.audit.values import Drift, DriftKind
from rayfence.rules import ids

TOP = Path(__file__).parents[2]
PAGES = ("CONTRIBUTING.md", "SECURITY.md", "README.md", "docs/tour.md", "docs/naming.md", "docs/README.md")
TARGETS = set(
    re.findall(r"[\w-]+", (TOP / "Makefile").read_text(encoding="utf-8").partition(".PHONY:")[2].split("\n")[0])
)
TOPS = ("benchmarks", "docs", "generator", "policies", "tenants", "testcases", "testing", "tests", "tools")

_PATH = re.compile(rf"`((?:{'|'.join(TOPS)})/[\w./-]*|[\w-]+\.(?:md|toml|yml))`")


def missing(text: str) -> list[str]:
    """The files, folders and targets that a page names and that are not there. A name with `<…>` stands for many."""
    paths = [
        each
        for each in _PATH.findall(text)
        if not any((top / each).exists() for top in (TOP, TOP / "docs", TOP / "tools"))
    ]
    return paths + [f"make {each}" for each in re.findall(r"`make ([\w-]+)", text) if each not in TARGETS]


@pytest.mark.parametrize("page", PAGES)
def test_whatever_a_page_names_is_there(page: str) -> None:
    assert [] == missing((TOP / page).read_text(encoding="utf-8"))


def test_the_map_names_every_package() -> None:
    page = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    packages = {each.parent.name for each in (TOP / "generator" / "rayfence").glob("*/__init__.py")}

    # Those without a row of their own are in the picture above the table, by their names.
    assert set() == {each for each in packages if not re.search(rf"\b{each}\b", page)}


def unknown(text: str) -> set[str]:
    """Ids that a page names and that are neither a rule's nor a finding's."""
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", text)) - {"rayfence-quota", "rayfence-pod-affinity"}
    doctor = (TOP / "generator" / "rayfence" / "doctor").glob("*.py")
    findings = {each for path in doctor for each in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', path.read_text())}
    deviations = {Drift(what, None, "", "", "").rule for what in DriftKind}
    return named - findings - deviations - set(ids())


def test_every_finding_of_the_page_of_troubles_is_one() -> None:
    page = (TOP / "docs" / "troubleshooting.md").read_text(encoding="utf-8")

    assert set() == unknown(page)
    assert {"no-such-finding"} == unknown("`no-such-finding`, `kyverno-down`, `limit-resources`, `doctor`")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`tests/none.py` and `tests/conftest.py`", ["tests/none.py"]),
        ("`generator/rayfence/none/`", ["generator/rayfence/none/"]),
        ("`testcases/<rule-id>/`", []),
        ("`make nothing` and `make lint`", ["make nothing"]),
        ("`NONE.md`", ["NONE.md"]),
    ],
)
def test_what_is_not_there_is_found(text: str, expected: list[str]) -> None:
    assert expected == missing(text)
