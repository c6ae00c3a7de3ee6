"""The rules as toy policies: the same text of CEL as everywhere, in an envelope of its own."""

from __future__ import annotations

from typing import Any

from rayfence import admission
from rayfence.backends.base import Files
from rayfence.backends.celpolicy import judgement, metadata
from rayfence.model.config import Config
from rayfence.model.purposes import written_by


def files(config: Config) -> Files:
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in admission.policies(config):
        found.setdefault(f"{policy.subject.name}.yaml", []).append(_policy(policy))
    return found


def _policy(policy: admission.Policy) -> dict[str, Any]:
    return {
        "apiVersion": "toys.example.com/v1",
        "kind": "ToyPolicy",
        "metadata": metadata(policy, written_by()),
        "spec": judgement(policy),
    }
