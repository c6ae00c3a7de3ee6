"""Any one object of the network layer may be missing, late, or lost: no connection between two tenants opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from rayfence.model.config import Mode, Scope, Tenant
from rayfence.reach.cluster_model import ClusterModel, model_cluster
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.policies import Json
from rayfence.reach.scenario import Scenario
from rayfence.reach.topology import Endpoint

from .three import KINDS, three


def open_between_tenants(here: ClusterModel) -> Iterator[str]:
    """Whatever is open between a pod of the model's tenant and a pod in another tenant's namespace."""
    owners = here.scenario.config.by_namespace()
    own = [each.endpoint for each in here.members.values() if each.tenant is here.tenant]
    foreign = [each for each in here.topology.endpoints if owner(each, owners) not in (None, here.tenant)]
    connectivity = Connectivity(here.topology)
    for one in own:
        for other in foreign:
            for source, target in ((one, other), (other, one)):
                if connectivity.between(source, target).ports:
                    yield f"{source} -> {target}"


def owner(endpoint: Endpoint, owners: dict[str, Tenant]) -> Tenant | None:
    return owners.get(getattr(endpoint, "namespace", ""))


def without_one(base: Scenario) -> Iterator[tuple[Json, Tenant, Scenario]]:
    """The scenario without each object of each tenant's network layer in turn."""
    for tenant in base.config.tenants:
        layer = base.network_layer[tenant.name]
        for index, gone in enumerate(layer):
            left = layer[:index] + layer[index + 1 :]
            yield gone, tenant, replace(base, network_layer={**base.network_layer, tenant.name: left})


@pytest.mark.parametrize(("mode", "scope"), KINDS, ids=[f"{mode} {scope}" for mode, scope in KINDS])
@pytest.mark.slow
def test_without_any_one_object_no_tenant_reaches_another(mode: Mode, scope: Scope) -> None:
    opened = {
        f"without {gone['metadata']['namespace']}/{gone['metadata']['name']}: {connection}"
        for gone, tenant, left in without_one(three(mode=mode, scope=scope))
        for connection in open_between_tenants(model_cluster(left, tenant))
    }

    assert set() == opened


def test_without_all_of_them_tenants_do_reach_each_other() -> None:
    base = three()
    bare = replace(base, network_layer=dict.fromkeys(base.network_layer, ()))

    # 24 pods, 25 in other tenants' namespaces, both ways.
    assert 2 * 24 * 25 == len(list(open_between_tenants(model_cluster(bare, base.config.tenants[0]))))
