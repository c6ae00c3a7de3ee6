"""Values -> YAML text that every reader of YAML 1.1 and 1.2 reads alike: strings stay strings."""

from __future__ import annotations

import io
import math
import re
import textwrap
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

# Wider than any line, so that the emitter never folds a text: it would break lines only behind the width.
_WIDTH = 2**31 - 1


_WORDS = frozenset(("", "~", "null", "y", "n", "yes", "no", "on", "off", "true", "false", "=", "<<"))
# Generous: whatever begins like a number, a date, a time or an infinity.
_LIKE_A_NUMBER = re.compile(r"[-+]?[.0-9]")
# A text with a quote in it, which as a plain one would be read otherwise: quoted, its quotes would be doubled.
_DOUBLED = re.compile(r"(?=.*')(?:[!&*?|>%@`{}\[\],#\"'-]|.*(?:: | #|:$))", re.DOTALL)
# What is a text without quotes, whatever reads it.
_BARE = re.compile(r"(?!(?:true|false|null|y|n|yes|no|on|off)$)[A-Za-z][\w.?()\[\]<>=!&|+ ]*(?<! )", re.IGNORECASE)
_FOLDED = "\ue000"
"""The first line of a block that is to be a folded one. A text that holds it is never a block."""
# YAML 1.1 takes these for line breaks and folds them; only double quotes keep them.
_OTHER_BREAKS = re.compile(f"[\r\x85\u2028\u2029\ufeff{_FOLDED}]")
_FOLDS = re.compile(r"[!-~]+(?: [!-~]+)+\Z")
"""Words with one space between them: all that a folded block gives back as it was."""
_TO_FOLD = re.compile(rf"\|-\n *{_FOLDED}\n")
_STEP = 2
"""Columns that a mapping stands further in than the one around it."""

_MAPPING_START = MappingStartEvent(None, None, True, flow_style=False)
_MAPPING_END = MappingEndEvent()
_SEQUENCE_START = SequenceStartEvent(None, None, True, flow_style=False)
_SEQUENCE_END = SequenceEndEvent()
_FLOW_MAPPING_START = MappingStartEvent(None, None, True, flow_style=True)
_FLOW_SEQUENCE_START = SequenceStartEvent(None, None, True, flow_style=True)


def dump(values: Iterable[Any], *, blocks: Collection[str] = (), width: int = _WIDTH) -> str:
    """One block-style document per value, in the order of the mappings' keys, without anchors.

    Values are what JSON knows: dict with text keys, list, tuple, str, int, float, bool, None. A text under a key of
    `blocks` stands as a literal block, unless it is a short one that needs no quotes. A text of one line that reaches
    beyond `width` columns stands as a folded block, which is read as one line.
    Raises ValueError for infinities and NaN, TypeError for anything else.
    """
    text = io.StringIO()
    emitter = _Emitter(text, width=_WIDTH, allow_unicode=True)
    emitter.emit(StreamStartEvent())
    for number, value in enumerate(values):
        emitter.emit(DocumentStartEvent(explicit=number > 0))
        _emit(emitter, value, blocks=blocks, width=width)
        emitter.emit(DocumentEndEvent(explicit=False))
    emitter.emit(StreamEndEvent())
    return text.getvalue() if width == _WIDTH else _TO_FOLD.sub(">-\n", text.getvalue())


def flow(value: Any) -> str:
    """A value on one line, ready to be pasted after a key: `{labels: {tenant: team-a}}`."""
    text = io.StringIO()
    emitter = _Emitter(text, width=_WIDTH, allow_unicode=True)
    emitter.emit(StreamStartEvent())
    emitter.emit(DocumentStartEvent(explicit=False))
    _emit(emitter, value, flow=True)
    emitter.emit(DocumentEndEvent(explicit=False))
    emitter.emit(StreamEndEvent())
    return text.getvalue().removesuffix("...\n").strip()


def _emit(
    emitter: _Emitter,
    value: Any,
    *,
    flow: bool = False,
    blocks: Collection[str] = (),
    width: int = _WIDTH,
    column: int = 0,
) -> None:
    """`column` is where the lines of a mapping or a block begin, and those of a list two before it."""
    match value:
        case str():
            emitter.emit(_string(value) if flow else _text(value))
        case dict():
            emitter.emit(_FLOW_MAPPING_START if flow else _MAPPING_START)
            for key, item in value.items():
                emitter.emit(_string(key))
                fits = not isinstance(item, str) or column + len(key) + len(": ") + len(item) <= width
                if key in blocks and isinstance(item, str):
                    emitter.emit(_text(item, is_plain=fits and _BARE.fullmatch(item) is not None))
                elif not fits and _FOLDS.match(item):
                    emitter.emit(_folded(item, width - column - _STEP))
                else:
                    _emit(emitter, item, flow=flow, blocks=blocks, width=width, column=column + _STEP)
            emitter.emit(_MAPPING_END)
        case list() | tuple():
            emitter.emit(_FLOW_SEQUENCE_START if flow else _SEQUENCE_START)
            for item in value:
                _emit(emitter, item, flow=flow, blocks=blocks, width=width, column=column)
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


def _folded(text: str, width: int) -> ScalarEvent:
    """A text as a folded block, for the time being marked as such: the emitter has no say where its lines end."""
    lines = textwrap.wrap(text, max(width, 1), break_long_words=False, break_on_hyphens=False)
    return ScalarEvent(None, None, (True, True), "\n".join([_FOLDED, *lines]), style="|")


@lru_cache(maxsize=4096)
def _string(text: str) -> ScalarEvent:
    """The emitter falls back to quotes by itself where the style asked for cannot hold the text."""
    if _OTHER_BREAKS.search(text) or text.casefold() in _WORDS or _LIKE_A_NUMBER.match(text):
        return ScalarEvent(None, None, (False, True), text, style='"')
    return ScalarEvent(None, None, (True, True), text, style="|" if "\n" in text else None)
