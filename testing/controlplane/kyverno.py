"""Kyverno on a control plane: what its own manifest installs, and its controllers as programs beside the servers."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from controlplane import access
from controlplane.certificates import LOOPBACK
from controlplane.client import Client, Object
from controlplane.processes import Process, answers, free_port, until
from controlplane.programs import ADMISSION, BACKGROUND, REPORTS, Programs
from controlplane.servers import Servers
from rayfence.gotool import KYVERNO, GoTool

NAMESPACE = "kyverno"
SECONDS_TO_START = 180

_DEPLOYMENTS = {
    ADMISSION.name: "kyverno-admission-controller",
    BACKGROUND.name: "kyverno-background-controller",
    REPORTS.name: "kyverno-reports-controller",
}
_ANY_POLICY = {
    "apiVersion": "policies.kyverno.io/v1",
    "kind": "ValidatingPolicy",
    "metadata": {"name": "rayfence-e2e-is-kyverno-up"},
    "spec": {
        "matchConstraints": {
            "resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
            ]
        },
        "validations": [{"expression": "true"}],
    },
}


class Kyverno:
    """Three controllers, each with the flags, environment and account of its Deployment."""

    def __init__(self, programs: Programs, servers: Servers, admin: Client) -> None:
        self._programs, self._servers, self._admin = programs, servers, admin
        assert programs.kyverno_install
        self._manifest = manifest(programs.kyverno_install)
        self._port = free_port()

    def install(self) -> None:
        """CRDs, roles, settings and Deployments; the Deployments stay pending, since no node is for them."""
        apply(self._admin, self._manifest)
        asked_at = {"webhookServerHost": LOOPBACK, "webhookServerPort": str(self._port)}
        # The longest that a webhook may take: on a busy machine checking a large ClusterPolicy takes more than the 10 s
        # that are Kyverno's default.
        patient = {"serverIP": f"{LOOPBACK}:{self._port}", "webhookTimeout": "30"}
        # The reports controller has no such flag, and ends where it is given one that it has not.
        quiet = {"controllerRuntimeMetricsAddress": "0"}
        self.admission = self._controller(ADMISSION, **asked_at, **patient, **quiet)
        self.background = self._controller(BACKGROUND, **quiet)
        self.reports = self._controller(REPORTS)

    def start(self) -> None:
        """Start all three, and wait until the API server would ask the first. Raises NotUp."""
        for each in (self.admission, self.background, self.reports):
            each.start()
        self.wait_until_asked()

    def wait_until_asked(self) -> None:
        """Wait until the webhook listens and Kyverno has told the API server of it."""
        self.admission.wait("the webhook's port", lambda: answers(self._port), SECONDS_TO_START)
        self.admission.wait("the webhook for policies", lambda: asks_kyverno(self._admin), SECONDS_TO_START)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End all three."""
        for each in (self.reports, self.background, self.admission):
            each.stop(how)

    def _controller(self, tool: GoTool, **flags: str) -> Process:
        deployment = next(
            each
            for each in self._manifest
            if each["kind"] == "Deployment" and each["metadata"]["name"] == _DEPLOYMENTS[tool.name]
        )
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        ours = {
            # Ten times its default. The limit holds for the renewal of its lease, too, so that a crowd of objects would
            # end its controllers.
            "clientRateLimitQPS": "1000",
            "clientRateLimitBurst": "2000",
            "metricsHost": LOOPBACK,
            "metricsPort": str(free_port()),
            "disableLogColor": "true",
            **flags,
        }
        given = dict(word.removeprefix("--").split("=", 1) for word in container["args"])
        token = access.token_of(self._admin, NAMESPACE, pod["serviceAccountName"])
        ours["kubeconfig"] = str(self._servers.kubeconfig_with(tool.name, token))
        words = [f"--{name}={value}" for name, value in {**given, **ours}.items()]
        environment = dict(_environment(container["env"], deployment))
        return Process(tool.name, [self._programs.of(tool), *words], self._servers.logs, environment)


def manifest(install: Path) -> list[dict[str, Any]]:
    """What Kyverno's own manifest installs, with the images of the version that is pinned."""
    text = install.read_text().replace(":latest", f":v{KYVERNO.version}")
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def apply(admin: Client, manifest: Sequence[Object]) -> None:
    """Apply it, and wait until its CRDs are there. Raises Refused, NotUp."""
    for each in manifest:
        admin.apply(each, manager="kyverno").or_raise()
    for crd in (each for each in manifest if each["kind"] == "CustomResourceDefinition"):
        until(crd["metadata"]["name"], partial(_is_established, admin, crd), SECONDS_TO_START)


def _is_established(admin: Client, crd: Object) -> bool:
    conditions = admin.get(crd).value.get("status", {}).get("conditions", [])
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


def asks_kyverno(admin: Client) -> bool:
    """Whether the webhook that policies have to pass is known to the API server, and answers it."""
    found = admin.list("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")
    known = any(each["metadata"]["name"] == "kyverno-policy-validating-webhook-cfg" for each in found)
    return known and admin.create(_ANY_POLICY, dry_run=True).ok


def _environment(given: list[Mapping[str, Any]], deployment: Object) -> Iterator[tuple[str, str]]:
    """The container's environment, as the kubelet would fill it in."""
    fields = {"metadata.namespace": NAMESPACE, "metadata.name": f"{deployment['metadata']['name']}-0"}
    for each in given:
        source = each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
        yield each["name"], fields[source] if source else each.get("value", "")
