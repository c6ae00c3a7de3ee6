"""Tenants stand together in policy objects, and every namespace name is in the care of exactly one of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence import admission
from rayfence.admission.shards import MOST_CHARACTERS, MOST_ROWS, Shard, shards
from rayfence.backends import BACKENDS
from rayfence.model.config import Allow, Bounds, Config, Container, Enforcement, Platform, Quota, Tenant

BOUNDS = Container(Bounds("500m", "8"), Bounds("1Gi", "32Gi"))
ENFORCE, AUDIT, WARN = Enforcement.ENFORCE, Enforcement.AUDIT, Enforcement.WARN


def tenant(name: str, enforcement: Enforcement = ENFORCE, namespaces: Iterable[str] = ()) -> Tenant:
    return Tenant(name, tuple(namespaces) or (f"ray-{name}",), BOUNDS, enforcement=enforcement)


def config(*tenants: Tenant, enforcement: Enforcement = ENFORCE) -> Config:
    return Config(Platform(enforcement=enforcement), tenants)


def many(number: int, enforcement: Enforcement = ENFORCE) -> list[Tenant]:
    return [tenant(f"t{index:05}", enforcement) for index in range(number)]


def test_a_few_tenants_stand_in_one_object() -> None:
    (only,) = shards(config(tenant("b"), tenant("a")))

    assert Shard(ENFORCE, 1, {"ray-a": only.rows["ray-a"], "ray-b": only.rows["ray-b"]}, guards=True) == only
    assert ["ray-a", "ray-b"] == list(only.rows)
    assert "" == only.suffix


def test_every_namespace_of_a_tenant_is_the_tenants() -> None:
    team = tenant("a", namespaces=["two", "one"])
    (only,) = shards(config(team))

    assert {"one": team, "two": team} == only.rows
    assert (team,) == only.tenants


def test_a_tenant_whose_namespaces_lie_on_both_sides_of_a_cut_has_a_row_in_both_objects() -> None:
    team = tenant("a", namespaces=["a", "z"])
    first, second = shards(config(team, *many(MOST_ROWS)))

    assert team in first.tenants
    assert team in second.tenants


@pytest.mark.parametrize(("number", "sizes"), [(1, [1]), (500, [500]), (501, [500, 1]), (1001, [500, 500, 1])])
def test_an_object_holds_500_rows_at_most(number: int, sizes: list[int]) -> None:
    found = shards(config(*many(number)))

    assert sizes == [len(shard.rows) for shard in found]
    assert ["", "-2", "-3"][: len(sizes)] == [shard.suffix for shard in found]


def test_long_names_fill_an_object_before_its_rows_do() -> None:
    most = Quota("123456789m" * 3, "123456789Mi" * 3, 1000, 1000)
    long = [
        replace(tenant(f"{index:03}" + "n" * 60, namespaces=[f"{index:03}" + "s" * 60]), quota=most)
        for index in range(500)
    ]
    found = shards(config(*long))

    assert 1 < len(found)
    assert 500 == sum(len(shard.rows) for shard in found)
    assert all(longest(policy) <= MOST_CHARACTERS for policy in admission.policies(config(*long)))


def longest(policy: admission.Policy) -> int:
    """The characters of its longest text."""
    return max(map(len, policy.variables.values()))


def test_long_lists_fill_an_object_before_its_rows_do() -> None:
    queues = {"kueue.x-k8s.io/queue-name": tuple(f"queue-{number:03}" for number in range(100))}
    found = shards(config(*(replace(each, allow=Allow(queues=queues)) for each in many(50))))
    policies = admission.policies(config(*(replace(each, allow=Allow(queues=queues)) for each in many(50))))

    assert 1 < len(found)
    assert [50] == [sum(len(shard.rows) for shard in found)]
    assert all(longest(policy) <= MOST_CHARACTERS + 100 for policy in policies)


def test_a_table_of_the_most_rows_fits_into_a_text_of_cel() -> None:
    assert all(longest(policy) < 100_000 for policy in admission.policies(config(*many(MOST_ROWS * 2))))


def test_neighbouring_objects_meet_without_a_gap() -> None:
    first, second, third = shards(config(*many(1001)))

    assert ("", "ray-t00500") == (first.first, first.until)
    assert ("ray-t00500", "ray-t01000") == (second.first, second.until)
    assert ("ray-t01000", "") == (third.first, third.until)


def test_tenants_of_another_enforcement_have_objects_of_their_own() -> None:
    found = shards(config(tenant("a"), tenant("b", AUDIT), tenant("c", WARN), tenant("d", AUDIT)))

    assert ["", "-audit", "-warn"] == [shard.suffix for shard in found]
    assert [ENFORCE, AUDIT, WARN] == [shard.enforcement for shard in found]
    assert [True, False, False] == [shard.guards for shard in found]
    assert [["ray-b", "ray-d"], ["ray-c"]] == [list(shard.rows) for shard in found[1:]]


def test_where_another_object_speaks_for_a_namespace_it_has_no_tenant() -> None:
    first, _ = shards(config(tenant("a"), tenant("b", AUDIT)))

    assert {"ray-a": tenant("a"), "ray-b": None} == first.rows


def test_unclaimed_namespaces_go_by_the_platforms_own_enforcement() -> None:
    found = shards(config(tenant("a"), tenant("b", AUDIT), enforcement=AUDIT))

    assert [("", AUDIT, True), ("-enforce", ENFORCE, False)] == [
        (shard.suffix, shard.enforcement, shard.guards) for shard in found
    ]


def test_somebody_guards_even_where_every_tenant_goes_by_another_enforcement() -> None:
    first, second = shards(config(tenant("a", WARN)))

    assert ({"ray-a": None}, True) == (first.rows, first.guards)
    assert "-warn" == second.suffix


def test_more_objects_of_another_enforcement_are_numbered_and_cut_by_themselves() -> None:
    found = shards(config(tenant("a"), *many(501, AUDIT)))

    assert ["", "-2", "-audit", "-audit-2"] == [shard.suffix for shard in found]
    assert ["", "ray-t00499", "", "ray-t00500"] == [shard.first for shard in found]


NAMES = st.text("ab-0", min_size=1, max_size=6)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    names = draw(st.lists(NAMES, min_size=1, max_size=30, unique=True))
    return config(
        *(tenant(name, draw(st.sampled_from(Enforcement)), [name]) for name in names),
        enforcement=draw(st.sampled_from(Enforcement)),
    )


@pytest.mark.slow
@given(configs(), NAMES)
def test_a_namespace_has_one_row_or_one_guard(found: Config, namespace: str) -> None:
    everyone = shards(found)
    spoken_for = [shard for shard in everyone if shard.rows.get(namespace) and shard.covers(namespace)]
    guards = [shard for shard in everyone if shard.guards and shard.covers(namespace) and namespace not in shard.rows]

    assert ((1, 0) if namespace in found.by_namespace() else (0, 1)) == (len(spoken_for), len(guards))


@pytest.mark.parametrize("namespace", ["", "a", "ray-t00499", "ray-t00499z", "ray-t00500", "ray-t00500-a", "z"])
def test_of_each_enforcement_one_object_is_in_charge_of_a_namespace(namespace: str) -> None:
    found = shards(config(tenant("a"), *many(501, AUDIT), *(tenant(f"u{index:05}", WARN) for index in range(501))))
    in_charge = [shard.enforcement for shard in found if shard.covers(namespace)]

    assert [ENFORCE, AUDIT, WARN] == in_charge


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.integers(1, 1600), st.text("rayt-0123456789", max_size=10))
def test_every_name_is_in_the_care_of_one_of_many_objects(number: int, namespace: str) -> None:
    assert 1 == sum(shard.covers(namespace) for shard in shards(config(*many(number))))


def objects_of(files: Iterable[Iterable[dict[str, object]]]) -> list[dict[str, object]]:
    return [each for file in files for each in file if str(each["kind"]).endswith("Policy")]


@pytest.mark.parametrize(("tenants", "most"), [(1, 6), (1_000, 12), (5_000, 60)])
@pytest.mark.slow
def test_policy_objects_stay_few_and_small(tenants: int, most: int) -> None:
    """However many tenants; each object far below the 1.5 MB that etcd takes."""
    files = BACKENDS["validatingpolicy"].files(config(*many(tenants)))
    policies = objects_of(files.values())

    assert most == len(policies)
    assert max(len(json.dumps(each)) for each in policies) < 500_000
