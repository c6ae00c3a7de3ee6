"""What is measured: rayfence's commands at every size, each beside the command that it is compared with."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from benchmarks import inputs
from benchmarks.metering import Command

TENANT_COUNTS = (10, 100, 1_000, 10_000)
CLUSTER_COUNTS = (10, 100, 1_000)

TENANTS_OF_CLUSTERS = 10
"""How many tenants the RayClusters belong to, however many they are."""

OUT = "out"
"""What a command writes, beside its input; removed after each run."""


class Name(StrEnum):
    """The commands under measure."""

    STARTUP = "startup"
    BUILD = "build"
    CHECK_PYTHON = "check-python"
    CHECK_CLUSTERPOLICY = "check-clusterpolicy"


RUNS = {Name.STARTUP: 15, Name.BUILD: 5, Name.CHECK_PYTHON: 5, Name.CHECK_CLUSTERPOLICY: 1}
"""Enough for a median; the real engine takes minutes for a thousand objects."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What part of it all is measured: these commands, up to this size, `runs` times (None: as in RUNS)."""

    names: Collection[Name] = tuple(Name)
    most: int = TENANT_COUNTS[-1]
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """A command over `size` tenants or RayClusters (0: over none), and its yardstick."""

    name: Name
    size: int
    title: str
    command: Command
    yardstick_title: str
    yardstick: Command
    runs: int


# Nothing is done here but what the title says, and all values are kept until the end.
_LOAD = """\
import sys, yaml
with open(sys.argv[1], "rb") as file:
    values = list(yaml.load_all(file, yaml.CSafeLoader))
"""

_LOAD_AND_DUMP = """\
import os, sys, yaml
folder, out = sys.argv[1:]
values = []
for name in sorted(os.listdir(folder)):
    with open(f"{folder}/{name}", "rb") as file:
        values.extend(yaml.load_all(file, yaml.CSafeLoader))
with open(out, "w") as file:
    yaml.dump_all(values, file, yaml.CSafeDumper, sort_keys=False)
"""


def subjects(choice: Choice, folder: Path) -> list[Subject]:
    """What was chosen, small before large; their inputs are written into the folder."""
    found: list[Subject] = []
    if Name.STARTUP in choice.names:
        found += _startup(_runs(choice, Name.STARTUP))
    if Name.BUILD in choice.names:
        found += (_build(folder, size, _runs(choice, Name.BUILD)) for size in TENANT_COUNTS if size <= choice.most)
    return found + list(_checks(choice, folder))


def _runs(choice: Choice, name: Name) -> int:
    return RUNS[name] if choice.runs is None else choice.runs


def _startup(runs: int) -> Iterator[Subject]:
    for code in ("pass", "import click"):
        command = _rayfence("--help")
        yield Subject(Name.STARTUP, 0, "rayfence --help", command, f"python -c '{code}'", _python("-c", code), runs)


def _build(folder: Path, size: int, runs: int) -> Subject:
    tenants = _tenants(folder, size)
    command = _rayfence("build", "--tenants", str(tenants), "--out", str(folder / OUT))
    yardstick = _python("-c", _LOAD_AND_DUMP, str(tenants), str(folder / OUT))
    return Subject(Name.BUILD, size, f"build, {size:,} tenants", command, "load and dump them", yardstick, runs)


def _checks(choice: Choice, folder: Path) -> Iterator[Subject]:
    for size in CLUSTER_COUNTS:
        for name in (Name.CHECK_PYTHON, Name.CHECK_CLUSTERPOLICY):
            if name in choice.names and size <= choice.most:
                yield _check(folder, name, size, _runs(choice, name))


def _check(folder: Path, name: Name, size: int, runs: int) -> Subject:
    engine = name.removeprefix("check-")
    tenants, clusters = _tenants(folder, TENANTS_OF_CLUSTERS), _clusters(folder, size)
    bad = inputs.denied(size)
    words = ("check", str(clusters), "--tenants", str(tenants), "--engine", engine)
    command = _rayfence(*words, exit_code=1, last_line=f"{size - bad} admitted, {bad} denied, 0 not judged, 0 errors")
    title, yardstick = f"check ({engine}), {size:,} RayClusters", _python("-c", _LOAD, str(clusters))
    return Subject(name, size, title, command, "load them", yardstick, runs)


def _tenants(folder: Path, count: int) -> Path:
    """A folder with a file for each tenant, as people onboard them."""
    tenants = folder / f"tenants-{count}"
    tenants.mkdir(exist_ok=True)
    for name, document in inputs.tenants(count):
        (tenants / f"{name}.yaml").write_text(document, encoding="utf-8")
    return tenants


def _clusters(folder: Path, count: int) -> Path:
    """One file with all RayClusters, as `kubectl get` and `helm template` write them."""
    file = folder / f"rayclusters-{count}.yaml"
    documents = inputs.ray_clusters(count, TENANTS_OF_CLUSTERS)
    file.write_text("---\n".join(documents), encoding="utf-8")
    return file


def _rayfence(*words: str, exit_code: int = 0, last_line: str | None = None) -> Command:
    return Command((sys.executable, "-m", "rayfence", *words), exit_code, last_line)


def _python(*words: str) -> Command:
    return Command((sys.executable, *words))
