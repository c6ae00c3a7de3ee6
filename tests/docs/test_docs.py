"""The reference pages say what the code says."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import cel_reference
import pytest

from rayfence import cel
from rayfence.backends import BACKENDS
from rayfence.cel.context import VARIABLES
from rayfence.cli import COMMANDS

from ..command_line import surroundings

TOP = Path(__file__).parents[2]


def docs(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, TOP / "tools" / "docs.py", *words],
        env=surroundings(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_the_reference_pages_are_up_to_date():
    assert (0, "") == (docs("--check").returncode, docs("--check").stderr)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_its_section(name):
    assert f"\n## rayfence {name}\n" in (TOP / "docs" / "cli.md").read_text()


@pytest.mark.parametrize(
    "row",
    [
        "| `metadata.name` | a name | required |",
        "| `spec.operator.ports` | a list of ports | `[8265, 8000]` |",
        "| `spec.container.cpu.min` | a quantity | required |",
        '| `spec.enforcement` | `Enforce`, `Audit`, `Warn` | `"Enforce"` |',
        "| `ingress[].from` | [peers](#peers) | required |",
    ],
)
def test_every_field_has_its_row(row):
    assert row in (TOP / "docs" / "tenant-config.md").read_text()


def test_the_page_of_cel_has_every_variable_and_every_helper():
    page = (TOP / "docs" / "cel.md").read_text()
    found = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))

    assert set() == {each.name for each in VARIABLES if each.for_rules} - found
    assert [] == cel_reference.unexplained(cel)
    assert ["added"] == cel_reference.unexplained(_module("added", "_private"))


def _module(*names: str) -> ModuleType:
    module = ModuleType("another")
    exec("\n".join(f"def {name}(): ..." for name in names), vars(module))
    for name in names:
        vars(module)[name].__module__ = "another"
    return module


def test_one_version_of_kubernetes_is_asked_for_everywhere():
    page, readme = TOP / "docs" / "moving-from-clusterpolicy.md", TOP / "README.md"
    told = [re.findall(r"needs\s+Kubernetes\s+(\d+\.\d+)", path.read_text()) for path in (page, readme)]
    told += [re.findall(r"Kubernetes (\S+)", BACKENDS["validatingadmissionpolicy"].needs.fix)]

    assert [["1.35"]] * 3 == told


def test_what_is_not_understood_is_refused():
    refused = docs("--chekc")

    assert (1, "usage: tools/docs.py [--check]\n") == (refused.returncode, refused.stderr)
