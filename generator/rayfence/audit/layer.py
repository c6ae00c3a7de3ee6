"""Compares the NetworkPolicies in a cluster with those that must exist: missing, changed, or not wanted.

Ray objects and NetworkPolicies are passed in one at a time and not kept. Memory holds only a short entry for each
policy that must exist, and the findings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from rayfence.admission.evaluate import Part
from rayfence.audit.differences import difference
from rayfence.audit.values import Drift, DriftKind
from rayfence.cluster.objects import map_at, name_of, text_at
from rayfence.model.config import Config
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RESERVED
from rayfence.network import generated
from rayfence.network.layer import CLOSING, closed_specs, own_specs, policy_specs
from rayfence.network.policy import Manifest
from rayfence.network.static import engineless_specs

KYVERNO_LABELS = "generate.kyverno.io/"
"""Labels by which Kyverno knows what it has generated; without them it does not revert changes to a policy."""

_SPEC = FieldPath.of("spec")

Key = tuple[str, str]
"""A namespace, and a policy's name."""


@dataclass(frozen=True, slots=True)
class _Generated:
    """A policy that must be there for `owner`, its spec as text: a tenth of what it takes as a manifest."""

    owner: str
    spec: str


class Layer:
    """The expected NetworkPolicies of one config. `existing` are the cluster's namespaces, None if not known."""

    def __init__(
        self, config: Config, *, generating: bool, engineless: bool = False, existing: Set[str] | None = None
    ) -> None:
        """`generating` and `engineless` say which of the two stand for what a single Ray object needs, or both."""
        self._platform = config.platform
        self._tenants = config.by_namespace()
        self._retired = config.platform.retired
        self._generating, self._engineless = generating, engineless
        self._existing = existing
        self.still_closed: set[str] = set()
        """Namespaces that were looked at, are closed, and are neither a tenant's nor retired."""
        self._wanted: dict[Key, _Generated] = {}
        self._seen: set[Key] = set()
        self._specs = lru_cache(maxsize=64)(self._static_specs)

    def add(self, value: Mapping[str, Any]) -> None:
        """A Ray object, whose policies are wanted from now on."""
        tenant = self._tenants.get(text_at(value, "metadata", "namespace"))
        if self._generating and tenant:
            owner = f"{value['kind']} {name_of(value)}"
            for policy in generated(self._platform, tenant, value):
                key = (policy["metadata"]["namespace"], name_of(policy))
                self._wanted[key] = _Generated(owner, json.dumps(policy["spec"]))

    def is_static(self, part: Part) -> bool:
        """Whether a NetworkPolicy has a name that its namespace must have even without RayClusters."""
        return name_of(part.value) in self._static(part.namespace)

    def compare(self, part: Part) -> Drift | None:
        """The drift of a NetworkPolicy with one of rayfence's names, None if it is as expected."""
        key = (part.namespace, name_of(part.value))
        wanted, of_cluster = self._spec_of(key)
        if wanted is None and self._still_closes(part):
            return None
        if wanted is None:
            return self._deviation(part, DriftKind.STRAY, self._why_stray(key))
        self._seen.add(key)
        if found := difference(wanted, part.value.get("spec"), _SPEC):
            path, message = found
            return self._deviation(part, DriftKind.DRIFTED, message, path)
        if of_cluster and not _is_kept(part.value):
            what = (
                f"has no label {KYVERNO_LABELS}*, so Kyverno no longer maintains it; delete it, and Kyverno creates it "
                "again"
            )
            return self._deviation(part, DriftKind.DRIFTED, what, FieldPath.of("metadata", "labels"))
        return None

    def missing(self) -> Iterator[Drift]:
        """The expected NetworkPolicies that were not found, by namespace and name."""
        for namespace, name in sorted(self._all_wanted()):
            if (namespace, name) not in self._seen:
                what = "is missing; apply the bundle"
                if (namespace, name) in self._wanted:
                    what = f"is missing, and {self._wanted[namespace, name].owner} needs it; check Kyverno"
                tenant = self._tenants.get(namespace)
                yield Drift(DriftKind.MISSING, tenant.name if tenant else None, namespace, name, what)

    def absent(self) -> list[str]:
        """The tenants' namespaces that are not there."""
        return [name for name in self._tenants if self._existing is not None and name not in self._existing]

    def _all_wanted(self) -> Iterator[Key]:
        yield from self._wanted
        for namespace in (*self._tenants, *self._retired):
            if self._existing is None or namespace in self._existing:
                yield from ((namespace, name) for name in self._static(namespace))

    def _spec_of(self, key: Key) -> tuple[Manifest | None, bool]:
        """The spec that must stand there, and whether Kyverno is to have written it."""
        if key in self._wanted:
            return json.loads(self._wanted[key].spec), True
        namespace, name = key
        return self._static(namespace).get(name), False

    def _static(self, namespace: str) -> Mapping[str, Manifest]:
        """What must stand in a namespace whatever runs there."""
        tenant = self._tenants.get(namespace)
        if tenant is not None:
            return self._specs(tenant.name, namespace)
        return closed_specs() if namespace in self._retired else {}

    def _still_closes(self, part: Part) -> bool:
        """Whether it keeps a namespace closed that no tenant has, as an installation leaves it while pods run there."""
        spec = closed_specs().get(name_of(part.value))
        if part.namespace in self._tenants or spec is None or difference(spec, part.value.get("spec"), _SPEC):
            return False
        self.still_closed.add(part.namespace)
        return True

    def _static_specs(self, name: str, namespace: str) -> dict[str, Manifest]:
        tenant = self._tenants[namespace]
        if not tenant.network.enforce:
            return {}
        instead = engineless_specs(self._platform, tenant.network) if self._engineless else {}
        shared = policy_specs(self._platform, tenant.network, tenant.namespaces)
        return {**shared, **own_specs(tenant.network), **instead}

    def _why_stray(self, key: Key) -> str:
        tenant = self._tenants.get(key[0])
        if tenant is None and key[1] in CLOSING:
            return "no tenant has this namespace; delete it when no pods run there"
        if tenant is None:
            return "no tenant has this namespace; delete it"
        if not tenant.network.enforce:
            return f"should not exist, because {tenant.name} has no network layer; delete it, or set network.enforce"
        return f"is not one that {tenant.name} must have, and NetworkPolicies add up: what it allows is open; delete it"

    def _deviation(self, part: Part, what: DriftKind, message: str, at: FieldPath | None = None) -> Drift:
        tenant = self._tenants.get(part.namespace)
        found = part.located("", at or FieldPath(), message)
        names = (part.namespace, name_of(part.value))
        return Drift(
            what, tenant.name if tenant else None, *names, message, str(at or ""), part.document.file, found.line
        )


def is_ours(part: Part) -> bool:
    """Whether a NetworkPolicy has one of the names that are kept for rayfence."""
    return name_of(part.value).startswith(RESERVED)


def _is_kept(value: Any) -> bool:
    return any(str(label).startswith(KYVERNO_LABELS) for label in map_at(value, "metadata", "labels"))
