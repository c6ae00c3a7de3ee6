"""Reads the files of `tenants/` into a Config, or reports every problem in them at once.

`tenants.schema.json` defines the structure of a document. `claims`, `bounds`, `peers` and `providers` check the values
of a Tenant, `keys`, `administrators` and `openings` those of a Platform, and `allow` those of both.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rayfence.model.config import Config, Platform
from rayfence.model.field_path import FieldPath
from rayfence.tenants import (
    administrators,
    allow,
    bounds,
    conflicts,
    decode,
    keys,
    peers,
    platform_egress,
    providers,
    shape,
)
from rayfence.tenants.problems import Diagnostics
from rayfence.yamlio import Document, Problem, read

__all__ = ["ConfigError", "load", "parse"]

_SUFFIXES = (".yaml", ".yml")


class ConfigError(Exception):
    """A tenant config that cannot be used. `problems` has all of them, in order of file and line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(_in_order(problems))
        super().__init__("\n".join(map(str, self.problems)))


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: (problem.file, problem.line))


def load(paths: Sequence[pathlib.Path]) -> Config:
    """The config in files and folders, whose *.yaml and *.yml are read at any depth, those of a hidden name left out.

    Raises ConfigError.
    """
    sources: list[tuple[str, bytes]] = []
    problems: list[Problem] = []
    for file in dict.fromkeys(file for path in paths for file in _files(path)):
        if file not in paths and (wrong := _unreadable(file)):
            problems.append(Problem(str(file), 0, wrong))
            continue
        try:
            sources.append((str(file), file.read_bytes()))
        except FileNotFoundError:
            problems.append(Problem(str(file), 0, "there is no such file or folder; write the tenants there"))
        except OSError as error:
            problems.append(Problem(str(file), 0, f"cannot be read: {error.strerror}; make it readable"))
    return _config(sources, problems, where=" ".join(map(str, paths)))


def parse(sources: Iterable[tuple[str, str | bytes]]) -> Config:
    """The config in texts that were read already, each with its file's name. Raises ConfigError."""
    return _config(sources, [], where="tenants")


def _files(path: pathlib.Path) -> Iterator[pathlib.Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
        # Who has links to folders, or names in capitals, believes that they are read.
        linked = file.is_symlink() and file.is_dir()
        if not hidden and (linked or (file.suffix.lower() in _SUFFIXES and not file.is_dir())):
            yield file


def _unreadable(file: pathlib.Path) -> str | None:
    """Why a file in a folder is not read, and what to do; None for one that is."""
    if file.is_symlink() and file.is_dir():
        return "is a link to a folder, which is not followed; name that folder with --tenants, or copy it"
    if file.suffix != file.suffix.lower():
        return f"ends in {file.suffix}, which is not read; rename it to {file.suffix.lower()}"
    if file.exists() and not file.is_file():
        return "is no file; take it away"
    return None


def _config(sources: Iterable[tuple[str, str | bytes]], problems: list[Problem], where: str) -> Config:
    documents: list[Document] = []
    for file, text in sources:
        for found in read(text, file):
            problems.append(found) if isinstance(found, Problem) else documents.append(found)
    checked = _checked(documents)
    problems += [problem for diagnostics in checked for problem in diagnostics.problems]
    if not problems and not any(_is_something(document.value) for document in documents):
        problems.append(Problem(where, 0, "there is no Tenant; write at least one document with `kind: Tenant`"))
    if problems:
        raise ConfigError(problems)
    platform = _platform(documents)
    tenants = [decode.tenant(doc.value, platform) for doc in documents if doc.value["kind"] == "Tenant"]
    warnings = _in_order(warning for diagnostics in checked for warning in diagnostics.warnings)
    return Config(platform, tuple(sorted(tenants, key=lambda tenant: tenant.name)), tuple(map(str, warnings)))


def _checked(documents: Sequence[Document]) -> list[Diagnostics]:
    """What is wrong and what is odd in each document. Only those of the right shape are asked for their sense."""
    found = [Diagnostics(document) for document in documents]
    for diagnostics in found:
        shape.check()(diagnostics.document.value, FieldPath(), diagnostics)
    sound = [diagnostics for diagnostics in found if not diagnostics.problems]
    platform = _platform([diagnostics.document for diagnostics in sound])
    owners = conflicts.owners(documents)
    for diagnostics in found:
        conflicts.check(diagnostics.document, owners, platform, diagnostics)
    conflicts.check_names(found)
    for diagnostics in sound:
        _check_sense(diagnostics, owners, platform)
    return found


def _check_sense(diagnostics: Diagnostics, owners: dict[str, conflicts.Claim], platform: Platform) -> None:
    value = diagnostics.document.value
    spec = value.get("spec", {})
    if value["kind"] == "Tenant":
        bounds.check(spec, diagnostics)
        providers.check(spec, platform, diagnostics)
        _check_require(spec, platform, diagnostics)
        peers.check(value["metadata"]["name"], spec, owners, platform, diagnostics)
        allow.check(spec, value["metadata"]["name"], owners, platform, diagnostics)
        return
    keys.check(spec, diagnostics)
    administrators.check(spec, owners, platform, diagnostics)
    platform_egress.check(spec, owners, diagnostics)
    allow.check(spec, None, owners, platform, diagnostics)


def _check_require(spec: dict[str, Any], platform: Platform, diagnostics: Diagnostics) -> None:
    """Warns of a tenant that asks for less than its platform."""
    if "require" in spec and platform.require.authentication and "authentication" not in spec["require"]:
        less = f"is without the Platform's authentication: {platform.require.authentication}"
        diagnostics.warn(FieldPath.of("spec", "require"), f"{less}; leave require out, or write authentication")


def _platform(documents: Sequence[Document]) -> Platform:
    """The Platform that is written, or the one of defaults."""
    written = (decode.platform(document.value) for document in documents if document.value["kind"] == "Platform")
    return next(written, Platform())


def _is_something(value: dict[str, Any]) -> bool:
    """Whether a document gives us something to do: the last tenant may have left a namespace that is closed."""
    return value["kind"] == "Tenant" or bool(value.get("spec", {}).get("retired"))
