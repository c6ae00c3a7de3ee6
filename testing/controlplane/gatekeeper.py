"""Gatekeeper on a control plane: what its own manifest installs, and its manager as a program beside the servers."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
import yaml

from controlplane import access, programs
from controlplane.certificates import LOOPBACK
from controlplane.client import Client
from controlplane.kyverno import apply
from controlplane.processes import Process, answers, free_port
from controlplane.programs import GATEKEEPER
from controlplane.servers import Servers
from rayfence import gotool

NAMESPACE, ACCOUNT = "gatekeeper-system", "gatekeeper-admin"
SECONDS_TO_START = 120
READY = 200

_WEBHOOKS, _JUDGING = "ValidatingWebhookConfiguration", "validation.gatekeeper.sh"
_CLUSTERS_ONLY = ("Deployment", "PodDisruptionBudget", "ResourceQuota", "MutatingWebhookConfiguration", _WEBHOOKS)
"""What is about pods, and mutation, of which a bundle has none; the webhooks are written once something listens."""

_OPERATIONS = ("webhook", "audit", "status", "generate")
"""Those of its two Deployments, in one program here."""


class Gatekeeper:
    """Its manager, with its own account, set as `docs/gatekeeper.md` says it is to be."""

    def __init__(self, program: Path, manifest: Path, servers: Servers, admin: Client) -> None:
        self._servers, self._admin = servers, admin
        self._manifest = [each for each in yaml.load_all(manifest.read_text(), yaml.CSafeLoader) if each]
        self._port, self._health = free_port(), free_port()
        apply(admin, [each for each in self._manifest if each["kind"] not in _CLUSTERS_ONLY])
        flags = [f"--{name}={value}" for name, value in self._flags()]
        environment = {"POD_NAMESPACE": NAMESPACE, "NAMESPACE": NAMESPACE, "CONTAINER_NAME": "manager"}
        self.manager = Process(GATEKEEPER.name, [program, *flags], servers.logs, environment)

    def start(self) -> None:
        """Start it, and have the API server ask it. Raises NotUp.

        It admits everything until it has read its templates and constraints. In a cluster no Service leads to it before
        it calls itself ready; here the API server asks it as soon as it listens.
        """
        self.manager.start()
        self.manager.wait("the webhook's port", lambda: answers(self._port), SECONDS_TO_START)
        self.manager.wait("/readyz", self._is_ready, SECONDS_TO_START)
        self._admin.apply(self._webhooks(), manager="gatekeeper").or_raise()

    def remove(self) -> None:
        """Have the API server ask nobody, and end it."""
        self._admin.delete(self._webhooks())
        self.manager.stop()

    def _is_ready(self) -> bool:
        try:
            return bool(
                urllib3.request("GET", f"http://{LOOPBACK}:{self._health}/readyz", retries=False).status == READY
            )
        except urllib3.exceptions.HTTPError:
            return False

    def _flags(self) -> Iterator[tuple[str, object]]:
        yield from (("operation", each) for each in _OPERATIONS)
        yield "port", self._port
        yield "exempt-namespace", NAMESPACE
        yield "disable-opa-builtin", "{http.send}"
        token = access.token_of(self._admin, NAMESPACE, ACCOUNT)
        yield "kubeconfig", self._servers.kubeconfig_with(GATEKEEPER.name, token)
        # It is in no pod, and has no secret for its certificate.
        yield "debug-use-fake-pod", "true"
        yield "disable-cert-rotation", "true"
        yield "cert-dir", self._certificates()
        yield "health-addr", f"{LOOPBACK}:{self._health}"
        yield "prometheus-port", free_port()
        # A cluster's Services need a while to forget a pod; here is none.
        yield "shutdown-delay", 0
        # The API server would ask the policies that it makes of templates, before and instead of it.
        yield "default-create-vap-for-templates", "false"

    def _certificates(self) -> Path:
        """A folder with the names that it looks for."""
        pair, folder = self._servers.pair_of(GATEKEEPER.name), self._servers.authority.parent / "gatekeeper"
        folder.mkdir(exist_ok=True)
        for source, name in ((pair.certificate, "tls.crt"), (pair.key, "tls.key"), (self._servers.authority, "ca.crt")):
            shutil.copy(source, folder / name)
        return folder

    def _webhooks(self) -> dict[str, Any]:
        found = next(each for each in self._manifest if each["kind"] == _WEBHOOKS)
        return {**found, "webhooks": [self._webhook(each) for each in found["webhooks"]]}

    def _webhook(self, given: dict[str, Any]) -> dict[str, Any]:
        url = f"https://{LOOPBACK}:{self._port}{given['clientConfig']['service']['path']}"
        vouched = base64.b64encode(self._servers.authority.read_bytes()).decode()
        # A busy machine takes more than the three seconds that are its default.
        found = {**given, "clientConfig": {"url": url, "caBundle": vouched}, "timeoutSeconds": 30}
        if given["name"] != _JUDGING:
            return found
        rules = [{**rule, "operations": ["CREATE", "UPDATE", "DELETE"]} for rule in given["rules"]]
        return {**found, "failurePolicy": "Fail", "rules": rules}


@contextmanager
def running(servers: Servers, admin: Client, progress: Callable[[str], None]) -> Iterator[Gatekeeper]:
    """Gatekeeper on a control plane as long as the block runs. Raises ToolMissing, Refused, NotUp."""
    program = gotool.find(GATEKEEPER, progress).path
    found = Gatekeeper(program, programs.manifest_of(GATEKEEPER, progress), servers, admin)
    try:
        found.start()
        yield found
    finally:
        found.remove()
