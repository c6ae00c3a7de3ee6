"""Kubernetes quantities (`500m`, `4`, `1.5Gi`, `1e3`) as exact decimals.

The grammar is that of k8s.io/apimachinery's `resource.Quantity`, with two limits of our own: at most 30 digits, and an
exponent of at most two. `1e999999999` is a quantity to Kubernetes, and comparing it costs an engine gigabytes.
`kubernetes.utils.parse_quantity` is not used: it takes `NaN`, `1_000` and full-width digits for quantities.
"""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, Context, Decimal
from functools import lru_cache

# RE2 (in the engines) and Python read this text alike; `\d` would let other scripts' digits in here.
PATTERN = r"^[+-]?([0-9]{1,30}([.][0-9]{0,30})?|[.][0-9]{1,30})([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?$"

_QUANTITY = re.compile(PATTERN.removesuffix("$") + r"\Z")
_SPLIT = re.compile(r"([+-]?[0-9.]+)(.*)")
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {prefix + "i": 1024**power for power, prefix in enumerate("KMGTPE", start=1)}
_EXACT = Context(prec=200)
_NANO = Decimal("1e-9")
_MOST = Decimal(2**63 - 1)


@lru_cache(maxsize=4096)
def parse(text: str) -> Decimal:
    """The value of a quantity, rounded up to a billionth as Kubernetes does.

    Raises ValueError where `text` is not a quantity.
    """
    if not _QUANTITY.match(text):
        raise ValueError(f"{text!r} is not a Kubernetes quantity")
    number, suffix = _SPLIT.fullmatch(text).groups()  # type: ignore[union-attr]
    if suffix in _BINARY:
        value = _capped(_EXACT.multiply(Decimal(number), Decimal(_BINARY[suffix])))
    else:
        value = _EXACT.scaleb(Decimal(number), _DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:]))
    return value if value == value.to_integral_value() else _away_from_zero(value)


def text(value: object) -> str:
    """A manifest's value as the text an engine parses: numbers without a trailing `.0`, '' for what is no scalar."""
    match value:
        case bool() | None:
            return ""
        case str():
            return value
        case int():
            return str(value)
        case float():
            # Through the shortest text, as Go writes it: above 2**53 the exact integer has other digits.
            return str(int(Decimal(repr(value)))) if value.is_integer() and abs(value) < 2**63 else repr(value)
        case _:
            return ""


def _capped(value: Decimal) -> Decimal:
    """Kubernetes reads `9Ei` as 2^63 - 1, like all that is more, but has no such limit for `10E`."""
    return _MOST.copy_sign(value) if value.copy_abs() > _MOST else value


def _away_from_zero(value: Decimal) -> Decimal:
    # `abs` would round to 28 digits.
    return value.copy_abs().quantize(_NANO, rounding=ROUND_CEILING, context=_EXACT).copy_sign(value)
