"""The bundle of one backend at a time on a control plane."""

from __future__ import annotations

from controlplane import bundles
from controlplane.client import Client

from rayfence.model.config import Config


class Bundled:
    """What is on the control plane; the next backend takes its place."""

    def __init__(self, admin: Client, tenant: Client, config: Config) -> None:
        self._admin, self._tenant, self._config = admin, tenant, config
        self.backend = ""

    def use(self, backend: str) -> None:
        """Have the bundle of `backend` there, and no other; returns once it is enforced."""
        if self.backend == backend:
            return
        self.remove()
        self.backend = backend
        bundles.apply(self._admin, bundles.objects(self._config, backend))
        bundles.wait_until_enforced(self._tenant, self._config)

    def remove(self) -> None:
        """Take off what is there."""
        if self.backend:
            bundles.remove(self._admin, bundles.objects(self._config, self.backend))
        self.backend = ""
