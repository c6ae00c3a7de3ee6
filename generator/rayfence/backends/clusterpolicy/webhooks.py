"""Where ClusterPolicies say under which conditions the API server asks Kyverno: in the kustomization.

Kyverno's command line 1.19.1 panics over a policy with `webhookConfiguration.matchConditions`. So the policy's file
leaves them out and can be tried offline; `kubectl apply -k` and `rayfence install` put them in. Without them Kyverno
decides the same, but while it is away other namespaces are stopped too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Manifest = Mapping[str, Any]

_FIELD, _CONDITIONS = "webhookConfiguration", "matchConditions"


def conditions(manifest: Manifest) -> list[dict[str, str]]:
    """The conditions in a manifest or a patch; none in other kinds of object."""
    found: list[dict[str, str]] = manifest.get("spec", {}).get(_FIELD, {}).get(_CONDITIONS, [])
    return found


def split(manifest: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """A policy as it stands in its file, and the patch that the kustomization adds, None where there is none."""
    return (without_conditions(manifest), patch(manifest)) if conditions(manifest) else (manifest, None)


def without_conditions(manifest: Manifest) -> dict[str, Any]:
    """What stands in the policy's file."""
    if not conditions(manifest):
        return {**manifest}
    webhook = {key: value for key, value in manifest["spec"][_FIELD].items() if key != _CONDITIONS}
    return {**manifest, "spec": {**manifest["spec"], _FIELD: webhook}}


def patch(manifest: Manifest) -> dict[str, Any]:
    """The rest, as kustomize merges it into the policy."""
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {"name": manifest["metadata"]["name"]},
        "spec": {_FIELD: {_CONDITIONS: conditions(manifest)}},
    }
