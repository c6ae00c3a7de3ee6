"""One control plane for all suites here, and the bundle of one backend at a time on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from controlplane import access, plane
from controlplane.client import Client
from controlplane.kyverno import Kyverno
from controlplane.plane import Plane

from rayfence import tenants
from rayfence.model.config import Config

from .bundled import Bundled

TOP = Path(__file__).parents[2]
GIVEN = "RAYFENCE_E2E_KUBECONFIG"
"""Names a cluster to use in place of one that is started. It gets policies, namespaces and nodes: not one in use."""

KIND = "RAYFENCE_E2E_KIND"
"""Set, it has kind make the cluster, for which there has to be Docker."""

TENANT = "rayfence-e2e-tenant"
"""A user with the role `edit`, and Ray, in every tenant's namespace; no administrator, no operator."""

NATIVE = "validatingadmissionpolicy"
"""The backend that needs no Kyverno."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("e2e")
            found = list(_parameters(item)) if isinstance(item, pytest.Function) else []
            # Of a move between backends the other one may need Kyverno.
            if NATIVE in found and not any(each in found for each in ("validatingpolicy", "clusterpolicy")):
                item.add_marker("native")


def _parameters(item: pytest.Function) -> Iterator[object]:
    return iter(item.callspec.params.values()) if hasattr(item, "callspec") else iter(())


def progress(text: str) -> None:
    """Tell whoever waits, whatever pytest keeps for itself."""
    print(f"controlplane: {text}", file=sys.__stderr__, flush=True)


@pytest.fixture(scope="session")
def config() -> Config:
    """The tenants of this repository."""
    return tenants.load([TOP / "tenants"])


@pytest.fixture(scope="session")
def controlplane(request: pytest.FixtureRequest) -> Iterator[Plane]:
    """Servers, KubeRay's kinds and, if a test needs it, Kyverno, for the session; or the cluster that was given."""
    if kubeconfig := os.environ.get(GIVEN):
        yield plane.given(Path(kubeconfig))
        return
    if KIND in os.environ:
        with plane.in_kind(progress) as made:
            yield made
        return
    kept = os.environ.get("RAYFENCE_E2E_LOGS")
    # Workers of pytest-xdist have a control plane each.
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    without_kyverno = all(item.get_closest_marker("native") for item in request.session.items)
    crds = os.environ.get("RAYFENCE_E2E_CRDS")
    with plane.running(
        progress,
        keep_logs_in=Path(kept, worker) if kept else None,
        crds=Path(crds) if crds else None,
        with_kyverno=not without_kyverno,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def kyverno(controlplane: Plane) -> Kyverno:
    """Kyverno's controllers, to be ended and started."""
    if controlplane.kyverno is None:
        pytest.skip(f"the cluster of ${GIVEN} has a Kyverno that is not this suite's to end")
    return controlplane.kyverno


@pytest.fixture(scope="session")
def admin(controlplane: Plane) -> Client:
    """A member of system:masters."""
    return controlplane.admin


@pytest.fixture(scope="session")
def tenant(admin: Client, config: Config) -> Client:
    """Somebody who may edit what is in the tenants' namespaces."""
    access.let_edit(admin, [name for each in config.tenants for name in each.namespaces], [TENANT])
    return admin.as_user(TENANT)


@pytest.fixture(scope="session")
def bundled(admin: Client, tenant: Client, config: Config) -> Iterator[Bundled]:
    """The bundle of one backend on the control plane; taken off at the end."""
    found = Bundled(admin, tenant, config)
    yield found
    found.remove()
