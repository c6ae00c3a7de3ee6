"""Text for terminals and pipes, in colour only if asked to."""

from __future__ import annotations

from io import StringIO

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.style import Style

BAD = "bold red"
GOOD = "green"
CAREFUL = "yellow"


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
