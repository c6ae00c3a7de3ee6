"""What `rayfence build` writes, put on a control plane and taken off it again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from controlplane.client import Answer, Client, Refused
from controlplane.processes import NotUp, until
from rayfence import admission, kyverno
from rayfence.admission import Policy
from rayfence.cases import GENERATION
from rayfence.cases.refused import refused
from rayfence.manifests import bundle
from rayfence.model.config import Config
from rayfence.model.subjects import NETWORK_KINDS, RAY

SECONDS_TO_ENFORCE = 120
NOT_FOUND, SERVER_ERROR = 404, 500


def kinds(crds: Path | None) -> list[dict[str, Any]]:
    """KubeRay's kinds: the CRDs in a folder, or stubs of those it serves, of which a server takes all that is in them.

    After them stubs of the kinds that open the network.

    Raises NotUp where the folder has none.
    """
    if crds is None:
        return kyverno.stub_crds((*RAY.resources, *NETWORK_KINDS.resources))
    found = [each for file in sorted(crds.glob("*.yaml")) for each in _documents(file.name, file.read_text())]
    if not found:
        raise NotUp(f"{crds} has no CRDs, which are in files *.yaml")
    return [*found, *kyverno.stub_crds(NETWORK_KINDS.resources)]


def objects(config: Config, backend: str, leave_out: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The bundle's objects in the order in which they are to be applied: roles, the static layer, policies."""
    files = bundle.files(config, [backend])
    found = [each for path, text in files.items() for each in _documents(path, text)]
    for patch in _patches(files[f"{backend}/{bundle.KUSTOMIZATION}"]):
        (patched,) = (each for each in found if _name(each) == _name(patch))
        patched["spec"]["webhookConfiguration"] |= patch["spec"]["webhookConfiguration"]
    return sorted((each for each in found if each["kind"] not in leave_out), key=_rank)


def apply(admin: Client, values: Sequence[dict[str, Any]]) -> None:
    """Server-side apply, one after the other. Raises Refused.

    Kyverno's webhook may be slow, and takes a policy that generates only once it has the rights, which it collects in
    its own time; until then it is asked again.
    """
    for value in values:
        started = time.monotonic()
        while not (answer := admin.apply(value)).ok:
            may_come = answer.status >= SERVER_ERROR or _generates(value)
            if not may_come or time.monotonic() - started > SECONDS_TO_ENFORCE:
                raise Refused(answer)
            time.sleep(0.5)


def remove(admin: Client, values: Sequence[dict[str, Any]]) -> None:
    """Take them off, the last first, and wait until they are gone and no webhook asks about Ray any more."""
    for value in reversed(values):
        until(f"{value['kind']} gone", partial(_is_gone, admin, value), SECONDS_TO_ENFORCE)
    until("Kyverno forgets about Ray", lambda: not _asks_about_ray(admin), SECONDS_TO_ENFORCE)


def _is_gone(admin: Client, value: dict[str, Any]) -> bool:
    return admin.delete(value).status == NOT_FOUND


def _asks_about_ray(admin: Client) -> bool:
    found = admin.list("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration")
    rules = (rule for each in found for webhook in each.get("webhooks", ()) for rule in webhook.get("rules", ()))
    return any(RAY.resources[0].group in rule["apiGroups"] for rule in rules)


def wait_until_enforced(tenant: Client, config: Config) -> None:
    """Wait until each policy object refuses what it must refuse. Raises NotUp, with what was said last."""
    for policy, probe in refused(config):
        _wait(tenant, policy, probe)


def _wait(tenant: Client, policy: Policy, probe: dict[str, Any]) -> None:
    said: list[Answer] = []

    def refused() -> bool:
        said.append(tenant.create(probe, dry_run=True))
        return bool(admission.read(said[-1].message)[0])

    try:
        until(f"{policy.name} refuses a broken {probe['kind']}", refused, SECONDS_TO_ENFORCE)
    except NotUp as error:
        raise NotUp(f"{error}; the server said {said[-1].status} {said[-1].message[:2000]}") from None


def _documents(path: str, text: str) -> Iterator[dict[str, Any]]:
    if not path.endswith(bundle.KUSTOMIZATION):
        yield from (each for each in yaml.load_all(text, yaml.CSafeLoader) if each)


def _patches(kustomization: str) -> list[dict[str, Any]]:
    """What `kubectl apply -k` merges into the objects."""
    value = yaml.load(kustomization, yaml.CSafeLoader)
    return [yaml.load(each["patch"], yaml.CSafeLoader) for each in value.get("patches", ())]


def _name(value: dict[str, Any]) -> tuple[str, str]:
    return value["kind"], value["metadata"]["name"]


def _rank(value: dict[str, Any]) -> int:
    """Roles first, so that Kyverno has them when it is asked about policies that generate; those come last."""
    return 3 if _generates(value) else {"ClusterRole": 0, "NetworkPolicy": 1, "ResourceQuota": 1}.get(value["kind"], 2)


def _generates(value: dict[str, Any]) -> bool:
    return bool(value["metadata"]["name"].startswith(GENERATION))
