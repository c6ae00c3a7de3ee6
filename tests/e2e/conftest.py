"""One control plane for all suites here, and the bundle of one backend at a time on it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from controlplane import access, plane
from controlplane.client import Client
from controlplane.plane import Plane
from rayfence import tenants
from rayfence.config import Config

from .bundled import Bundled

TOP = Path(__file__).parents[2]
TENANT = "rayfence-e2e-tenant"
"""A user with the role `edit`, and Ray, in every tenant's namespace; no administrator, no operator."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("e2e")


@pytest.fixture(scope="session")
def config() -> Config:
    """The tenants of this repository."""
    return tenants.load([TOP / "tenants"])


@pytest.fixture(scope="session")
def controlplane() -> Iterator[Plane]:
    """Servers, Kyverno and KubeRay's kinds, for the whole session."""
    kept = os.environ.get("RAYFENCE_E2E_LOGS")

    def progress(text: str) -> None:
        print(f"controlplane: {text}", file=sys.__stderr__, flush=True)

    with plane.running(progress, Path(kept) if kept else None) as running:
        yield running


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
