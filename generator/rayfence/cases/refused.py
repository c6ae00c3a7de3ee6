"""Builds one object per policy that the policy must refuse. Installation uses it to see that a policy is in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.cases.good import model
from rayfence.cases.sites import sites
from rayfence.model.config import Config, Enforcement, Platform, Tenant


def refused(config: Config) -> Iterator[tuple[Policy, dict[str, Any]]]:
    """Each enforcing policy object with an object that it must refuse, in a namespace that it covers.

    Policies that only audit or warn refuse nothing, so they have none.
    """
    owners = config.by_namespace()
    for policy in admission.policies(config):
        # Not every namespace of a tenant: where a table is cut, one may stand in another policy's.
        own = next(iter(policy.shard.namespaces), None)
        if own and policy.shard.enforcement is Enforcement.ENFORCE:
            value = broken(policy, config.platform, owners[own], 0)
            value["metadata"]["namespace"] = own
            yield policy, value


def broken(policy: Policy, platform: Platform, tenant: Tenant, which: int) -> dict[str, Any]:
    """A good object of a tenant with one of the breaks that the policy's last rule names: 0 the first, -1 the last."""
    value = model(policy.subject, platform, tenant)
    edit = list(policy.rules[-1].breaks(platform, tenant).values())[which]
    where = next(iter(sites(value, edit.at).values()))
    edit.apply(where(value), tenant)
    return value
