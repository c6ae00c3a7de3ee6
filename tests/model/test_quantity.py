"""Quantities read as Kubernetes reads them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.quantity import parse, text

VALUES = {
    "4": "4",
    "4.0": "4",
    "500m": "0.5",
    "0.5": "0.5",
    ".5": "0.5",
    "5.": "5",
    "+5": "5",
    "-5": "-5",
    "007": "7",
    "1e3": "1000",
    "1E3": "1000",
    "1e+3": "1000",
    "1e-3": "0.001",
    "1E": "1000000000000000000",
    "12E": "12000000000000000000",
    "1Ei": "1152921504606846976",
    "1k": "1000",
    "1Ki": "1024",
    "8192Mi": "8589934592",
    "8Gi": "8589934592",
    "8G": "8000000000",
    "1.5Gi": "1610612736",
    "1T": "1000000000000",
    "1Ti": "1099511627776",
    "1P": "1000000000000000",
    "1Pi": "1125899906842624",
    "100u": "0.0001",
    "1n": "0.000000001",
    "0.1n": "0.000000001",
    "-0.1n": "-0.000000001",
    "1.0000000001": "1.000000001",
    "0": "0",
    "-0": "0",
    "9" * 30: "9" * 30,
    "9" * 30 + "E": "9" * 30 + "0" * 18,
    "7542834335141719536.4052594351M": "7542834335141719536405259.4351",
    "7542834335141719536.40525943511111M": "7542834335141719536405259.435111110",
    "7Ei": str(7 * 2**60),
    "8Ei": str(2**63 - 1),
    "9Ei": str(2**63 - 1),
    "-9Ei": str(1 - 2**63),
}


@pytest.mark.parametrize(("written", "value"), VALUES.items(), ids=VALUES)
def test_a_quantity_has_an_exact_value(written: str, value: str) -> None:
    assert Decimal(value) == parse(written)


NOT_QUANTITIES = [
    *["", " ", "abc", "4 ", " 4", "4\n", "1 Gi", "1_000", "1,5", "--4", "+", "-", ".", "e3", "1e", "1e3m", "1m3"],
    *["1KI", "1K", "1gi", "1g", "1b", "8GB", "1mi", "1ni", "1mm", "0x10", "0o7", "NaN", "Infinity", "inf", "∞"],
    *["١٢", "\uff11\uff12", "1e1000", "1e999999999", "9" * 31, "0." + "1" * 31, "1.2.3", "1%", "true", "4;5", "4'"],
]


@pytest.mark.parametrize("written", NOT_QUANTITIES)
def test_anything_else_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="is not a Kubernetes quantity"):
        parse(written)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["n", "u", "m", "", "k", "M", "G"]))
def test_decimal_suffixes_stand_a_thousand_apart(number: int, suffix: str) -> None:
    larger = {"n": "u", "u": "m", "m": "", "": "k", "k": "M", "M": "G", "G": "T"}[suffix]

    assert parse(f"{number}{larger}") == parse(f"{number}000{suffix}")


@given(st.integers(-(10**12), 10**12), st.integers(0, 30))
def test_an_exponent_moves_the_point(number: int, exponent: int) -> None:
    assert number * 10**exponent == parse(f"{number}e{exponent}")


@given(st.floats(min_value=1e-12, max_value=1e18))
def test_a_number_of_yaml_is_rounded_up_to_a_billionth(number: float) -> None:
    found = parse(text(number))

    assert 0 <= found - Decimal(repr(number)) <= Decimal("1e-9")


TEXTS = {
    "text": ("500m", "500m"),
    "a whole number": (4, "4"),
    "a float that is whole": (4.0, "4"),
    "a float": (0.5, "0.5"),
    "a tiny float": (1e-7, "1e-07"),
    "a float as large as memory": (1e12, "1000000000000"),
    "a whole float with more digits than it holds": (2.497651484343987e16, "24976514843439870"),
    "a float beyond 64 bits": (1e30, "1e+30"),
    "a boolean": (True, ""),
    "null": (None, ""),
    "a list": (["4"], ""),
    "a mapping": ({"cpu": 4}, ""),
}


@pytest.mark.parametrize(("value", "expected"), TEXTS.values(), ids=TEXTS)
def test_a_value_of_a_manifest_becomes_the_text_that_is_parsed(value: object, expected: str) -> None:
    assert expected == text(value)
