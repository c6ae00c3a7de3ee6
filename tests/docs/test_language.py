"""The words of `docs/naming.md` are kept: none of the phrases to avoid is in a page or in the help of a command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click
import pytest

from rayfence.cli import COMMANDS, cli

TOP = Path(__file__).parents[2]
NAMING = TOP / "docs" / "naming.md"
WRITTEN = "<!-- Written by tools/docs.py."
PAGES = [
    *(TOP / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md")),
    *(path for path in sorted((TOP / "docs").rglob("*.md")) if path != NAMING),
]
BY_HAND = [path for path in PAGES if not path.read_text(encoding="utf-8").startswith(WRITTEN)]
GENERATED = [path for path in PAGES if path not in BY_HAND]

_BLOCK = re.compile(r"^( *)(```|~~~).*?^\1\2", re.DOTALL | re.MULTILINE)
_QUOTED = re.compile(r"``.+?``|`[^`]+`|\]\([^)]*\)|<!--.*?-->", re.DOTALL)


def avoided(page: str) -> list[str]:
    """The phrases to avoid, from the table of the page of words."""
    table = page.partition("\n## Phrases to avoid\n")[2]
    rows = [row for row in table.splitlines() if row.startswith("| `")]
    return [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row.split("|")[1])]


def found_in(text: str, phrases: Iterable[str]) -> list[str]:
    """The lines with such a phrase; code and the targets of links do not count."""
    blank = _QUOTED.sub(_lines_of, _BLOCK.sub(_lines_of, text))
    # A phrase may be broken where a line ends.
    words = {each: re.compile(rf"\b{re.escape(each)}\b".replace(r"\ ", r"\s+"), re.IGNORECASE) for each in phrases}
    hits = [(hit.start(), each) for each, pattern in words.items() for hit in pattern.finditer(blank)]
    return [f"{blank.count(chr(10), 0, start) + 1}: {each}" for start, each in sorted(hits)]


def _lines_of(match: re.Match[str]) -> str:
    return " " + "\n" * match[0].count("\n")


AVOIDED = avoided(NAMING.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", BY_HAND, ids=lambda path: path.relative_to(TOP).as_posix())
def test_a_page_avoids_what_is_to_be_avoided(page: Path) -> None:
    assert [] == found_in(page.read_text(encoding="utf-8"), AVOIDED)


@pytest.mark.parametrize("page", GENERATED, ids=lambda path: path.relative_to(TOP).as_posix())
def test_a_generated_page_avoids_it_too(page: Path) -> None:
    assert [] == found_in(page.read_text(encoding="utf-8"), AVOIDED)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_avoids_it_too(name: str) -> None:
    context = click.Context(cli, info_name="rayfence", **cli.context_settings)
    command = cli.get_command(context, name)
    assert command is not None
    text = command.get_help(click.Context(command, info_name=name, parent=context))

    assert [] == found_in(text, AVOIDED)


def test_the_list_of_commands_avoids_it_too() -> None:
    text = cli.get_help(click.Context(cli, info_name="rayfence", **cli.context_settings))

    assert set(COMMANDS) <= set(text.split())
    assert [] == found_in(text, AVOIDED)


def test_there_is_something_to_avoid_and_somewhere_to_look() -> None:
    assert {"judged", "in charge", "of another hand"} <= set(AVOIDED)
    assert len(BY_HAND) > 30
    assert ["cel.md", "cli.md", "mutation.md", "rules.md", "tenant-config.md"] == [path.name for path in GENERATED]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A page.\n\nPolicies are judged here.", ["3: judged"]),
        ("the object in\ncharge", ["1: in charge"]),
        ("Somebody is in charge.", ["1: somebody", "1: in charge"]),
        ("`make judge` and [a page](judge.md)", []),
        ("```text\n0 not judged\n```\n", []),
        ("```text\n0 not judged\n```\nIt judges.", ["4: judges"]),
        ("prejudged, adjudges", []),
    ],
)
def test_a_phrase_is_found_where_it_is_written_and_not_in_code(text: str, expected: list[str]) -> None:
    assert expected == found_in(text, AVOIDED)


def test_a_phrase_is_read_from_the_first_column_alone() -> None:
    page = (
        "# Words\n\n| `kept` | x |\n\n## Phrases to avoid\n\n| avoid | write |\n| --- | --- |\n| `a`, `b c` | `d` |\n"
    )

    assert ["a", "b c"] == avoided(page)
