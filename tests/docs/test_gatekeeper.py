"""The command of the page on Gatekeeper that tries a manifest, run by bash with the real gator."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from rayfence.gotool import GATOR, find
from rayfence.manifests import bundle
from rayfence.tenants import load

pytestmark = pytest.mark.engine

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs/gatekeeper.md").read_text(encoding="utf-8")
GOOD = (TOP / "testcases/documented/ray-tenant-team-a.yaml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to stand in, with the bundle of the sample tenants and gator."""
    folder = tmp_path_factory.mktemp("gatekeeper")
    for path, text in bundle.files(load([TOP / "tenants"]), ["gatekeeper"]).items():
        (folder / "policies" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "policies" / path).write_text(text, encoding="utf-8")
    (folder / "bin").mkdir()
    (folder / "bin/gator").symlink_to(find(GATOR, print).path)
    return folder


def tried(place: Path, manifest: str) -> tuple[int, list[str]]:
    """How the command ends for a manifest, and the objects that it names."""
    (place / "my-raycluster.yaml").write_text(manifest, encoding="utf-8")
    (command,) = re.findall(r"^\$ (gator test .+)$", PAGE, re.MULTILINE)
    path = f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=place,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert "" == done.stderr
    return done.returncode, [line.split(": ")[0] for line in done.stdout.splitlines() if line]


def test_a_good_manifest_is_admitted(place: Path) -> None:
    assert (0, []) == tried(place, GOOD)


def test_a_bad_one_is_refused_and_nothing_else_is_named(place: Path) -> None:
    assert (1, ["ray.io/v1/RayCluster ray-namespace/ray-tenant-team-a"]) == tried(
        place, GOOD.replace("nodeSelector:", "nodeselector:")
    )


def test_nothing_is_said_of_a_misspelled_kind(place: Path) -> None:
    bad = GOOD.replace("nodeSelector:", "nodeselector:").replace("kind: RayCluster", "kind: Raycluster")

    assert (0, []) == tried(place, bad)
