"""YAML in: values, documents and lines."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import pytest

from rayfence.model.field_path import FieldPath
from rayfence.yamlio import Document, Problem, read

GENERATOR = File(__file__).parents[2] / "generator"


def values(text: str | bytes) -> list[Any]:
    """The values of a text without problems."""
    return [document.value for document in documents(text)]


def documents(text: str | bytes) -> Iterator[Document]:
    for found in read(text, "f.yaml"):
        assert isinstance(found, Document), str(found)
        yield found


# Scalars, as sigs.k8s.io/yaml reads them.

SCALARS: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"), False),
    **dict.fromkeys(("~", "null", "Null", "NULL", "!!null ''"), None),
    **{
        text: text for text in ("tRUE", "yEs", "nULL", "=", "<<", "12:30", "1:2:3", "2001-01-01", "2001-12-14 21:59:43")
    },
    **{text: text for text in ("+", "-x", "1.2.3", "500m", "1e400", "0x", "0xg", "_1", ".", ".e3", ".5__0", "1_a")},
    **{"0": 0, "-0": 0, "+5": 5, "010": 8, "0o10": 8, "0O10": 8, "0b11": 3, "0x1F": 31, "-0x1F": -31, "1_000": 1000},
    **{"1__0": 10, "18446744073709551615": 2**64 - 1, "-9223372036854775808": -(2**63)},
    **{"1e3": 1000.0, "4.0": 4.0, "1.": 1.0, ".5": 0.5, "-.5e1": -5.0, "08": 8.0, ".5_0": 0.5, "1e-400": 0.0},
    **{"18446744073709551616": 2.0**64, "+18446744073709551615": 2.0**64},
    **{"'yes'": "yes", '"1"': "1", "! 5": "5", "! yes": "yes", "!!str 5": "5", "!!str": "", "!foo 5": "5"},
    **{
        "!!int '5'": 5,
        "!!float 5": 5.0,
        "!!bool yes": True,
        "!!binary aGk=": "hi",
        "&a 5": 5,
        "!!timestamp 2001-01-01": "2001-01-01",
    },
    **{
        "0x8000000000000000000": "0x8000000000000000000",
        "9" * 5000: "9" * 5000,
        "\u0661": "\u0661",
        "1\u0661": "1\u0661",
    },
}


@pytest.mark.parametrize(("text", "value"), SCALARS.items(), ids=[text[:30] for text in SCALARS])
def test_a_scalar_means_what_it_means_to_kubernetes(text: str, value: Any) -> None:
    [found] = values(f"a: {text}\n")[0].values()

    assert (value, type(value)) == (found, type(found))


KEYS = {
    "1": "1",
    "0x10": "16",
    "yes": "true",
    "off": "false",
    "1.5": "1.5",
    "0.1": "0.1",
    "1e6": "1e+06",
    "100000.0": "100000",
    "1e-5": "1e-05",
    "1234567.5": "1.2345675e+06",
    "'yes'": "yes",
    "!!str 5": "5",
    "'<<'": "<<",
    "2001-01-01": "2001-01-01",
}


@pytest.mark.parametrize(("text", "key"), KEYS.items(), ids=KEYS)
def test_a_key_becomes_text_as_in_kubernetes(text: str, key: str) -> None:
    assert [{key: {}}] == values(f"{text}: {{}}\n")


# Documents.


def test_empty_documents_are_left_out() -> None:
    assert [{"a": 1}, {"b": 2}] == values("---\n# nothing\n---\na: 1\n---\nnull\n--- ~\n---\nb: 2\n...\n---\n")


def test_a_file_without_documents_has_none() -> None:
    assert [] == values("")
    assert [] == values("# a comment\n")


@pytest.mark.parametrize("text", ["\ufeffä: ö\n", "\ufeffä: ö\n".encode(), "ä: ö\r\n".encode(), "ä: ö"])
def test_names_in_any_script_are_read(text: str | bytes) -> None:
    assert [{"ä": "ö"}] == values(text)


def test_windows_line_ends_are_line_ends() -> None:
    [document] = documents("a: 1\r\nb:\r\n  - c\r\n  - |\r\n    d\r\n    e\r\n")

    assert {"a": 1, "b": ["c", "d\ne\n"]} == document.value
    assert 4 == document.line_of(FieldPath.of("b", 1))


def test_documents_are_read_one_at_a_time() -> None:
    found = read("a: 1\n---\nb: [\n", "f.yaml")

    assert isinstance(next(found), Document)
    assert isinstance(next(found), Problem)


# Aliases and merge keys.


def test_an_alias_is_a_copy_of_its_own() -> None:
    [value] = values("a: &x {b: [1]}\nc: *x\n")
    value["c"]["b"].append(2)

    assert {"a": {"b": [1]}, "c": {"b": [1, 2]}} == value


MERGES = {
    "a mapping": ("<<: {a: 1, b: 2}\na: 3\n", {"a": 3, "b": 2}),
    "an alias": ("x: &x {a: 1}\nz: {<<: *x, b: 2}\n", {"x": {"a": 1}, "z": {"a": 1, "b": 2}}),
    "several, of which the first wins": ("<<: [{a: 1}, {a: 2, b: 2}]\n", {"a": 1, "b": 2}),
    "after a key, which it overrules": ("a: 1\n<<: {a: 2}\n", {"a": 2}),
    "nothing where it is quoted": ('"<<": {a: 1}\n', {"<<": {"a": 1}}),
}


@pytest.mark.parametrize(("text", "value"), MERGES.values(), ids=MERGES)
def test_a_merge_key_merges(text: str, value: Any) -> None:
    assert [value] == values(text)


# Lines.

PLACES = """\
# a comment
a: 1
---
# another
b:
  - c: |
      text
      text
    d:
      e: [1,
        2]
  -
    f: g
yes: &m
  h: i
j:
  <<: *m
"""

LINES = [
    (FieldPath(), 5),
    (FieldPath.of("b"), 5),
    (FieldPath.of("b", 0), 6),
    (FieldPath.of("b", 0, "c"), 6),
    (FieldPath.of("b", 0, "d"), 9),
    (FieldPath.of("b", 0, "d", "e", 1), 11),
    (FieldPath.of("b", 1, "f"), 13),
    (FieldPath.of("true"), 14),
    (FieldPath.of("true", "h"), 15),
    (FieldPath.of("j", "h"), 15),
    (FieldPath.of("b", 0, "d", "missing", "deeper"), 9),
    (FieldPath.of("b", 2), 5),
    (FieldPath.of("b", -1), 5),
    (FieldPath.of("b", "c"), 5),
    (FieldPath.of("missing"), 5),
]


@pytest.mark.parametrize(("path", "line"), LINES, ids=[str(path) for path, _ in LINES])
def test_a_path_has_the_line_of_its_key_or_of_what_is_nearest(path: FieldPath, line: int) -> None:
    *_, document = documents(PLACES)

    assert line == document.line_of(path)


def test_a_document_begins_at_its_content() -> None:
    assert [2, 5] == [document.line for document in documents(PLACES)]


SEPARATORS = {
    "three dashes": "a: 1\n---\nb:\n  c: 2\n",
    "an end and a directive": "a: 1\n...\n%TAG !e! tag:example.com,2000:\n---\nb:\n  c: !e!x 2\n",
    "a comment behind the dashes": "{a: 1} # first\n--- # second\n\nb:\n  c: 2\n",
    "an indented document": "a: 1\n---\n   b:\n     c: 2\n",
    "content behind the dashes": "a: 1\n--- {b: {c: 2}}\n",
    "a text as the first document": "--- |\n  x\n  y\n---\nb: {c: 2}\n",
}


@pytest.mark.parametrize("text", SEPARATORS.values(), ids=SEPARATORS)
def test_lines_are_right_behind(text: str) -> None:
    *_, document = documents(text)

    assert [number for number, line in enumerate(text.split("\n"), 1) if "c:" in line] == [
        document.line_of(FieldPath.of("b", "c"))
    ]


def test_a_scalar_can_be_seen_as_it_was_written() -> None:
    [document] = documents("a: [no, 'x', {}, 0010]\n")
    written = [document.written(FieldPath.of("a", index)) for index in range(5)]

    assert ["no", "x", None, "0010", None] == written


# The parser in pure Python, for an installation of PyYAML without libyaml.

SLOW = """
import sys
sys.modules["yaml._yaml"] = None
from rayfence.yamlio import composing, dump, read
from rayfence.yamlio.composing import SlowParser
assert composing._Parser is SlowParser
for found in read(sys.stdin.buffer.read(), "f.yaml"):
    print(found if isinstance(found.__class__, str) else getattr(found, "value", found))
print(dump([{"a": ["1", 1, {"b": "c\\nd"}]}]), end="")
"""


def test_it_works_without_libyaml() -> None:
    text = "a: [yes, 1e3, 'x', &b {c: 010}, *b, ! 5]\n---\nb: 1\nb: 2\n---\nc: " + "[" * 200
    found = subprocess.run(
        [sys.executable, "-c", SLOW], input=text, env={"PYTHONPATH": str(GENERATOR)}, capture_output=True, text=True
    )

    assert "" == found.stderr
    assert [
        "{'a': [True, 1000.0, 'x', {'c': 8}, {'c': 8}, '5']}",
        'f.yaml:4: "b" is written twice, on lines 3 and 4; keep one',
        "f.yaml:6: values nest more than 100 levels deep; this is no Kubernetes object",
        *["a:", '- "1"', "- 1", "- b: |-", "    c", "    d"],
    ] == found.stdout.splitlines()
