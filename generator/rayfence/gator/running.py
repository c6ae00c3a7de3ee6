"""Runs gator on files, and returns its output."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rayfence.model.outcome import EngineError

TIMEOUT = 1800
"""Seconds for one run."""

# What JSON may hold as it is YAML may not, and `gator verify` reads everything as YAML.
_AWKWARD = re.compile("[\x7f-\uffff]")


def run(engine: Path, words: Sequence[str], files: Mapping[str, str]) -> tuple[str, str]:
    """Both output streams of gator in a folder of its own with these files. Raises EngineError where it breaks down."""
    with TemporaryDirectory(prefix="rayfence-") as folder:
        for name, text in files.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        try:
            done = subprocess.run(
                [str(engine), *words], cwd=folder, capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EngineError(f"{engine} did not run: {error}") from error
    said, complaints = (stream.decode("utf-8", "replace") for stream in (done.stdout, done.stderr))
    if done.returncode not in (0, 1):
        raise EngineError(f"gator {words[0]} ended with exit code {done.returncode}:\n{end(said + complaints)}")
    return said, complaints


def written(*values: Any) -> str:
    """Each value as JSON on one line: a line that begins with dashes or a # is not always kept as it is."""
    try:
        lines = [json.dumps(value, ensure_ascii=False, allow_nan=False) for value in values]
    except (TypeError, ValueError) as error:
        raise EngineError(f"an object holds what JSON has no word for: {error}") from error
    return "\n---\n".join(_AWKWARD.sub(lambda match: f"\\u{ord(match[0]):04x}", line) for line in lines)


def end(said: str) -> str:
    """The last lines of what was said."""
    return "\n".join(said.strip().splitlines()[-15:])
