"""Values -> YAML text that every reader of YAML 1.1 and 1.2 reads alike: strings stay strings."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Collection, Iterable
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


_WORDS = frozenset(("", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "=", "<<"))
# Generous: whatever begins like a number, a date, a time or an infinity.
_LIKE_A_NUMBER = re.compile(r"[-+]?[.0-9]")
# A text with a quote in it, which as a plain one would be read otherwise: quoted, its quotes would be doubled.
_DOUBLED = re.compile(r"(?=.*')(?:[!&*?|>%@`{}\[\],#\"'-]|.*(?:: | #|:$))", re.DOTALL)
# What is a text without quotes, whatever reads it.
_BARE = re.compile(r"(?!(?:true|false|null|y|n|yes|no|on|off)$)[A-Za-z][\w.?()\[\]<>=!&|+ ]*(?<! )", re.IGNORECASE)
# YAML 1.1 takes these for line breaks and folds them; only double quotes keep them.
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029\ufeff]")

_MAPPING_START = MappingStartEvent(None, None, True, flow_style=False)
_MAPPING_END = MappingEndEvent()
_SEQUENCE_START = SequenceStartEvent(None, None, True, flow_style=False)
_SEQUENCE_END = SequenceEndEvent()
_FLOW_MAPPING_START = MappingStartEvent(None, None, True, flow_style=True)
_FLOW_SEQUENCE_START = SequenceStartEvent(None, None, True, flow_style=True)


def dump(values: Iterable[Any], *, blocks: Collection[str] = ()) -> str:
    """One block-style document per value, in the order of the mappings' keys, without anchors.

    Values are what JSON knows: dict with text keys, list, tuple, str, int, float, bool, None. A text under a key of
    `blocks` stands as a literal block, unless it is a short one that needs no quotes.
    Raises ValueError for infinities and NaN, TypeError for anything else.
    """
    text = io.StringIO()
    emitter = _Emitter(text, width=_WIDTH, allow_unicode=True)
    emitter.emit(StreamStartEvent())
    for number, value in enumerate(values):
        emitter.emit(DocumentStartEvent(explicit=number > 0))
        _emit(emitter, value, blocks=blocks)
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


def _emit(emitter: _Emitter, value: Any, *, flow: bool = False, blocks: Collection[str] = ()) -> None:
    match value:
        case str():
            emitter.emit(_string(value) if flow else _text(value))
        case dict():
            emitter.emit(_FLOW_MAPPING_START if flow else _MAPPING_START)
            for key, item in value.items():
                emitter.emit(_string(key))
                if key in blocks and isinstance(item, str):
                    emitter.emit(_text(item, is_plain=_BARE.fullmatch(item) is not None))
                else:
                    _emit(emitter, item, flow=flow, blocks=blocks)
            emitter.emit(_MAPPING_END)
        case list() | tuple():
            emitter.emit(_FLOW_SEQUENCE_START if flow else _SEQUENCE_START)
            for item in value:
                _emit(emitter, item, flow=flow, blocks=blocks)
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


def _text(text: str, *, is_plain: bool = True) -> ScalarEvent:
    """A text as a block where it is not plain, or where quotes around it would double those in it."""
    is_block = not is_plain or ("'" in text and _DOUBLED.match(text))
    if is_block and not _OTHER_BREAKS.search(text):
        return ScalarEvent(None, None, (True, True), text, style="|")
    return _string(text)


@lru_cache(maxsize=4096)
def _string(text: str) -> ScalarEvent:
    """The emitter falls back to quotes by itself where the style asked for cannot hold the text."""
    if _OTHER_BREAKS.search(text) or text.casefold() in _WORDS or _LIKE_A_NUMBER.match(text):
        return ScalarEvent(None, None, (False, True), text, style='"')
    return ScalarEvent(None, None, (True, True), text, style="|" if "\n" in text else None)
