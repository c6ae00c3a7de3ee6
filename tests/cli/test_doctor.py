"""`rayfence doctor` as it is run, on files and without a cluster."""

from __future__ import annotations

import json

import pytest

from ..command_line import rayfence, tenant, write
from ..healthy_cluster import healthy
from ..saved_cluster import named
from ..saved_cluster import write as save


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with the config that the saved cluster is of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    a = tenant("team-a", namespace="ray-a, ray-a2") + "  quota: {cpu: '64', memory: 256Gi, workers: 16}\n"
    b = tenant("team-b", namespace="ray-b") + "  network: {mode: DenyAllIngress}\n"
    write(tmp_path / "tenants", a=a, b=b)
    return tmp_path


@pytest.fixture
def ill(place):
    """A saved cluster with an old Kyverno and an open node."""
    objects = healthy()
    operator = named(objects, "Deployment", "kyverno-admission-controller")
    operator["spec"]["template"]["spec"]["containers"][0]["image"] = "reg.kyverno.io/kyverno/kyverno:v1.19.0"
    named(objects, "Node", "node-team-a")["spec"]["taints"] = []
    return save(place / "cluster.yaml", *objects)


def test_a_healthy_cluster_is_a_yes(place):
    save(place / "cluster.yaml", *healthy())
    result = rayfence("doctor", "cluster.yaml")

    assert (0, 1) == (result.exit_code, len(result.stdout.splitlines()))
    assert result.stdout.startswith("healthy: looked at the engine, ")


def test_text_has_what_mends_it_below_what_is_wrong(ill):
    lines = rayfence("doctor", ill).stdout.splitlines()

    assert lines[0].startswith(
        "[kyverno-version] kyverno/Deployment/kyverno-admission-controller: Kyverno 1.19.0 deletes"
    )
    assert "    fix: upgrade Kyverno to 1.19.1 or newer" == lines[1]
    assert lines[-1].startswith("3 findings: looked at ")


def test_json_has_every_finding(ill):
    result = rayfence("doctor", ill, "--format", "json")
    found = json.loads(result.stdout)

    assert 1 == result.exit_code
    assert ["kyverno-version", "node-open", "tenant-without-nodes"] == [each["id"] for each in found["findings"]]
    assert {"ok": False, "findings": 3, "notes": 0} == found["summary"]
    assert ["validatingpolicy"] == found["backends"]


def test_a_report_goes_into_a_file(ill, place):
    result = rayfence("doctor", ill, "--output", "doctor.txt")

    assert (1, "") == (result.exit_code, result.stdout)
    assert (place / "doctor.txt").read_text().startswith("[kyverno-version]")


def test_names_cannot_move_the_cursor(place):
    objects = healthy()
    named(objects, "Node", "node-team-a")["metadata"]["name"] = "node\x1b[2J"
    named(objects, "Node", "node\x1b[2J")["spec"]["taints"] = []
    save(place / "cluster.yaml", *objects)

    assert "Node/node\\x1b[2J" in rayfence("doctor", "cluster.yaml").stdout


def test_no_cluster_is_three():
    result = rayfence("doctor")

    assert (3, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("error: no cluster to ask: ")


def test_a_wrong_config_is_told_first(place):
    write(place / "tenants", a="kind: Tenat\n")

    assert rayfence("doctor").stderr.endswith("nothing was examined\n")
