"""Makes SVG and HTML elements from names, numbers and untrusted text. No other module writes markup from values."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element

from rayfence.model.outcome import visible

Value = str | float


def element(tag: str, /, *children: Element, **attributes: Value) -> Element:
    """An element; `class_` and `data_x` are written `class` and `data-x`, control characters are made visible."""
    made = Element(tag, {_name(key): visible(written(value)) for key, value in attributes.items()})
    made.extend(children)
    return made


def worded(tag: str, text: str, /, **attributes: Value) -> Element:
    """An element that has text and nothing else in it."""
    made = element(tag, **attributes)
    made.text = "\n".join(map(visible, text.split("\n")))
    return made


def group(*children: Element, **attributes: Value) -> Element:
    """SVG's `g`."""
    return element("g", *children, **attributes)


def label(x: float, y: float, text: str, **attributes: Value) -> Element:
    """One line of text, upright in the middle of `y`."""
    return worded("text", text, x=x, y=y, dy="0.35em", **attributes)


def title(text: str) -> Element:
    """What an element is called, which browsers also show as a tooltip."""
    return worded("title", text)


def path(*steps: Value, class_: str) -> Element:
    """A path of SVG commands and coordinates."""
    return element("path", d=" ".join(map(written, steps)), class_=class_)


def written(value: Value) -> str:
    """A value as an attribute has it; a number with one decimal at most."""
    return value if isinstance(value, str) else f"{round(value, 1):g}"


def classes(*names: str) -> str:
    """The class attribute of several classes, the empty ones left out."""
    return " ".join(filter(None, names))


def numbers(values: Iterable[int]) -> str:
    """Several numbers in one attribute."""
    return " ".join(map(str, values))


def _name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")
