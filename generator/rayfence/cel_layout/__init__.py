"""Lays out CEL expressions so that they can be read, without a change to any of their tokens."""

from rayfence.cel_layout.lines import INDENTATION, LINE, WIDTH, layout
from rayfence.cel_layout.syntax import NotCel, flat, tokens

__all__ = ["INDENTATION", "LINE", "WIDTH", "NotCel", "flat", "layout", "tokens"]
