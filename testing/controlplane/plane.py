"""A control plane to work on: servers, Kyverno, KubeRay's kinds, and an administrator's client."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from controlplane import bundles, kind, kyverno, programs
from controlplane.client import Client
from controlplane.kyverno import Kyverno, asks_kyverno
from controlplane.processes import until
from controlplane.programs import Programs
from controlplane.servers import Servers

SECONDS_FOR_KYVERNO = 300


@dataclass(frozen=True, slots=True)
class Plane:
    """What suites get. Of a cluster that was given there is nothing to start and end."""

    admin: Client
    kubeconfig: Path
    servers: Servers | None = None
    kyverno: Kyverno | None = None


@contextmanager
def running(
    progress: Callable[[str], None],
    *,
    keep_logs_in: Path | None = None,
    crds: Path | None = None,
    with_kyverno: bool = True,
) -> Iterator[Plane]:
    """A control plane as long as the block runs. Its folder goes with it; `keep_logs_in` gets the logs.

    `crds` has KubeRay's own CRDs, which are beyond this repository; without it stubs stand in for them.
    """
    found = programs.obtain(progress, programs.WITH_KYVERNO if with_kyverno else programs.SERVERS)
    with tempfile.TemporaryDirectory(prefix="rayfence-controlplane-") as folder:
        servers = Servers(found, Path(folder))
        with ExitStack() as ending:
            if keep_logs_in:
                ending.callback(_keep, servers.logs, keep_logs_in)
            ending.callback(servers.stop)
            progress("starting etcd, kube-apiserver, kube-controller-manager and kube-scheduler")
            admin = servers.start()
            _add_kinds(admin, crds)
            kyverno_there = _started_kyverno(found, servers, admin, progress, ending) if with_kyverno else None
            yield Plane(admin, servers.kubeconfig, servers, kyverno_there)


def _started_kyverno(
    found: Programs, servers: Servers, admin: Client, progress: Callable[[str], None], ending: ExitStack
) -> Kyverno:
    progress("installing Kyverno")
    started = Kyverno(found, servers, admin)
    started.install()
    progress("starting Kyverno")
    ending.callback(started.stop)
    started.start()
    return started


def given(kubeconfig: Path) -> Plane:
    """A cluster that is there, with Kyverno on it; KubeRay's kinds are added where they are missing. Raises NotUp."""
    admin = Client(kubeconfig)
    until("Kyverno's webhook", lambda: asks_kyverno(admin), SECONDS_FOR_KYVERNO)
    _add_kinds(admin)
    return Plane(admin, kubeconfig)


@contextmanager
def in_kind(progress: Callable[[str], None]) -> Iterator[Plane]:
    """A cluster of kind's with Kyverno on it as long as the block runs. Raises ToolMissing, Refused, NotUp."""
    install = programs.manifest_of(programs.ADMISSION, progress)
    with kind.cluster(progress) as kubeconfig:
        progress("installing Kyverno")
        kyverno.apply(Client(kubeconfig), kyverno.manifest(install))
        yield given(kubeconfig)


def _add_kinds(admin: Client, crds: Path | None = None) -> None:
    found = bundles.kinds(crds)
    for crd in found:
        if not admin.get(crd).ok:
            admin.apply(crd).or_raise()
    for crd in found:
        version, plural = crd["spec"]["versions"][0]["name"], crd["spec"]["names"]["plural"]
        path = f"/apis/{crd['spec']['group']}/{version}/{plural}"
        until(path, lambda path=path: admin.request("GET", path).ok, 60)  # type: ignore[misc]


def _keep(logs: Path, place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for log in logs.iterdir():
        (place / log.name).write_bytes(log.read_bytes())
