"""`rayfence install` as it is run, on a cluster in memory."""

from __future__ import annotations

import pytest

from rayfence.cli import install as command
from rayfence.cluster.objects import name_of

from ..command_line import rayfence, tenant, write
from ..fake_cluster import FakeCluster
from ..healthy_cluster import kuberay, kyverno
from ..saved_cluster import CONFIG, pod, ray_cluster

CLUSTER_POLICY = ("--backend", "clusterpolicy")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the config of the cluster in memory."""
    a, b = tenant("team-a", namespace="ray-a, ray-a2"), tenant("team-b", namespace="ray-b")
    write(tmp_path / "tenants", a=a, b=b)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cluster(place, monkeypatch) -> FakeCluster:
    """One with Kyverno and KubeRay, which is the one that is asked."""
    return cluster_with(monkeypatch, "v1.19.1")


def cluster_with(monkeypatch, version: str) -> FakeCluster:
    found = FakeCluster(CONFIG)
    for each in (*kyverno(version), *kuberay(backend="clusterpolicy")):
        found.put(each)
    monkeypatch.setattr(command, "live", lambda connection: found)
    monkeypatch.setattr(command, "Clock", lambda seconds: found.clock)
    return found


def test_kyvernos_policies_of_the_newer_kind_are_what_is_installed(cluster):
    result = rayfence("install")

    assert (0, "") == (result.exit_code, result.stderr)
    assert result.stdout.startswith("validatingpolicy is installed: ")
    assert {"ValidatingPolicy", "GeneratingPolicy"} == {
        kind for _, kind, *_ in cluster.there if kind.endswith("gPolicy")
    }


def test_cluster_policies_are_refused_where_kyverno_does_not_enforce_them(place, monkeypatch):
    cluster = cluster_with(monkeypatch, "v1.20.0")
    before = set(cluster.there)
    result = rayfence("install", *CLUSTER_POLICY)

    assert (3, "", before) == (result.exit_code, result.stdout, set(cluster.there))
    assert "Kyverno 1.20.0 enforces no ClusterPolicy" in result.stderr
    assert "rayfence install --backend validatingpolicy" in result.stderr
    assert result.stderr.endswith("nothing was installed\n")
    assert 3 == rayfence("install", *CLUSTER_POLICY, "--dry-run").exit_code
    assert 0 == rayfence("install").exit_code


def test_cluster_policies_go_on_where_kyverno_enforces_them(cluster):
    assert 0 == rayfence("install", *CLUSTER_POLICY).exit_code


def test_a_dry_run_says_once_that_there_is_no_namespace_as_an_installation_does(cluster):
    cluster.there = {key: value for key, value in cluster.there.items() if name_of(value) != "ray-a2"}
    tried, done = rayfence("install", "--dry-run"), rayfence("install")
    missing = "error: there is no namespace ray-a2 of team-a; kubectl create namespace ray-a2\n"

    assert (3, 3) == (tried.exit_code, done.exit_code)
    assert (f"{missing}nothing would be installed\n", f"{missing}nothing was installed\n") == (
        tried.stderr,
        done.stderr,
    )
    assert "add NetworkPolicy ray-a2/rayfence-default-deny\n" in tried.stdout
    assert 'namespaces "ray-a2" not found' not in tried.stdout


def test_a_dry_run_of_what_is_there_is_a_yes(cluster):
    first = rayfence("install", "--dry-run")
    rayfence("install")
    again = rayfence("install", "--dry-run")

    assert (1, 0, "nothing would change\n") == (first.exit_code, again.exit_code, again.stdout)


def test_a_namespace_that_stays_closed_is_told_until_it_is_let_go(cluster, place):
    rayfence("install")
    running = pod(ray_cluster("one", "ray-a2"))
    cluster.put(running)
    write(place / "tenants", a=tenant("team-a", namespace="ray-a"))
    told = rayfence("install").stdout
    cluster.take(running)
    after = rayfence("install").stdout

    assert "ray-a2 stays closed: no tenant has it, and pods or Ray objects are still there" in told
    assert "removed NetworkPolicy ray-a2/rayfence-dns\n" in told
    assert "rayfence-default-deny" not in told
    assert "removed NetworkPolicy ray-a2/rayfence-default-deny\n" in after
    assert "stays closed" not in after


def test_a_retired_namespace_in_which_nothing_runs_may_leave_the_config(cluster, place):
    rayfence("install")
    write(
        place / "tenants",
        a=tenant("team-a", namespace="ray-a"),
        platform="apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {retired: [ray-a2]}\n",
    )

    assert (
        "ray-a2 is retired, and nothing runs there any more: remove it from spec.retired\n"
        in rayfence("install").stdout
    )
