"""Reads manifests from files, folders and stdin, one document at a time."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePath

from rayfence import yamlio
from rayfence.cli.exits import WrongInput, refusal
from rayfence.model.outcome import Result, Verdict
from rayfence.yamlio import Document, Problem

STDIN = "-"
STDIN_NAME = "<stdin>"
SUFFIXES = (".yaml", ".yml", ".json")

_TEMPLATE = re.compile(rb"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
"""What Helm and Jinja replace."""

_RENDER = "render it first: helm template … | rayfence check -"


def files(paths: Sequence[str], excluded: Sequence[str] = ()) -> list[str]:
    """The files to read: folders searched through in order of path, each file once, and none that a glob leaves out.

    Raises WrongInput, with all of them, for paths that are not there and folders without manifests.
    """
    found = {path: _at(path) for path in paths}
    problems = [problem for path, below in found.items() if not below for problem in [_nothing_at(path)]]
    if problems:
        raise refusal(problems, "nothing was checked")
    once = {os.path.abspath(file) if file != STDIN else file: file for below in found.values() for file in below}
    kept = [file for file in once.values() if file == STDIN or not _is_excluded(file, excluded)]
    if not kept:
        raise WrongInput(f"error: --exclude {' '.join(excluded)}: nothing is left; name fewer files to leave out")
    return kept


def below(folder: str | Path) -> list[str]:
    """The manifests in a folder and in all folders in it, in order of path."""
    places = os.walk(folder, onerror=_raise)
    return sorted(
        os.path.join(place, name) for place, _, names in places for name in names if _is_manifest(place, name)
    )


def documents(files: Iterable[str]) -> Iterator[Document | Problem]:
    """Every document of every file, in order. Raises OSError for a file that cannot be read."""
    for file in files:
        text, name = (sys.stdin.buffer.read(), STDIN_NAME) if file == STDIN else (Path(file).read_bytes(), file)
        for each in yamlio.read(text, name):
            yield _of_template(each) if isinstance(each, Problem) and _TEMPLATE.search(text) else each


def _of_template(problem: Problem) -> Problem:
    """What is wrong with a file that another program makes YAML of, and is read too early."""
    return Problem(problem.file, problem.line, f"{problem.message}; or, as this looks like a template, {_RENDER}")


def unreadable(problem: Problem) -> Result:
    """The result for a document that cannot be checked."""
    return Result(problem.file, problem.line, "", "", "", None, Verdict.ERROR, error=problem.message)


def nothing_in(paths: Sequence[str]) -> WrongInput:
    """There were files, and not one document in them."""
    return WrongInput(f"error: {', '.join(paths)}: no documents; name at least one file with a manifest in it")


def _at(path: str) -> list[str]:
    if path == STDIN:
        return [STDIN]
    if os.path.isdir(path):
        return below(path)
    return [path] if os.path.exists(path) else []


def _is_excluded(file: str, globs: Sequence[str]) -> bool:
    """Whether a glob fits the file, or a folder that it is in: the whole path, or the end of it."""
    path = PurePath(os.path.normpath(file))
    places = [path, *path.parents]
    wanted = [os.path.normpath(glob) for glob in globs]
    return any(fnmatch(str(place), glob) or place.match(glob) for place in places for glob in wanted)


def _nothing_at(path: str) -> str:
    if os.path.isdir(path):
        return f"{path}: no *.yaml, *.yml or *.json in this folder; name one that holds manifests"
    return f"{path}: no such file or folder; check the spelling"


def _is_manifest(place: str, name: str) -> bool:
    # A named pipe would be waited for.
    return name.endswith(SUFFIXES) and os.path.isfile(os.path.join(place, name))


def _raise(error: OSError) -> None:
    raise error
