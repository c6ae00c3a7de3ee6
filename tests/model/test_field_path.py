"""A path names a place in a manifest, and its text can be read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.field_path import FieldPath

TEXTS = {
    "": FieldPath(),
    "spec": FieldPath.of("spec"),
    "spec.workerGroupSpecs[1].template": FieldPath.of("spec", "workerGroupSpecs", 1, "template"),
    "metadata.labels[ray.io/cluster]": FieldPath.of("metadata", "labels", "ray.io/cluster"),
    "items[0].metadata.labels[a.b/c][3]": FieldPath.of("items", 0, "metadata", "labels", "a.b/c", 3),
    "limits[nvidia.com/gpu]": FieldPath.of("limits", "nvidia.com/gpu"),
    "[0]": FieldPath.of(0),
}


@pytest.mark.parametrize(("text", "path"), TEXTS.items(), ids=[text or "root" for text in TEXTS])
def test_a_path_is_written_as_people_read_it(text: str, path: FieldPath) -> None:
    assert text == str(path)


@pytest.mark.parametrize(("text", "path"), TEXTS.items(), ids=[text or "root" for text in TEXTS])
def test_a_text_is_read_as_the_path_it_was_written_from(text: str, path: FieldPath) -> None:
    assert path == FieldPath.parse(text)


# Label keys, field names and indices: what stands in paths of our own.
KEYS = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}([./][A-Za-z0-9_-]{1,8}){0,2}", fullmatch=True)


@given(st.lists(st.one_of(KEYS, st.integers(0, 10**6))).map(FieldPath))
def test_text_and_path_go_back_and_forth(path: FieldPath) -> None:
    assert path == FieldPath.parse(str(path))


def test_going_deeper_leaves_the_path_as_it_was() -> None:
    spec, steps = FieldPath.of("spec"), ("containers", 0)

    assert FieldPath.of("spec", "containers", 0) == spec / "containers" / 0
    assert FieldPath.of("spec", "containers", 0) == spec + steps
    assert FieldPath.of("spec") == spec


def test_a_longer_path_is_still_a_path() -> None:
    steps = ("b",)

    assert isinstance(FieldPath.of("a") / "b", FieldPath)
    assert isinstance(FieldPath.of("a") + steps, FieldPath)
