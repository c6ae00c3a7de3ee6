"""docs/reach.md shows what the program says, word for word; `...` stands for lines that are left out."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from rayfence.cli import console

from ..command_line import rayfence

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "reach.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ rayfence (reach[^\n]*)\n(.*?)```", PAGE, re.DOTALL)
FILES = dict(re.findall(r"```yaml\n# (\S+)\n(.*?)```", PAGE, re.DOTALL))


def test_there_is_something_to_compare() -> None:
    assert (6, ["dashboards.yaml", "hand-written.yaml", "scaled.yaml"]) == (len(SHOWN), sorted(FILES))


@pytest.mark.slow
@pytest.mark.parametrize(("command", "shown"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_is_shown_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str, shown: str) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    # As on a terminal.
    monkeypatch.setattr(console, "is_read", lambda: True)
    monkeypatch.setattr(console, "width", lambda: console.WIDTH_OF_A_PIPE)
    said = rayfence(*shlex.split(command), "--tenants", TOP / "tenants").stdout.splitlines()
    lines = [line for line in shown.splitlines() if line != "..."]

    # Every line that is shown is said, in this order.
    rest = iter(said)
    assert [] == [line for line in lines if line not in rest]


def test_a_line_that_is_not_said_would_be_seen() -> None:
    rest = iter(["one", "two"])

    assert ["three"] == [line for line in ("two", "three") if line not in rest]
