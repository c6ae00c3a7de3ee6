"""The Go programs that rayfence and its tests rest on: which version, how it is built, how it says its version."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS_TO_ANSWER = 60


@dataclass(frozen=True, slots=True)
class GoTool:
    """One program and how to get it; `version` has no leading `v`.

    Its go.mod lies below `tools/` or `testing/`, in a folder of its `name`, or in `pins` if several programs share it.
    `package` is one of a pinned module, or `.` for a program of our own in that folder. A program that cannot print
    its version has no `version_arguments`: its own bytes are searched for `version_pattern`.
    """

    name: str
    title: str
    package: str
    version: str
    ldflags: str
    variable: str
    executables: tuple[str, ...]
    version_arguments: tuple[str, ...]
    version_pattern: str
    takes: str
    caution: str = ""
    pins: str = ""

    @property
    def folder(self) -> Path:
        """The folder with its go.mod and go.sum."""
        return folder(self.pins or self.name)


KYVERNO = GoTool(
    name="kyverno",
    title="Kyverno CLI",
    package="github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno",
    version="1.19.1",
    ldflags="-s -w -X github.com/kyverno/kyverno/pkg/version.BuildVersion=v1.19.1",
    variable="RAYFENCE_KYVERNO",
    executables=("kyverno", "kubectl-kyverno"),
    version_arguments=("version",),
    version_pattern=r"^Version: v?(\S+)",
    takes="about 5 minutes",
    caution="Kyverno 1.19.0 deletes and re-creates generated objects every hour; install 1.19.1 in the cluster too",
)
KUSTOMIZE = GoTool(
    name="kustomize",
    title="Kustomize",
    package="sigs.k8s.io/kustomize/kustomize/v5",
    version="5.8.2",
    ldflags="-s -w",
    variable="RAYFENCE_KUSTOMIZE",
    executables=("kustomize",),
    version_arguments=("version",),
    version_pattern=r"^v(\S+)",
    takes="about half a minute",
)
GATOR = GoTool(
    name="gator",
    title="gator",
    package="github.com/open-policy-agent/gatekeeper/v3/cmd/gator",
    version="3.23.1",
    ldflags="-s -w",
    variable="RAYFENCE_GATOR",
    executables=("gator",),
    version_arguments=("version",),
    version_pattern=r"^GitVersion: +v?(\S+)",
    takes="about 4 minutes",
)
# For development alone: our own program around a pinned library, that nobody else has on PATH, and not in the wheel.
CYCLONUS = GoTool(
    name="cyclonus",
    title="Cyclonus",
    package=".",
    version="0.5.6",
    ldflags="-s -w",
    variable="RAYFENCE_CYCLONUS",
    executables=(),
    version_arguments=("version",),
    version_pattern=r"^cyclonus v(\S+)",
    takes="about a minute",
)


def version_of(tool: GoTool, path: Path) -> str | None:
    """The version that the program prints, without a `v`; None if it does not run or prints none."""
    if not tool.version_arguments:
        return _written_into(path, tool.version_pattern)
    try:
        done = subprocess.run(
            [path, *tool.version_arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS_TO_ANSWER,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    said = re.search(tool.version_pattern, done.stdout.decode(errors="replace"), re.MULTILINE)
    return said[1] if said else None


def _written_into(path: Path, pattern: str) -> str | None:
    """What the linker wrote: every Go program has in it the versions of the modules it is made of."""
    try:
        said = re.search(pattern.encode(), path.read_bytes(), re.MULTILINE)
    except OSError:
        return None
    return said[1].decode() if said else None


def folder(name: str) -> Path:
    """`tools/<name>` in the installed package or in a source checkout; there, `testing/<name>` for what tests need."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1]
    places = (package / "tools" / name, checkout / "tools" / name, checkout / "testing" / name)
    return next((place for place in places if place.is_dir()), places[0])
