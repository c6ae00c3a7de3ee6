"""A namespace leaves the config while its pods run on: at no moment is one of them in a namespace that is open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from controlplane import bundles
from controlplane.client import Client
from controlplane.processes import until

from rayfence import tenants
from rayfence.cases.good import good
from rayfence.model.config import Config
from rayfence.model.subjects import PODS
from rayfence.network.layer import CLOSING, DEFAULT_DENY

from ..command_line import rayfence
from . import isolation
from .asking import broken
from .bundled import Bundled
from .conftest import NATIVE

TOP = Path(__file__).parents[2]
GONE = "ray-team-b-dev"
"""The namespace that leaves; its tenant has another one and stays."""

NETWORK_POLICY, QUOTA = ("networking.k8s.io/v1", "NetworkPolicy"), ("v1", "ResourceQuota")
MANAGED = "app.kubernetes.io/managed-by"
FINALIZER = "e2e.rayfence.dev/last"


@dataclass
class Sampled:
    """What was seen of a namespace in which a pod ran all the while."""

    samples: int = 0
    open: list[list[str]] = field(default_factory=list)


@contextmanager
def sampling(admin: Client, pod: dict[str, Any]) -> Iterator[Sampled]:
    """Look at a running pod's namespace again and again while the block runs."""
    found, done = Sampled(), threading.Event()

    def look() -> None:
        while not done.is_set():
            names = [each["metadata"]["name"] for each in admin.list(*NETWORK_POLICY, pod["metadata"]["namespace"])]
            found.samples += 1
            found.open += [] if DEFAULT_DENY in names else [names]

    looks = threading.Thread(target=look)
    looks.start()
    try:
        yield found
    finally:
        done.set()
        looks.join()
    assert "Running" == admin.get(pod).or_raise()["status"]["phase"]


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """The tenants of this repository; without the namespace; and without it, retired."""
    return {
        "before": TOP / "tenants",
        "dropped": changed(tmp_path / "dropped", retired=[]),
        "retired": changed(tmp_path / "retired", retired=[GONE]),
    }


def changed(folder: Path, retired: list[str]) -> Path:
    folder.mkdir()
    for file in (TOP / "tenants").glob("*.yaml"):
        documents = list(yaml.safe_load_all(file.read_text("utf-8")))
        for spec in (each["spec"] for each in documents):
            if GONE in spec.get("namespaces", ()):
                spec["namespaces"].remove(GONE)
        if file.name == "platform.yaml":
            documents[0]["spec"]["retired"] = retired
        (folder / file.name).write_text(yaml.safe_dump_all(documents), "utf-8")
    return folder


@pytest.fixture
def place(bundled: Bundled, controlplane: Any, tenant: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plane as the cluster that kubectl would take, with nothing of rayfence's on it, neither before nor after."""
    bundled.remove()
    monkeypatch.setenv("KUBECONFIG", str(controlplane.kubeconfig))
    assert 0 == rayfence("uninstall", "--yes").exit_code
    yield
    assert 0 == rayfence("uninstall", "--yes").exit_code


@pytest.fixture
def pod(place: None, admin: Client, config: Config) -> Iterator[dict[str, Any]]:
    """One that runs in the namespace that leaves. There is no kubelet, so its status is written here."""
    value = a_pod(config, "runs-on")
    until("there is a pod", lambda: admin.create(value).ok, 60)
    admin.patch(value, {"status": {"phase": "Running"}}, subresource="status").or_raise()
    yield value
    admin.delete(value, gracePeriodSeconds="0")


def a_pod(config: Config, name: str) -> dict[str, Any]:
    value = good(PODS, config.platform, config.by_namespace()[GONE])[0]
    value["metadata"] |= {"name": name, "namespace": GONE}
    return value


def a_cluster(config: Config, name: str) -> dict[str, Any]:
    value = isolation.new_cluster(config, name, config.tenants.index(config.by_namespace()[GONE]))
    value["metadata"]["namespace"] = GONE
    return value


def install(folder: Path, backend: str) -> str:
    result = rayfence("install", "--tenants", folder, "--backend", backend)
    assert (0, "") == (result.exit_code, result.stderr)
    return result.stdout


def policies(admin: Client) -> set[str]:
    return {each["metadata"]["name"] for each in admin.list(*NETWORK_POLICY, GONE)}


@pytest.mark.parametrize("how", ["dropped", "retired"])
@pytest.mark.parametrize("backend", [NATIVE, "validatingpolicy"])
def test_an_installation_leaves_a_running_pod_closed(pod, admin, tenant, config, folders, backend, how):
    install(folders["before"], backend)
    with sampling(admin, pod) as sampled:
        told = install(folders[how], backend)
        install(folders[how], backend)

    assert [] == sampled.open
    assert sampled.samples > 20
    assert set(CLOSING) == policies(admin)
    assert (how == "dropped") is (f"{GONE} stays closed" in told)
    assert "exceeded quota" in tenant.create(a_pod(config, "one-more")).message

    admin.delete(pod, gracePeriodSeconds="0").or_raise()
    until("the pod is gone", lambda: admin.get(pod).status == 404, 30)
    told = install(folders["dropped"], backend)

    assert f"removed NetworkPolicy {GONE}/{DEFAULT_DENY}\n" in told
    assert (set(), []) == (policies(admin), admin.list(*QUOTA, GONE))


@pytest.mark.parametrize("backend", [NATIVE, "validatingpolicy"])
def test_what_ray_has_in_such_a_namespace_may_go_and_nothing_comes(place, admin, tenant, config, folders, backend):
    install(folders["before"], backend)
    old = a_cluster(config, "old")
    old["metadata"]["finalizers"] = [FINALIZER]
    tenant.create(old).or_raise()
    assert f"{GONE} stays closed" in install(folders["dropped"], backend)

    assert {"restrict-namespace"} == broken(tenant.create(a_cluster(config, "new")))
    assert {"restrict-namespace"} == broken(tenant.patch(old, {"spec": {"suspend": True}}))
    assert tenant.delete(old).ok
    assert tenant.patch(old, {"metadata": {"finalizers": []}}).ok
    until("it goes", lambda: admin.get(old).status == 404, 30)
    assert "stays closed" not in install(folders["dropped"], backend)


def bundle(folder: Path) -> list[dict[str, Any]]:
    return bundles.objects(tenants.load([folder]), NATIVE)


def apply(admin: Client, values: list[dict[str, Any]]) -> None:
    bundles.apply(admin, values)


def prune(admin: Client, wanted: list[dict[str, Any]]) -> None:
    """Delete what carries the bundle's label and is not in the bundle, as `kubectl apply --prune -l` does."""
    kinds = {(each["apiVersion"], each["kind"]) for each in wanted} | {NETWORK_POLICY, QUOTA}
    keep = {key(each) for each in wanted}
    for each in (each for kind in sorted(kinds) for each in admin.list(*kind)):
        if each["metadata"].get("labels", {}).get(MANAGED) == "rayfence" and key(each) not in keep:
            admin.delete(each).or_raise()


def key(value: dict[str, Any]) -> tuple[str, str, str]:
    return value["kind"], value["metadata"].get("namespace", ""), value["metadata"]["name"]


@pytest.mark.parametrize("order", [(apply, prune), (prune, apply)], ids=["apply, prune", "prune, apply"])
@pytest.mark.parametrize("backend", [NATIVE])
def test_a_tombstone_leaves_a_running_pod_closed(pod, admin, tenant, config, folders, backend, order):
    apply(admin, bundle(folders["before"]))
    with sampling(admin, pod) as sampled:
        for step in order:
            step(admin, bundle(folders["retired"]))

    assert [] == sampled.open
    assert sampled.samples > 5
    assert set(CLOSING) == policies(admin)
    assert "exceeded quota" in tenant.create(a_pod(config, "one-more")).message
    # The API server takes up what was applied a moment later.
    new = a_cluster(config, "new")
    until("it is refused", lambda: {"restrict-namespace"} == broken(tenant.create(new, dry_run=True)), 30)


@pytest.mark.parametrize("backend", [NATIVE])
def test_without_a_tombstone_the_pod_is_seen_to_be_open(pod, admin, folders, backend):
    apply(admin, bundle(folders["before"]))
    with sampling(admin, pod) as sampled:
        for step in (apply, prune):
            step(admin, bundle(folders["dropped"]))
        until("it is seen", lambda: bool(sampled.open), 10)

    assert sampled.open
