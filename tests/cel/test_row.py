"""A tenant as rows of tables: what they say, how they are cut into lines, and which names read them."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.cel import row
from rayfence.model.config import (
    Allow,
    Authentication,
    Bounds,
    Container,
    Mode,
    Network,
    Provider,
    Quota,
    Require,
    Tenant,
)
from rayfence.model.quantity import PATTERN, parse

TENANT = Tenant("team-a", ("ray-a", "ray-b"), Container(Bounds("500m", "8"), Bounds("1Gi", "32Gi")))


def read(text: str) -> dict[str, str]:
    """What `row.TENANT` makes of a row."""
    found: dict[str, str] = {}
    for name, value in (field.split("=") for field in text.split(" ") if field):
        least, dots, most = value.partition("..")
        found |= {f"{name}.min": least, f"{name}.max": most} if dots else {name: value}
    return found


def test_a_row_says_what_it_holds() -> None:
    tenant = replace(TENANT, quota=Quota("64", "256Gi", 4, 16))

    assert "cpu=500m..8 memory=1Gi..32Gi quota.cpu=64 quota.memory=256Gi accelerators=4 workers=16" == row.render(
        tenant
    )


def test_a_row_says_only_what_is_set() -> None:
    assert "cpu=500m..8 memory=1Gi..32Gi" == row.render(TENANT)


def test_a_limit_of_zero_is_not_the_same_as_none() -> None:
    tenant = replace(TENANT, quota=Quota(cpu="0", memory="0", workers=0))

    assert "cpu=500m..8 memory=1Gi..32Gi quota.cpu=0 quota.memory=0 workers=0" == row.render(tenant)


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["cpu.max", "memory.min"], "cpu=..8 memory=1Gi.."),
        (["quota.cpu"], "quota.cpu=64"),
        (["workers"], ""),
    ],
)
def test_a_row_says_only_what_is_read(names: list[str], text: str) -> None:
    assert text == row.render(replace(TENANT, quota=Quota(cpu="64")), names)


def test_a_row_has_what_ray_objects_must_ask_for() -> None:
    kuberay = Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS)
    tenant = replace(TENANT, network=kuberay, require=Require(Authentication.TOKEN))

    assert row.render(tenant).endswith(" network.mode=DenyAllIngress authentication=token")
    assert "network.mode" not in row.render(replace(tenant, network=replace(kuberay, enforce=False)))


QUANTITIES = st.from_regex(PATTERN, fullmatch=True)


@given(QUANTITIES, QUANTITIES)
def test_a_range_is_taken_apart_where_it_was_put_together(least: str, most: str) -> None:
    found = read(row.render(replace(TENANT, container=Container(Bounds(least, most), Bounds("1", "1")))))

    assert (parse(least), parse(most)) == (parse(found["cpu.min"]), parse(found["cpu.max"]))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("cpu.max", "variables.tenant['cpu.max']"),
        ("quota.cpu", "variables.tenant[?'quota.cpu'].orValue('')"),
        ("accelerators", "variables.tenant[?'accelerators'].orValue('0')"),
    ],
)
def test_a_field_is_read_by_its_name(name: str, text: str) -> None:
    assert text == row.field(name)


def test_a_field_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(ValueError, match="'disk' is not a field"):
        row.field("disk")


@pytest.mark.parametrize("name", row.FIELDS)
def test_what_a_text_reads_is_found(name: str) -> None:
    assert (name,) == row.read([f"size({row.field(name)}) > 0 ? variables.tenant_name : variables.tenants"])


def test_a_list_that_is_not_there_is_not_the_same_as_an_empty_one() -> None:
    allow = Allow(volumes=(), networks=("a/b", "c"))

    assert [(), ("a/b", "c"), None] == [row.listed(allow, name) for name in ("volumes", "networks", "pod_annotations")]


def test_queues_are_entries_of_key_and_value() -> None:
    allow = Allow(queues={"volcano.sh/queue-name": ("a", "b"), "kai.scheduler/queue": ()})

    assert ("volcano.sh/queue-name=a", "volcano.sh/queue-name=b", "kai.scheduler/queue=") == row.listed(allow, "queues")


LONG = replace(
    TENANT,
    name="t" * 63,
    quota=Quota("123456789m", "123456789Mi", 1000, 1000),
    network=Network(provider=Provider.KUBERAY, mode=Mode.DENY_ALL_INGRESS),
    require=Require(Authentication.TOKEN),
)


def test_a_long_row_goes_on_in_the_next_line() -> None:
    lines = row.of_tenant(LONG).split("\n")
    (found,) = ast.literal_eval("{" + row.of_tenant(LONG) + "}").values()

    assert 2 == len(found) == len(lines) - 2
    assert row.WIDTH >= max(map(len, lines))
    assert row.render(LONG) == " ".join(found)


def test_a_row_that_fits_stands_on_one_line() -> None:
    tenant = replace(TENANT, name="team-b", quota=Quota("64", "256Gi", 4, 16))

    assert f"'team-b': ['{row.render(tenant)}']" == row.of_tenant(tenant)


def test_a_list_stands_on_one_line_or_on_a_line_for_each_value() -> None:
    assert "'team-a': ['a', 'b']" == row.of_list(TENANT, ["a", "b"])
    assert "'team-a': []" == row.of_list(TENANT, [])
    assert f"'team-a': [\n'{'a' * 60}',\n'{'b' * 60}',\n]" == row.of_list(TENANT, ["a" * 60, "b" * 60])


def test_a_table_has_a_comma_behind_each_entry() -> None:
    assert "{\n'a': 'x',\n'b': 'y',\n}" == row.table(["'a': 'x'", "'b': 'y'"], nobody="''")
