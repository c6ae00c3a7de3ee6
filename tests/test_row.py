"""A tenant as one line of a table."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rayfence import row
from rayfence.config import Allow, Authentication, Bounds, Container, Mode, Network, Provider, Quota, Require, Tenant

TENANT = Tenant("team-a", ("ray-a", "ray-b"), Container(Bounds("500m", "8"), Bounds("1Gi", "32Gi")))


def test_a_row_holds_everything_a_rule_reads_in_the_order_of_its_fields() -> None:
    tenant = replace(TENANT, quota=Quota("64", "256Gi", 4, 16))

    assert "team-a|500m|8|1Gi|32Gi|64|256Gi|4|16|ray-a,ray-b" == row.render(tenant)


def test_a_limit_that_is_not_set_is_empty_and_accelerators_are_none() -> None:
    assert "team-a|500m|8|1Gi|32Gi|||0||ray-a,ray-b" == row.render(TENANT)


def test_a_limit_of_zero_is_not_the_same_as_none() -> None:
    tenant = replace(TENANT, quota=Quota(cpu="0", memory="0", workers=0))

    assert "team-a|500m|8|1Gi|32Gi|0|0|0|0|ray-a,ray-b" == row.render(tenant)


def test_a_row_has_no_more_than_its_fields() -> None:
    lists = {name: ("x",) for name in row.LISTS if name != "queues"}
    allow = Allow(**lists, queues={"k": ("v",)})
    full = replace(TENANT, require=Require(Authentication.TOKEN), allow=allow)

    assert len(row.FIELDS) == len(row.render(full).split(row.SEPARATOR))


@pytest.mark.parametrize(("name", "index"), [("name", 0), ("cpu_max", 2), ("quota_workers", 8)])
def test_a_field_is_read_at_its_own_place(name: str, index: int) -> None:
    assert f"variables.tenant[{index}]" == row.field(name)


def test_a_field_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="not in tuple"):
        row.field("disk")


def read(tenant: Tenant, name: str) -> str:
    padded = row.render(tenant) + row.SEPARATOR * len(row.FIELDS)
    return padded.split(row.SEPARATOR)[row.FIELDS.index(name)]


def test_a_row_has_the_mode_that_ray_objects_must_ask_kuberay_for() -> None:
    kuberay = Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS)

    assert "DenyAllIngress" == read(replace(TENANT, network=kuberay), "network_mode")
    assert "" == read(replace(TENANT, network=replace(kuberay, enforce=False)), "network_mode")


def test_a_list_that_is_not_there_is_not_the_same_as_an_empty_one() -> None:
    allow = Allow(volumes=(), networks=("a/b", "c"))
    tenant = replace(TENANT, allow=allow)

    assert ("-", "a/b,c", "") == tuple(read(tenant, name) for name in ("volumes", "networks", "pod_annotations"))


def test_queues_are_entries_of_key_and_value() -> None:
    tenant = replace(TENANT, allow=Allow(queues={"volcano.sh/queue-name": ("a", "b"), "kai.scheduler/queue": ()}))

    assert "volcano.sh/queue-name=a,volcano.sh/queue-name=b,kai.scheduler/queue=" == read(tenant, "queues")
