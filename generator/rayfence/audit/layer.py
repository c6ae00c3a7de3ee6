"""The NetworkPolicies a cluster must have, held against those it has: what is missing, drifted, or nobody's.

RayClusters and NetworkPolicies are handed in one at a time and let go of: kept is a short entry for each policy that
must be there, and what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from functools import lru_cache
from typing import Any

from rayfence.audit.differences import difference
from rayfence.audit.values import Deviation, What
from rayfence.config import Config, Tenant
from rayfence.evaluate import Part
from rayfence.network import generated
from rayfence.network.cluster import ROLES, policy_name, role_spec, submitting_job
from rayfence.network.layer import own_specs, policy_specs
from rayfence.network.policy import Manifest
from rayfence.objects import map_at, name_of
from rayfence.path import Path
from rayfence.rules.guard_network_policies import RESERVED

KYVERNO_LABELS = "generate.kyverno.io/"
"""Labels by which Kyverno knows what it has generated; without them it leaves a policy to whoever changes it."""

_SPEC = Path.of("spec")

Key = tuple[str, str]
"""A namespace, and a policy's or a cluster's name."""


class Layer:
    """What must be there for one config. `existing` are the cluster's namespaces, None where they are not known."""

    def __init__(self, config: Config, *, generating: bool, existing: Set[str] | None = None) -> None:
        self._platform = config.platform
        self._tenants = config.by_namespace()
        self._generating = generating
        self._existing = existing
        self._wanted: dict[Key, tuple[str, str, str | None]] = {}
        self._seen: set[Key] = set()
        self._specs = lru_cache(maxsize=64)(self._static_specs)

    def add_cluster(self, value: Mapping[str, Any]) -> None:
        """A RayCluster, whose policies are wanted from now on."""
        metadata = value.get("metadata") or {}
        tenant = self._tenants.get(metadata.get("namespace", ""))
        if self._generating and tenant and generated(self._platform, tenant, value):
            name, job = metadata["name"], submitting_job(metadata)
            for role in ROLES:
                self._wanted[metadata["namespace"], policy_name(name, role)] = (name, role, job)

    def compare(self, part: Part) -> Deviation | None:
        """What is wrong with a NetworkPolicy whose name is rayfence's, None where it is as it must be."""
        key = (part.namespace, name_of(part.value))
        wanted, of_cluster = self._spec_of(key)
        if wanted is None:
            return self._deviation(part, What.STRAY, self._why_stray(key))
        self._seen.add(key)
        if found := difference(wanted, part.value.get("spec"), _SPEC):
            path, message = found
            return self._deviation(part, What.DRIFTED, message, path)
        if of_cluster and not _is_kept(part.value):
            what = f"carries no label {KYVERNO_LABELS}*, so Kyverno no longer keeps it; delete it, and it is made anew"
            return self._deviation(part, What.DRIFTED, what, Path.of("metadata", "labels"))
        return None

    def missing(self) -> Iterator[Deviation]:
        """What was wanted and never compared, by namespace and name."""
        for namespace, name in sorted(self._all_wanted()):
            if (namespace, name) not in self._seen:
                what = "is not there; apply the bundle"
                if (namespace, name) in self._wanted:
                    what = f"is not there, RayCluster {self._wanted[namespace, name][0]} needs it; see to Kyverno"
                yield Deviation(What.MISSING, self._tenants[namespace].name, namespace, name, what)

    def absent(self) -> list[str]:
        """The tenants' namespaces that are not there."""
        return [name for name in self._tenants if self._existing is not None and name not in self._existing]

    def _all_wanted(self) -> Iterator[Key]:
        yield from self._wanted
        absent = set(self.absent())
        for namespace, tenant in self._tenants.items():
            if namespace not in absent and tenant.network.enforce:
                yield from ((namespace, name) for name in self._specs(tenant.name, namespace))

    def _spec_of(self, key: Key) -> tuple[Manifest | None, bool]:
        """The spec that must stand there, and whether Kyverno is to have written it."""
        namespace, name = key
        tenant = self._tenants.get(namespace)
        if tenant is None:
            return None, False
        if key in self._wanted:
            return role_spec(tenant.network.mode, *self._wanted[key]), True
        return self._specs(tenant.name, namespace).get(name), False

    def _static_specs(self, name: str, namespace: str) -> dict[str, Manifest]:
        tenant = self._tenants[namespace]
        return _specs(self._platform, tenant) if tenant.network.enforce else {}

    def _why_stray(self, key: Key) -> str:
        tenant = self._tenants.get(key[0])
        if tenant is None:
            return "belongs to nobody: no tenant has this namespace; delete it"
        if not tenant.network.enforce:
            return f"opens or closes what {tenant.name} has no network layer for; delete it, or set network.enforce"
        return f"is none that {tenant.name} must have, and NetworkPolicies add up: what it opens is open; delete it"

    def _deviation(self, part: Part, what: What, message: str, at: Path | None = None) -> Deviation:
        tenant = self._tenants.get(part.namespace)
        found = part.located("", at or Path(), message)
        names = (part.namespace, name_of(part.value))
        return Deviation(
            what, tenant.name if tenant else None, *names, message, str(at or ""), part.document.file, found.line
        )


def is_ours(part: Part) -> bool:
    """Whether a NetworkPolicy has one of the names that are kept for rayfence."""
    return name_of(part.value).startswith(RESERVED)


def _specs(platform: Any, tenant: Tenant) -> dict[str, Manifest]:
    return policy_specs(platform, tenant.network, tenant.namespaces) | own_specs(tenant.network)


def _is_kept(value: Any) -> bool:
    return any(str(label).startswith(KYVERNO_LABELS) for label in map_at(value, "metadata", "labels"))
