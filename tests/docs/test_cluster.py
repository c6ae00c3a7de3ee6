"""The page about clusters shows what the commands print, for the sample tenants or for a saved cluster."""

from __future__ import annotations

import re
from collections import Counter
from copy import deepcopy
from pathlib import Path

import pytest

from rayfence import installation
from rayfence.backends import DEFAULT
from rayfence.tenants import load

from ..command_line import rayfence, tenant, write
from ..saved_cluster import Value, generated_policies, named, ray_cluster, report, tenants_part
from ..saved_cluster import write as save

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "cluster.md").read_text(encoding="utf-8")
MANIFESTS = installation.desired_objects(load([TOP / "tenants"]), DEFAULT)


def shown(command: str) -> list[str]:
    """What the page shows below a command, to the end of the block."""
    return PAGE.partition(f"\n$ {command}\n")[2].partition("\n```")[0].splitlines()


def test_install_counts_the_objects_of_the_sample_tenants() -> None:
    policies = len((*MANIFESTS.templates, *MANIFESTS.judges, *MANIFESTS.generators))

    assert [
        f"{DEFAULT} is installed: {policies} policy objects, all of them ready, {len(MANIFESTS.layer)} objects in "
        f"tenants' namespaces, {len(MANIFESTS.roles)} roles; 0 removed"
    ] == shown("rayfence install")[-1:]


def test_uninstall_counts_them_by_kind() -> None:
    objects = (*MANIFESTS.judges, *MANIFESTS.generators, *MANIFESTS.roles, *MANIFESTS.layer)
    counts = Counter(each["kind"] for each in objects)

    assert counts == {
        kind: int(count) for count, kind in re.findall(r"(\d+) (\w+)[,;]", shown("rayfence uninstall")[0])
    }


def test_audit_prints_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    both = tenant("team-a", namespace="ray-a").replace("[ray-a]", "[ray-a, ray-a2]")
    write(tmp_path / "tenants", a=both, b=tenant("team-b", namespace="ray-b") + "  network: {mode: DenyAllIngress}\n")
    save(tmp_path / "cluster.yaml", *_broken())
    # A live cluster gives no line of a file, and a saved one lacks the kinds that it has no objects of.
    printed = re.sub(
        r"^cluster\.yaml:\d+: |items\[\d+\]\.", "", rayfence("audit", "cluster.yaml").stdout, flags=re.MULTILINE
    )

    assert shown("rayfence audit") == [line for line in printed.splitlines() if not line.startswith("note: ")]


def _broken() -> list[Value]:
    """A cluster with a RayCluster above a maximum, and with a missing, a changed and a stray NetworkPolicy."""
    old = ray_cluster("old", cpu="40")
    objects = [each for each in tenants_part() if each["metadata"]["name"] != "rayfence-one-head"]
    named(objects, "NetworkPolicy", "rayfence-dns", "ray-a")["spec"]["egress"] = [{}]
    stray = deepcopy(named(objects, "NetworkPolicy", "rayfence-one-worker"))
    stray["metadata"]["name"] = "rayfence-x"
    refused = report(old, result="fail", message="limit-resources: [limit-resources] spec: x")
    return [*objects, stray, old, *generated_policies(old), refused]
