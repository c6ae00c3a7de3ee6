"""YAML out: whatever is written reads back as the same, in every version of YAML."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rayfence.yamlio import Document, dump, read

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
LINES = st.lists(st.text(" \t-#:|>'\"{}[]&*!%@ab1", max_size=8), max_size=5).map("\n".join)
ODD = st.sampled_from(
    ["y", "no", "1e3", "0o7", "012", "1_000", "12:30", "2001-01-01", "~", "", ".inf", "=", "<<", "- a"]
)
STRINGS = TEXTS | LINES | ODD
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS | STRINGS,
    lambda items: st.lists(items, max_size=4) | st.dictionaries(STRINGS, items, max_size=4),
    max_leaves=20,
)


def round_trip(values: list[Any]) -> list[Any]:
    return [found.value if isinstance(found, Document) else str(found) for found in read(dump(values), "f.yaml")]


@given(st.lists(VALUES.filter(lambda value: value is not None), max_size=4))
def test_what_is_written_reads_back(values: list[Any]) -> None:
    assert values == round_trip(values)


@given(VALUES)
def test_it_is_deterministic(value: Any) -> None:
    assert dump([value]) == dump([value])


@given(STRINGS)
def test_a_text_is_a_text_to_yaml_1_1_too(text: str) -> None:
    assert [text] == yaml.safe_load(dump([[text]]))


# Texts that some reader takes for another type: booleans, numbers of 1.1 and of 1.2, times, dates, nulls, a merge.
AMBIGUOUS = [
    *["y", "Y", "n", "N", "yes", "Yes", "NO", "on", "OFF", "true", "False", "null", "Null", "~", "", "=", "<<"],
    *[
        "0",
        "-1",
        "+1",
        "012",
        "0o7",
        "0x1F",
        "0b1",
        "1_000",
        "1e3",
        "1E-3",
        "1.5",
        ".5",
        "-.5",
        "1.",
        "8",
        "685_230.15",
        "-.5e1",
        ".",
        "..",
    ],
    *[
        "12:30",
        "190:20:30",
        "12:30:45.5",
        "2001-01-01",
        "2001-12-14t21:59:43.10-05:00",
        ".inf",
        "-.INF",
        "+.Inf",
        ".NaN",
    ],
]


@pytest.mark.parametrize("text", AMBIGUOUS)
def test_an_ambiguous_text_is_quoted(text: str) -> None:
    assert f'"{text}": "{text}"\n' == dump([{text: text}])


@pytest.mark.parametrize(
    "text", ["team-a", "ray.io/v1", "yesterday", "a: b", "- a", "#x", "a #b", "ü", "*a", "{}", "null "]
)
def test_a_plain_text_reads_back(text: str) -> None:
    assert [text] == round_trip([text])


def test_a_plain_text_is_not_quoted() -> None:
    assert "a: Enforce\n" == dump([{"a": "Enforce"}])


def test_lines_stand_as_a_literal_block() -> None:
    assert "cel: |-\n  a == 'b' &&\n    size(c) < 3\n" == dump([{"cel": "a == 'b' &&\n  size(c) < 3"}])


def test_long_lines_are_not_folded() -> None:
    long = "word " * 100 + "end"

    assert f"a: {long}\n" == dump([{"a": long}])


def test_a_text_beyond_the_width_is_a_folded_block() -> None:
    words = "a word, and it's another one: " * 3 + "end"
    text = dump([{"a": [{"b": words, "c": "x" * 50}]}], width=40)

    assert text.startswith("a:\n- b: >-\n    a word, and it's another one: a\n    word,")
    assert [] == [line for line in text.splitlines() if len(line) > 40 and " " in line.strip("- ").removeprefix("c: ")]
    assert {"a": [{"b": words, "c": "x" * 50}]} == yaml.safe_load(text)


@pytest.mark.parametrize("room", [0, 1])
def test_a_text_that_just_fits_is_not_folded(room: int) -> None:
    assert (">-" in dump([{"a": "b c"}], width=5 + room)) is (room == 0)


@given(st.lists(VALUES.filter(lambda value: value is not None), max_size=4), st.integers(0, 60))
def test_what_is_folded_reads_back(values: list[Any], width: int) -> None:
    documents = list(read(dump(values, blocks=("a", ""), width=width), "f.yaml"))

    assert values == [found.value if isinstance(found, Document) else str(found) for found in documents]


WORDS = st.lists(st.text("ab:#-'\"|>\ue000&*", min_size=1, max_size=9), min_size=1, max_size=9).map(" ".join)


@given(st.dictionaries(WORDS, WORDS | st.lists(WORDS) | st.dictionaries(WORDS, WORDS)), st.integers(0, 40))
def test_words_read_back_however_they_are_folded(value: dict[str, Any], width: int) -> None:
    assert value == yaml.safe_load(dump([value], width=width))


def test_keys_keep_their_order() -> None:
    assert "b: 1\na: 2\n" == dump([{"b": 1, "a": 2}])


def test_documents_are_separated() -> None:
    assert "a: 1\n---\nb: {}\n---\nc: []\n" == dump([{"a": 1}, {"b": {}}, {"c": []}])


def test_nothing_is_written_for_nothing() -> None:
    assert "" == dump([])


def test_what_appears_twice_is_written_twice() -> None:
    shared = {"b": [1]}

    assert "a:\n  b:\n  - 1\nc:\n  b:\n  - 1\n" == dump([{"a": shared, "c": shared}])


def test_a_tuple_is_a_list() -> None:
    assert "- 1\n- 2\n" == dump([(1, 2)])


@pytest.mark.parametrize("number", [1e16, 1e-7, 1.5, -0.0, 1e300, 5e-324])
def test_a_float_is_a_float_to_every_reader(number: float) -> None:
    text = dump([{"a": number}])

    assert {"a": number} == yaml.safe_load(text)
    assert [{"a": number}] == round_trip([{"a": number}])


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_what_json_has_no_number_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="cannot be written"):
        dump([number])


@pytest.mark.parametrize("value", [{1, 2}, b"a", object()], ids=["a set", "bytes", "an object"])
def test_what_json_does_not_know_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="is nothing that JSON knows"):
        dump([value])
