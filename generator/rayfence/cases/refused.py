"""Policy objects in, for each an object that it must refuse out: what shows on a server that it decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.cases.good import good
from rayfence.cases.sites import sites
from rayfence.config import Config, Enforcement, Tenant


def refused(config: Config) -> Iterator[tuple[Policy, dict[str, Any]]]:
    """Each policy object that enforces, and what it must refuse, in a namespace that it speaks for.

    Of policies that only audit or warn nothing is to be seen.
    """
    owners = config.by_namespace()
    for policy in admission.policies(config):
        # Not every namespace of a tenant: where a table is cut, one may stand in another policy's.
        own = next((namespace for namespace, row in policy.shard.rows.items() if row), None)
        if own and policy.shard.enforcement is Enforcement.ENFORCE:
            yield policy, _broken(config, policy, own, owners[own])


def _broken(config: Config, policy: Policy, namespace: str, owner: Tenant) -> dict[str, Any]:
    """A good object with the first break of the policy's last rule."""
    value = good(policy.subject, config.platform, owner)[0]
    value["metadata"]["namespace"] = namespace
    edit = next(iter(policy.rules[-1].breaks(config.platform, owner).values()))
    where = next(iter(sites(value, edit.at).values()))
    edit.apply(where(value), owner)
    return value
