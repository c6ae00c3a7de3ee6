"""Checks Kyverno: whether it is installed and runs, and whether its version is supported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.backends import BACKENDS, DEFAULT, Backend
from rayfence.cluster.objects import map_at, name_of
from rayfence.doctor.case import WEBHOOKS, Case, Deployment, Version, shown
from rayfence.doctor.finding import Finding, Note
from rayfence.model.subjects import RAY
from rayfence.network.tables import GENERATION

MINIMUM = (1, 19, 1)

KNOWN_BAD: Mapping[Version, str] = {
    (1, 19, 0): "deletes and re-creates generated NetworkPolicies every hour, and lets namespaced policies read every "
    "GlobalContextEntry",
}

POLICY_WEBHOOK = "kyverno-policy-validating-webhook-cfg"
"""What Kyverno registers as soon as it runs: the API server asks it about every policy."""

DOWN = "kyverno-down"
_CONTROLLERS = ("admission-controller", "background-controller", "reports-controller")
_UPGRADE = f"upgrade Kyverno to {shown(MINIMUM)} or newer"


def findings(case: Case) -> Iterator[Finding | Note]:
    """Nothing where Kyverno has no part in it."""
    for backend in BACKENDS.values():
        if backend.needs.ends and any(_is_ours(part.value) for part in case.objects.of(backend.policy_kind)):
            yield from not_enforced(case, backend)
    if case.may_run_on_kyverno:
        yield from of_kyverno(case)


def not_enforced(case: Case, backend: Backend) -> Iterator[Finding]:
    """A Kyverno that keeps the policies of a backend that are there, enforces none of them, and refuses new ones."""
    ends, kind = backend.needs.ends, backend.policy_kind.kind
    versions = [(each.version, each) for each in case.kyverno() if each.version]
    newest, controller = max(versions, key=lambda pair: pair[0] or (), default=(None, None))
    if ends and newest and controller and newest >= ends:
        what = (
            f"critical: Kyverno {shown(newest)} enforces no {kind}: those that are there have no effect, and "
            "new ones are refused"
        )
        fix = f"rayfence install --backend {DEFAULT} (the default), or kubectl apply -k policies/{DEFAULT}"
        yield Finding(f"{backend.name}-not-enforced", controller.where, what, fix)


def _is_ours(policy: Any) -> bool:
    return name_of(policy).startswith((RAY.name, GENERATION)) or (
        map_at(policy, "metadata", "labels").get("app.kubernetes.io/managed-by") == "rayfence"
    )


def of_kyverno(case: Case) -> Iterator[Finding | Note]:
    """The findings about Kyverno, whether it is needed or not."""
    found = case.kyverno()
    if not found and case.objects.one(WEBHOOKS, "", POLICY_WEBHOOK):
        yield Note("Kyverno's webhooks exist, but none of its Deployments, so it is unknown which version answers")
        return
    if not found:
        what = "no Deployment belongs to Kyverno, so nothing evaluates the policies"
        yield Finding("kyverno-missing", "the cluster", what, f"install Kyverno {shown(MINIMUM)} or newer")
        return
    for component in _CONTROLLERS:
        controllers = [each for each in found if each.labels.get("app.kubernetes.io/component") == component]
        if not controllers:
            what = f"Kyverno runs without its {component}"
            yield Finding("kyverno-missing", found[0].namespace, what, f"switch the {component} on in Kyverno's values")
        for each in controllers:
            yield from _of(each)


def _of(controller: Deployment) -> Iterator[Finding | Note]:
    if controller.unavailable:
        what = "is not available; until it is, requests that need it are refused, or its work is not done"
        fix = f"kubectl describe deployment -n {controller.namespace} {controller.name}"
        yield Finding(DOWN, controller.where, what, fix)
    version = controller.version
    if version is None:
        yield Note(f"{controller.where}: {', '.join(controller.images) or 'no image'} does not say which version it is")
    elif bad := KNOWN_BAD.get(version):
        yield Finding("kyverno-version", controller.where, f"Kyverno {shown(version)} {bad}", _UPGRADE)
    elif version < MINIMUM:
        what = f"Kyverno {shown(version)} is older than {shown(MINIMUM)}, the first tested version"
        yield Finding("kyverno-version", controller.where, what, _UPGRADE)
