"""The pieces of CEL that rules are written with: what they must not be given. What they mean, engines say."""

from __future__ import annotations

import pytest

from rayfence import cel


@pytest.mark.parametrize("text", ["a 'quote", 'a "quote', "a \\ backslash", "a\nline", "a\x7fdelete"])
def test_what_could_end_a_literal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot stand in a CEL text"):
        cel.literal(text)


def test_a_template_has_a_value_in_each_place() -> None:
    assert "'%s.cpu: must be %s'.format([c.path, variables.most])" == cel.filled(
        "%s.cpu: must be %s", "c.path", "variables.most"
    )


@pytest.mark.parametrize(
    ("template", "values"),
    [("%s and %s", ("one",)), ("%s", ("one", "two")), ("100% of %s", ("one",)), ("%d", ("one",)), ("%%s", ("one",))],
)
def test_a_template_that_does_not_fit_its_values_is_refused(template: str, values: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="is no template for"):
        cel.filled(template, *values)
