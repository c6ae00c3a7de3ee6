"""A control plane to work on: servers, Kyverno, KubeRay's kinds, and an administrator's client."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from controlplane import bundles, programs
from controlplane.client import Client
from controlplane.kyverno import Kyverno, asks_kyverno
from controlplane.processes import until
from controlplane.servers import Servers

SECONDS_FOR_KYVERNO = 300


@dataclass(frozen=True, slots=True)
class Plane:
    """What suites get. Of a cluster that was given there is nothing to start and end."""

    admin: Client
    servers: Servers | None = None
    kyverno: Kyverno | None = None


@contextmanager
def running(progress: Callable[[str], None], keep_logs_in: Path | None = None) -> Iterator[Plane]:
    """A control plane as long as the block runs. Its folder goes with it; `keep_logs_in` gets the logs."""
    found = programs.obtain(progress)
    with tempfile.TemporaryDirectory(prefix="rayfence-controlplane-") as folder:
        servers = Servers(found, Path(folder))
        with ExitStack() as ending:
            if keep_logs_in:
                ending.callback(_keep, servers.logs, keep_logs_in)
            ending.callback(servers.stop)
            progress("starting etcd, kube-apiserver, kube-controller-manager and kube-scheduler")
            admin = servers.start()
            progress("installing Kyverno")
            kyverno = Kyverno(found, servers, admin)
            kyverno.install()
            _add_kinds(admin)
            progress("starting Kyverno")
            ending.callback(kyverno.stop)
            kyverno.start()
            yield Plane(admin, servers, kyverno)


def given(kubeconfig: Path) -> Plane:
    """A cluster that is there, with Kyverno on it; KubeRay's kinds are added where they are missing. Raises NotUp."""
    admin = Client(kubeconfig)
    until("Kyverno's webhook", lambda: asks_kyverno(admin), SECONDS_FOR_KYVERNO)
    _add_kinds(admin)
    return Plane(admin)


def _add_kinds(admin: Client) -> None:
    for crd in bundles.stub_crds():
        if not admin.get(crd).ok:
            admin.apply(crd).or_raise()
        version, kind = crd["spec"]["versions"][0]["name"], crd["spec"]["names"]["plural"]
        path = f"/apis/{crd['spec']['group']}/{version}/{kind}"
        until(path, lambda path=path: admin.request("GET", path).ok, 60)  # type: ignore[misc]


def _keep(logs: Path, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for log in logs.iterdir():
        (place / log.name).write_bytes(log.read_bytes())
