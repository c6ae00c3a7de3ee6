"""What an engine must say: worked out from the configuration and a case's own words, never from an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from rayfence.backends.clusterpolicy import ISOLATION
from rayfence.cases import GENERATION, Case
from rayfence.cases.good import ray_cluster
from rayfence.config import Config, Enforcement, Tenant
from rayfence.network import generated
from rayfence.rules import require_tenant_label, restrict_namespace
from rayfence.shards import Shard, shards


class Expectations:
    """The truth about cases under one configuration."""

    def __init__(self, config: Config) -> None:
        self._platform = config.platform
        self._tenants = config.by_namespace()
        self.shards = shards(config)

    @property
    def policies(self) -> list[str]:
        """The names of all policy objects that judge."""
        return [ISOLATION + shard.suffix for shard in self.shards]

    def failed_policy(self, case: Case) -> str:
        """The name of the one policy object that a case fails, '' where it passes all of them."""
        broken = case.fails - {GENERATION}
        return ISOLATION + self._speaking_for(namespace(case)).suffix if broken else ""

    def action(self, policy: str) -> str:
        """Kyverno's word for a broken rule where audits are told apart: Enforce fails, Audit and Warn only warn."""
        shard = next(shard for shard in self.shards if ISOLATION + shard.suffix == policy)
        return "fail" if shard.enforcement is Enforcement.ENFORCE else "warn"

    def probes(self) -> dict[str, Case]:
        """Policy name -> an object that it alone must answer for: one without labels, in a namespace in its care."""
        return {ISOLATION + shard.suffix: self._probe(shard, number) for number, shard in enumerate(self.shards)}

    def _probe(self, shard: Shard, number: int) -> Case:
        own = [namespace for namespace, row in shard.rows.items() if row]
        # No name ends in a dash, so nobody has this one; it follows `first`, and comes before all that do.
        place = own[0] if own else f"{shard.first}-"
        tenant = self._tenants[next(iter(own or self._tenants))]
        value = ray_cluster(self._platform, tenant)
        value["metadata"] = {"name": f"probe-{number}", "namespace": place}
        fails = frozenset({require_tenant_label.ID if own else restrict_namespace.ID})
        return Case(f"an object without labels in {place}", value, fails)

    def tenant(self, case: Case) -> Tenant | None:
        """Whose the case's namespace is."""
        return self._tenants.get(namespace(case))

    def network_policies(self, case: Case) -> list[dict[str, Any]]:
        """The NetworkPolicies that must be made for a case."""
        tenant = self.tenant(case)
        return generated(self._platform, tenant, case.value) if tenant else []

    def isolates(self, case: Case) -> bool:
        """Whether anything is generated for Ray clusters in the case's namespace at all."""
        tenant = self.tenant(case)
        return tenant is not None and tenant.network.enforce

    def _speaking_for(self, namespace: str) -> Shard:
        for shard in self.shards:
            if shard.rows.get(namespace):
                return shard
        return next(shard for shard in self.shards if shard.guards and _between(namespace, shard))


def _between(namespace: str, shard: Shard) -> bool:
    return namespace >= shard.first and (not shard.until or namespace < shard.until)


def namespace(case: Case) -> str:
    """The namespace of the case's object."""
    return str(case.value["metadata"]["namespace"])


def resource(case: Case) -> str:
    """What Kyverno calls the case's object: `namespace/name`."""
    return f"{namespace(case)}/{case.value['metadata']['name']}"


def distinct(cases: Sequence[Case]) -> list[Case]:
    """The cases with no two objects of one namespace and name: an engine drops the second of them."""
    seen: set[str] = set()
    found = []
    for case in cases:
        number = 1
        while resource(own := _numbered(case, number)) in seen:
            number += 1
        seen.add(resource(own))
        found.append(own)
    return found


def _numbered(case: Case, number: int) -> Case:
    if number == 1:
        return case
    metadata = case.value["metadata"]
    return replace(case, value={**case.value, "metadata": {**metadata, "name": f"{metadata['name'][:40]}-{number}"}})
