"""The pieces of CEL that rules are written with: what they must not be given. What they mean, engines say."""

from __future__ import annotations

import re

import pytest

from rayfence import cel
from rayfence.model import quantity


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


@pytest.mark.parametrize("text", ["a " * 43, "a" * 200, "%s" + ".b" * 60, "%s: must be left out", "ends with. "])
def test_a_long_text_is_put_together_from_parts_that_fit(text: str) -> None:
    made = cel.long_literal(text)
    parts = re.findall(r"'([^']*)'", made)

    assert text == "".join(parts)
    assert (len(parts) > 1) is made.startswith("(") is (len(text) > 84)
    assert all(len(part) <= 84 for part in parts)


@pytest.mark.parametrize(
    "text", ["1", "-1.5Gi", ".5", "1.", "1e3", "12E-3", "1Ki", "", ".", "1e", "1e333", "1Kib", "x1", "1\n"]
)
def test_an_engine_is_asked_for_the_same_quantities(text: str) -> None:
    (pattern,) = re.findall(r"\.matches\(r'(.*)'\)", cel.is_quantity("x"))

    # RE2 means by `\\d` and `$` what Python means by these.
    same = re.compile(pattern.removesuffix("$") + r"\Z", re.ASCII)
    assert (same.match(text) is not None) is (re.match(quantity.PATTERN.removesuffix("$") + r"\Z", text) is not None)
