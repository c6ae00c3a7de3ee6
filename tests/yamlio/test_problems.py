"""YAML that cannot be read: never a traceback, always a line and plain words."""

from __future__ import annotations

import pytest

from rayfence.model.field_path import FieldPath
from rayfence.yamlio import Document, Problem, read


def problem(text: str | bytes) -> str:
    """The one problem with a text."""
    [found] = [str(found) for found in read(text, "f.yaml") if isinstance(found, Problem)]
    return found


# Each text, and what is said about it after `f.yaml:`.

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{y}: &{y} [{','.join([f'*{x}'] * 9)}]\n" for x, y in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAIN = "- &a0 [x]\n" + "".join(f"- &a{n + 1} [*a{n}]\n" for n in range(2000))
DEEP = "values nest more than 100 levels deep; this is no Kubernetes object"
LOOP = "an alias stands inside the very value that it names; write the value out"

PROBLEMS: dict[str, tuple[str | bytes, str]] = {
    "a tab before a key": ("a:\n\tb: c\n", "2: a tab stands where YAML wants spaces; indent with spaces"),
    "a tab in a text": ("a: b\n\tc: d\n", "2: a tab stands where YAML wants spaces; indent with spaces"),
    "a second colon": (
        "a: b: c\n",
        "1: a `:` stands where no key can be; quote the value, or indent the line less",
    ),
    "a list behind a key": ("a: - b\n", "1: a list cannot begin here; put the `-` on a line of its own"),
    "a missing colon": (
        "a: b\nc\nd: e\n",
        "3: the `:` after a key is missing, here or in the line above; write `key: value`",
    ),
    "a missing dash": (
        "- a\nb: c\n",
        "2: an item of the list does not begin with `-`; write `-`, or indent the line to fit",
    ),
    "a wrong indentation": (
        "a:\n  b: 1\n c: 2\n",
        "3: the line does not fit the lines above it; check the indentation, the quotes and the `:`",
    ),
    "text after the document": (
        "  a: 1\nb: 2\n",
        "2: the document is over, yet text follows; indent it, or write `---`",
    ),
    "an open list": (
        "a: [b\nc: d\n",
        "2: a `[` is not closed; write `,` between the items and `]` after the last",
    ),
    "an open mapping": (
        "a: {b: c\nd: e\n",
        "2: a `{` is not closed; write `,` between the fields and `}` after the last",
    ),
    "a missing value": ("a: {b: c,, d: e}\n", "1: a value is missing; write one, or drop the comma"),
    "an open quote": ("a: 1\nb: 'c\nd: e\n", "2: a quote is opened here and never closed; write the closing quote"),
    "an unknown escape": (r'a: "\q"', "1: a backslash escape is unknown; write `\\\\`, or use single quotes"),
    "a value that begins oddly": ("a: @b\n", "1: a value cannot begin with `@`; write it in quotes"),
    "an unknown alias": (
        "a: *b\n",
        "1: an alias `*name` names no anchor above it; write `&name` there, or quote the text",
    ),
    "an unknown tag": ("a: !x!y z\n", "1: a tag begins with an unknown handle; drop the tag"),
    "another YAML": (
        "%YAML 2.0\n---\na: b\n",
        "1: the document is for another version of YAML; drop the `%YAML` line",
    ),
    "something rare": ("a: &\n", "1: this is not YAML: did not find expected alphabetic or numeric character"),
    "a key twice": ("a: 1\nb: 2\na: 3\n", '3: "a" is written twice, on lines 1 and 3; keep one'),
    "a key twice, deep down": ("- a:\n    b: 1\n    b: 2\n", '3: "b" is written twice, on lines 2 and 3; keep one'),
    "a key in two spellings": ("1: a\n'1': b\n", '2: "1" is written twice, on lines 1 and 2; keep one'),
    "a key twice beside a merge": ("<<: {a: 1}\nb: 2\nb: 3\n", '3: "b" is written twice, on lines 2 and 3; keep one'),
    "a null key": ("~: a\n", "1: a key is null or empty; write the key's name, in quotes if it is `null` or `~`"),
    "a list as a key": ("[a]: b\n", "1: a key is a list or a mapping; write text"),
    "a huge number as a key": ("1e300: a\n", "1: a key is the number 1e+300; write the key in quotes"),
    "a merge of no mapping": ("<<: [{a: 1}, 5]\n", "1: `<<` merges what is no mapping; name an anchor of a mapping"),
    "an infinity": (
        "a: -.inf\n",
        "1: `-.inf` is a number that JSON cannot hold; write a finite number, or quote it",
    ),
    "a tag that does not fit": (
        "a: !!int b\n",
        "1: `b` does not fit its tag `!!int`; drop the tag or write a value that fits",
    ),
    "a binary that is none": (
        "a: !!binary '@'\n",
        "1: the value of `!!binary` is not base64; write base64, or drop the tag",
    ),
    "a list in itself": ("a: &a [*a]\n", f"1: {LOOP}"),
    "a mapping in itself": ("&a\nb: *a\n", f"1: {LOOP}"),
    "a bomb of aliases": (BOMB, "5: aliases blow this file up beyond any use; write the values out"),
    "a chain of aliases": (CHAIN, "100: aliases nest more than 100 levels; write the values out"),
    "a hundred thousand lists": ("[" * 100_000, f"1: {DEEP}"),
    "a hundred thousand mappings": ("{a: " * 100_000, f"1: {DEEP}"),
    "a hundred thousand items": ("- " * 100_000, f"1: {DEEP}"),
    "deep indentation": ("".join(" " * n + "a:\n" for n in range(2000)), f"100: {DEEP}"),
    "bytes that are not UTF-8": (b"a: 1\nb: \xff\n", "2: byte 0xff is not UTF-8; save the file as UTF-8"),
    "half a character": ("a: ö".encode()[:-1], "1: byte 0xc3 is not UTF-8; save the file as UTF-8"),
    "UTF-16": ("a: 1".encode("utf-16"), "1: byte 0xff is not UTF-8; save the file as UTF-8"),
    "a NUL": ("a: 1\nb: \x00\n", "2: the character U+0000 cannot stand in YAML; remove it"),
    "a control character": (b"a: '\x1b'\n", "1: the character U+001B cannot stand in YAML; remove it"),
    "half a surrogate pair": ("a: \ud800\n", "1: the character U+D800 cannot stand in YAML; remove it"),
}


@pytest.mark.parametrize(("text", "expected"), PROBLEMS.values(), ids=PROBLEMS)
def test_what_cannot_be_read_is_one_problem(text: str | bytes, expected: str) -> None:
    assert f"f.yaml:{expected}" == problem(text)


FATAL = ["a: [\n", "a: '", "a: \x00", b"a: \xff", "[" * 200, "a: 1\n b: 2\n"]


@pytest.mark.parametrize("broken", FATAL, ids=["brackets", "quotes", "NUL", "bytes", "nesting", "indentation"])
def test_documents_before_a_mistake_are_read(broken: str | bytes) -> None:
    encoded = broken if isinstance(broken, bytes) else broken.encode()
    first, second, wrong = read(b"a: 1\n---\nb: 2\n---\n" + encoded, "f.yaml")

    assert [{"a": 1}, {"b": 2}] == [found.value for found in (first, second) if isinstance(found, Document)]
    assert isinstance(wrong, Problem)
    assert wrong.line >= 5


def test_documents_behind_one_with_a_duplicate_are_read() -> None:
    wrong, document = read("a: 1\na: 2\n---\nb: 3\n", "f.yaml")

    assert isinstance(wrong, Problem)
    assert isinstance(document, Document)
    assert ({"b": 3}, 4) == (document.value, document.line_of(FieldPath.of("b")))


def test_a_problem_without_a_line_names_the_file_alone() -> None:
    assert "tenants: nothing here" == str(Problem("tenants", 0, "nothing here"))
