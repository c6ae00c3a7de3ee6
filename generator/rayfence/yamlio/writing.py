"""Values -> YAML text that every reader of YAML 1.1 and 1.2 reads alike: strings stay strings."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from yaml import (
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)

try:
    from yaml._yaml import CEmitter as _Emitter
except ImportError:  # PyYAML without libyaml
    from yaml.emitter import Emitter as _Emitter  # type: ignore[assignment]

# Wider than any line, so that no text is ever folded.
_WIDTH = 2**31 - 1


class Block(str):
    """A text that `dump` writes as a literal block, however short it is."""

    __slots__ = ()


_WORDS = frozenset(("", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "=", "<<"))
# Generous: whatever begins like a number, a date, a time or an infinity.
_LIKE_A_NUMBER = re.compile(r"[-+]?[.0-9]")
# A text with a quote in it, which as a plain one would be read otherwise: quoted, its quotes would be doubled.
_DOUBLED = re.compile(r"(?=.*')(?:[!&*?|>%@`{}\[\],#\"'-]|.*(?:: | #|:$))", re.DOTALL)
# YAML 1.1 takes these for line breaks and folds them; only double quotes keep them.
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")

_MAPPING_START = MappingStartEvent(None, None, True, flow_style=False)
_MAPPING_END = MappingEndEvent()
_SEQUENCE_START = SequenceStartEvent(None, None, True, flow_style=False)
_SEQUENCE_END = SequenceEndEvent()
_FLOW_MAPPING_START = MappingStartEvent(None, None, True, flow_style=True)
_FLOW_SEQUENCE_START = SequenceStartEvent(None, None, True, flow_style=True)


def dump(values: Iterable[Any]) -> str:
    """One block-style document per value, in the order of the mappings' keys, without anchors.

    Values are what JSON knows: dict with text keys, list, tuple, str, int, float, bool, None.
    Raises ValueError for infinities and NaN, TypeError for anything else.
    """
    text = io.StringIO()
    emitter = _Emitter(text, width=_WIDTH, allow_unicode=True)
    emitter.emit(StreamStartEvent())
    for number, value in enumerate(values):
        emitter.emit(DocumentStartEvent(explicit=number > 0))
        _emit(emitter, value)
        emitter.emit(DocumentEndEvent(explicit=False))
    emitter.emit(StreamEndEvent())
    return text.getvalue()


def flow(value: Any) -> str:
    """A value on one line, as it may be pasted behind a key: `{labels: {tenant: team-a}}`."""
    text = io.StringIO()
    emitter = _Emitter(text, width=_WIDTH, allow_unicode=True)
    emitter.emit(StreamStartEvent())
    emitter.emit(DocumentStartEvent(explicit=False))
    _emit(emitter, value, flow=True)
    emitter.emit(DocumentEndEvent(explicit=False))
    emitter.emit(StreamEndEvent())
    return text.getvalue().removesuffix("...\n").strip()


def _emit(emitter: _Emitter, value: Any, *, flow: bool = False) -> None:
    match value:
        case str():
            emitter.emit(_string(value) if flow else _block(value))
        case dict():
            emitter.emit(_FLOW_MAPPING_START if flow else _MAPPING_START)
            for key, item in value.items():
                emitter.emit(_string(key))
                _emit(emitter, item, flow=flow)
            emitter.emit(_MAPPING_END)
        case list() | tuple():
            emitter.emit(_FLOW_SEQUENCE_START if flow else _SEQUENCE_START)
            for item in value:
                _emit(emitter, item, flow=flow)
            emitter.emit(_SEQUENCE_END)
        case _:
            emitter.emit(_bare(_number_or_word(value)))


def _number_or_word(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float() if math.isfinite(value):
            # `1e+16` is no number to YAML 1.1, which wants a dot.
            digits, e, exponent = repr(value).partition("e")
            return digits + (".0" if e and "." not in digits else "") + e + exponent
        case float():
            raise ValueError(f"{value} cannot be written: JSON has no such number")
        case _:
            raise TypeError(f"{type(value).__name__} is nothing that JSON knows")


def _bare(text: str) -> ScalarEvent:
    return ScalarEvent(None, None, (True, False), text)


def _block(text: str) -> ScalarEvent:
    """A text that may be one of several lines."""
    if (isinstance(text, Block) or ("'" in text and _DOUBLED.match(text))) and not _OTHER_BREAKS.search(text):
        # The emitter takes no kind of text but text itself.
        return ScalarEvent(None, None, (True, True), str(text), style="|")
    return _string(text)


@lru_cache(maxsize=4096)
def _string(text: str) -> ScalarEvent:
    """The emitter falls back to quotes by itself where the style asked for cannot hold the text."""
    if _OTHER_BREAKS.search(text) or text.casefold() in _WORDS or _LIKE_A_NUMBER.match(text):
        return ScalarEvent(None, None, (False, True), text, style='"')
    return ScalarEvent(None, None, (True, True), text, style="|" if "\n" in text else None)
