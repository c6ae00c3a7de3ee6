"""Which program to run: the one its variable names, on PATH, in the cache, or built now; and what to warn of."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rayfence.gotool.building import ToolMissing, cached_at, obtain
from rayfence.gotool.golang import Progress
from rayfence.gotool.pins import GoTool, version_of


class Source(StrEnum):
    """The origin of a program."""

    VARIABLE = "environment"
    PATH = "PATH"
    CACHE = "cache"
    BUILT = "built"


@dataclass(frozen=True, slots=True)
class Found:
    """A program that runs. `seconds` is what building it took, 0 unless it was built just now."""

    path: Path
    version: str
    source: Source
    warning: str | None = None
    seconds: float = 0.0


def find(tool: GoTool, progress: Progress) -> Found:
    """The program named by the tool's variable, the right one on PATH, the one in the cache, else one built now.

    Only the variable can bring in another version than the pinned one. `progress` gets a sentence when something slow
    begins and when it ends.
    """
    named = os.environ.get(tool.variable)
    if named:
        return _named(tool, named)
    seen = {path: version_of(tool, path) for name in tool.executables if (path := _which(name))}
    right = next((path for path, version in seen.items() if version == tool.version), None)
    if right:
        return Found(right, tool.version, Source.PATH)
    warning = "; ".join(_passed_over(tool, path, version) for path, version in seen.items()) or None
    try:
        seconds = obtain(tool, progress)
    except ToolMissing as error:
        raise ToolMissing(f"{warning}\n{error}" if warning else str(error)) from error
    return Found(cached_at(tool), tool.version, Source.BUILT if seconds else Source.CACHE, warning, seconds)


def _named(tool: GoTool, named: str) -> Found:
    path = _which(named)
    if path is None:
        raise ToolMissing(f"${tool.variable} is {named}, which is not a program; correct it, or unset it")
    version = version_of(tool, path)
    warning = None
    if version != tool.version:
        warning = f"${tool.variable}: {_wrong(tool, path, version)}, and is used because you named it"
    return Found(path, version or "unknown", Source.VARIABLE, warning)


def _which(name: str) -> Path | None:
    path = shutil.which(name)
    return Path(path).absolute() if path else None


def _passed_over(tool: GoTool, path: Path, version: str | None) -> str:
    return f"{_wrong(tool, path, version)}, and is passed over"


def _wrong(tool: GoTool, path: Path, version: str | None) -> str:
    is_what = f"is {version}" if version else "does not say its version"
    why = f" ({tool.caution})" if tool.caution and version and _older(version, tool.version) else ""
    return f"{path} {is_what}, not the pinned {tool.title} {tool.version}{why}"


def _older(version: str, other: str) -> bool:
    numbers = [[int(part) for part in re.findall(r"\d+", text)[:3]] for text in (version, other)]
    return bool(numbers[0]) and numbers[0] < numbers[1]
