"""The value of a scalar's text, as Kubernetes reads it: sigs.k8s.io/yaml, whose scalars are those of go-yaml v2.

That is YAML 1.1 without sexagesimal numbers and dates, and with Go's spellings of integers.
PyYAML's own resolver differs in `y`, `1e3`, `010`, `0o10`, `12:30`, dates and `=`.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from decimal import Decimal
from functools import lru_cache

Scalar = str | int | float | bool | None

# Only a text that begins with one of these can be anything but a string.
HINTS = frozenset("0123456789+-.yYnNtTfFoO~")

_WORDS: dict[str, bool | None] = {"": None, "~": None}
for _words, _meaning in (("y yes on true", True), ("n no off false", False), ("null", None)):
    for _word in _words.split():
        _WORDS |= dict.fromkeys((_word, _word.capitalize(), _word.upper()), _meaning)

_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))\Z")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(?:[.][0-9]+|[0-9]+(?:[.][0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_NOT_FINITE = re.compile(r"[-+]?[.](?:inf|Inf|INF)\Z|[.](?:nan|NaN|NAN)\Z")
_GROUPED = re.compile(r"(?<=[0-9])_(?=[0-9])")


@lru_cache(maxsize=4096)
def plain(text: str) -> Scalar:
    """The value of a scalar without quotes and tag. ValueError for infinities and NaN, which JSON cannot hold."""
    if text in _WORDS:
        return _WORDS[text]
    if _NOT_FINITE.match(text):
        raise ValueError(f"`{text}` is a number that JSON cannot hold; write a finite number, or quote it")
    if text[0] == ".":
        return _float(_GROUPED.sub("", text), text)
    digits = text.replace("_", "")
    integer = _integer(digits)
    return _float(digits, text) if integer is None else integer


def _integer(digits: str) -> int | None:
    """None for what is no integer, or does not fit 64 bits."""
    found = _INTEGER.match(digits)
    if found is None or len(digits) > 70:
        return None
    sign, *readings = found.groups()
    number = next(int(reading, base) for reading, base in zip(readings, _BASES, strict=True) if reading)
    if sign == "-":
        return -number if number <= 2**63 else None
    return number if number < (2**63 if sign else 2**64) else None


def _float(digits: str, text: str) -> float | str:
    if not _FLOAT.match(digits):
        return text
    number = float(digits)
    return text if math.isinf(number) else number


def tagged(tag: str, text: str) -> Scalar:
    """The value of a scalar with an explicit tag. ValueError where the text does not fit the tag."""
    match tag.removeprefix("tag:yaml.org,2002:"):
        case "str":
            return text
        case "binary":
            return _binary(text)
        case ("bool" | "int" | "float" | "null" | "timestamp") as short if short != tag:
            return _fitting(short, text)
        case _:
            return text


def _fitting(tag: str, text: str) -> Scalar:
    value = plain(text) if not text or text[0] in HINTS else text
    match tag, value:
        case ("null", None) | ("bool", bool()) | ("float", float()) | ("timestamp", str()):
            return value
        case (("int" | "float"), int()) if not isinstance(value, bool):
            return float(value) if tag == "float" else value
        case _:
            raise ValueError(f"`{text}` does not fit its tag `!!{tag}`; drop the tag or write a value that fits")


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("utf-8", errors="replace")
    except binascii.Error:
        raise ValueError("the value of `!!binary` is not base64; write base64, or drop the tag") from None


def key(value: Scalar) -> str:
    """A mapping key as JSON has it, where every key is text. ValueError where Kubernetes refuses the key."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _float_key(value)
        case None:
            raise ValueError("a key is null or empty; write the key's name, in quotes if it is `null` or `~`")


def _float_key(number: float) -> str:
    """The shortest text that is this number in single precision, as Go formats it with 'g'."""
    try:
        single = struct.pack("<f", number)
    except OverflowError:
        raise ValueError(f"a key is the number {number}; write the key in quotes") from None
    shortest = next(s for s in (f"{number:.{n}e}" for n in range(18)) if struct.pack("<f", float(s)) == single)
    exponent = int(shortest.partition("e")[2])
    return format(Decimal(shortest), "f") if -4 <= exponent < 6 else shortest
