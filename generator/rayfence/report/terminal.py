"""Text for terminals and pipes: shows control characters visibly, and uses colour only if asked to."""

from __future__ import annotations

from io import StringIO

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style

BAD = "bold red"
GOOD = "green"
CAREFUL = "yellow"


def visible(text: str) -> str:
    r"""The text on one line; what moves a cursor, changes a colour or turns the reading direction shows as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def paint(text: str, style: str, *, colour: bool) -> str:
    """The text in a style of rich's (`bold red`), or as it is."""
    return Style.parse(style).render(text, color_system=ColorSystem.STANDARD) if colour else text


def draw(renderable: RenderableType, *, colour: bool, width: int) -> str:
    """A table of rich's as lines at most `width` columns wide, the last one ended."""
    console = Console(
        file=StringIO(),
        width=width,
        color_system="standard" if colour else None,
        force_terminal=colour,
        force_jupyter=False,
        no_color=False,
        legacy_windows=False,
    )
    with console.capture() as capture:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())
