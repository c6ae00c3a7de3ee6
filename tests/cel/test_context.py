"""Rules and policies keep their contract: `cel_context` lists every variable of a policy object, and its records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import pytest

from rayfence.admission import Policy, policies
from rayfence.admission.shards import MOST_ROWS
from rayfence.cel import context, row
from rayfence.cel.context import Field, Record, Type, Variable
from rayfence.model.config import Config, Dns, Tenant
from rayfence.model.subjects import EXPOSURE, NETWORK_POLICIES, PODS, RAY, SUBJECTS, Subject
from rayfence.rules import OF, ids, variables
from rayfence.rules.rule import Rule

from ..rules.objects import ALLOW, BOUNDS, CONFIGS, PLATFORM, TEAM_A, TEAM_B
from .shapes import Fields, Listed, Reader, Shape, shape_of

MANY = tuple(Tenant(f"t-{number}", (f"ns-{number}",), BOUNDS) for number in range(MOST_ROWS + 1))
ADDRESSES = replace(PLATFORM, dns=Dns(cidrs=("169.254.20.10/32",)))
DISABLED = ("restrict-pod-security", "restrict-volumes", "restrict-pod-metadata", "require-tenant-queue", "guard-pods")

USED = {
    **CONFIGS,
    "with allowances": Config(replace(PLATFORM, allow=ALLOW), (replace(TEAM_A, allow=ALLOW), TEAM_B)),
    "addresses of the DNS": Config(ADDRESSES, (TEAM_A,)),
    "rules that are disabled": Config(replace(PLATFORM, disabled_rules=DISABLED), (TEAM_A,)),
    "tables that are cut": Config(PLATFORM, MANY),
}
QUICK = ("plain", "with allowances", "addresses of the DNS")
NAMES = [pytest.param(each, marks=[pytest.mark.slow] if each == "tables that are cut" else []) for each in USED]
RESULTS = re.compile(rf"({'|'.join(each.replace('-', '_') for each in ids())})(_\d+)?")
"""The variables in which rules say what is wrong."""


@cache
def made(name: str) -> tuple[Policy, ...]:
    return policies(USED[name])


def of_subject(subject: Subject) -> Policy:
    (policy,) = (each for each in made("plain") if each.subject is subject)
    return policy


def undeclared(policy: Policy, variables: Sequence[Variable] = context.VARIABLES) -> list[str]:
    """What a policy object has and should not have, what it lacks, and what stands elsewhere than it is listed."""
    declared = {each.name: each for each in variables if policy.subject in each.subjects}
    there = [name for name in policy.variables if not RESULTS.fullmatch(name)]
    faults = [f"{name} is not declared" for name in there if name not in declared]
    faults += [f"{name} is missing" for name, each in declared.items() if not each.on_demand and name not in there]
    in_order = [name for name in declared if name in there]
    return faults or [f"{a} stands where {b} is listed" for a, b in zip(there, in_order, strict=True) if a != b]


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_object_has_the_variables_that_are_declared_and_no_others(name: str) -> None:
    assert [] == [fault for policy in made(name) for fault in undeclared(policy)]


@pytest.mark.slow
def test_every_subject_and_every_cut_was_looked_at() -> None:
    assert list(SUBJECTS) == [policy.subject for policy in made("plain")]
    assert [each for each in SUBJECTS for _ in range(2)] == [each.subject for each in made("tables that are cut")]


def test_a_variable_that_is_not_declared_or_not_there_is_found() -> None:
    policy = of_subject(EXPOSURE)
    without = [each for each in context.VARIABLES if each.name != "ingress_paths"]
    more = [*context.VARIABLES, Variable("novelty", (EXPOSURE,), context.TEXT, "…")]
    backwards = context.VARIABLES[::-1]

    assert ["ingress_paths is not declared"] == undeclared(policy, without)
    assert ["novelty is missing"] == undeclared(policy, more)
    assert undeclared(policy, backwards)[:1] == ["operation stands where shown_violations is listed"]


def test_no_variable_and_no_record_is_declared_twice_and_no_rule_is_called_like_one() -> None:
    names = [variable.name for variable in context.VARIABLES]
    records = [record.name for record in context.records()]

    assert sorted(set(names)) == sorted(names)
    assert sorted(set(records)) == sorted(records)
    assert [] == [name for name in names if RESULTS.fullmatch(name)]


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_what_is_there_on_demand_is_there_when_a_rule_reads_it(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [each.name for each in context.of(subject) if each.on_demand]
    text = " + ".join([row.field("cpu.max"), *(f"variables.{name}" for name in wanted)])
    probe = SimpleNamespace(ID="probe", cel=lambda platform: iter([text]))
    monkeypatch.setitem(cast(dict[Subject, Any], OF), subject, (cast(Rule, probe),))
    (policy,) = (each for each in policies(CONFIGS["plain"]) if each.subject is subject)

    assert len(row.LISTS) + 3 == len(wanted)
    assert [] == [name for name in wanted if name not in policy.variables]


def test_every_field_of_a_tenant_is_explained() -> None:
    assert list(row.FIELDS) == list(context.TENANT_FIELDS)


# --- records ----------------------------------------------------------------------------------------------------------


def differences(declared: Type, found: Shape, place: str, *, whole: bool = False) -> Iterator[str]:
    """Where a shape is another one than a declaration says. `whole`: what is there only if something holds is there."""
    record = declared.record
    if record is None:
        plain = declared.of == context.ANY.of and not declared.lists
        if _has_fields(found) or (not plain and _depth(found) not in (0, declared.lists)):
            yield f"{place} is declared as {declared}, and is {found}"
        return
    for _ in range(declared.lists):
        found = found.of if isinstance(found, Listed) else None
    if not isinstance(found, Fields):
        yield f"{place} is not a {declared}"
        return
    by_name = {each.name: each for each in record.fields if whole or not each.only_if or each.name in found.names}
    yield from (f"{place}.{name} is not declared" for name in sorted(found.names - set(by_name)))
    yield from (f"{place}.{name} is not there" for name in by_name if name not in found.names)
    for name in by_name:
        if name in found.names:
            yield from differences(by_name[name].type, found.get(name), f"{place}.{name}", whole=whole)


def _has_fields(shape: Shape) -> bool:
    return _has_fields(shape.of) if isinstance(shape, Listed) else isinstance(shape, Fields)


def _depth(shape: Shape) -> int:
    """In how many lists it stands, as far as that is known."""
    return 1 + _depth(shape.of) if isinstance(shape, Listed) else 0


def read(variables: Mapping[str, str]) -> Reader:
    """Reads the variables of a policy object one after the other."""
    reader = Reader({})
    for name, text in variables.items():
        reader.variables[name] = reader.read(text)
    return reader


@cache
def read_all(name: str) -> list[tuple[Policy, Reader]]:
    return [(policy, read(policy.variables)) for policy in made(name)]


@pytest.mark.parametrize("name", NAMES)
def test_records_have_the_fields_that_are_declared_and_no_others(name: str) -> None:
    whole = name == "addresses of the DNS"
    found = [
        difference
        for policy, reader in read_all(name)
        for each in context.of(policy.subject)
        if each.name in policy.variables
        if policy.variables[each.name] != "[]"  # An empty list has no shape.
        for difference in differences(each.type, reader.variables[each.name], each.name, whole=whole)
    ]

    assert [] == found


@pytest.mark.parametrize("name", NAMES)
def test_rules_read_only_variables_and_fields_that_are_there(name: str) -> None:
    assert [] == [(policy.name, fault) for policy, reader in read_all(name) for fault in reader.faults]


@pytest.mark.parametrize("name", NAMES)
def test_rules_read_only_what_is_for_rules(name: str) -> None:
    kept = {each.name for each in context.VARIABLES if not each.for_rules}
    found = [
        (policy.name, variable, each)
        for policy in made(name)
        for variable, text in policy.variables.items()
        if RESULTS.fullmatch(variable)
        for each in re.findall(r"variables\.(\w+)", text)
        if each in kept or (RESULTS.fullmatch(each) and not each.startswith(f"{variable}_"))
    ]

    assert [] == found


def test_every_field_of_a_record_is_read_somewhere() -> None:
    used = {each for name in QUICK for _, reader in read_all(name) for each in reader.fields_read}

    assert set() == {each.name for record in context.records() for each in record.fields} - used
    assert "workers" in used


TYPES = {"true", "false", "null", "string", "int", "double", "list", "map", "optional"}
"""Names of the language itself."""


@pytest.mark.parametrize("name", QUICK)
def test_rules_read_nothing_else_that_an_engine_gives(name: str) -> None:
    read = {each for _, reader in read_all(name) for each in reader.names_read}

    assert set(context.GIVEN) == read - TYPES


def test_another_name_is_found() -> None:
    reader = Reader({"pairs": shape_of(Type(PAIR, 1))})
    reader.read("variables.pairs.map(pair, pair.path == namespaceObject.metadata.name && size(other) > 0 && true)")

    assert {"namespaceObject", "other"} == reader.names_read - TYPES


PAIR = Record("pair", (Field("path", context.TEXT, "…"), Field("value", context.ANY, "…")))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("object.list.map(each, {'path': dyn('a'), 'value': dyn(each)})", []),
        ("[] + [{'path': 'a' + 'b', 'value': null}]", []),
        ("object.ok ? [] : [{'path': dyn('a'), 'value': 1}]", []),
        ("[[{'path': dyn('a'), 'value': 1}]].flatten().filter(each, each.value == 1)", []),
        ("[{'path': dyn('a'), 'wert': 1}]", ["x.wert is not declared", "x.value is not there"]),
        ("[{'path': dyn('a'), 'value': 1}, {'path': dyn('a')}]", ["x.value is not there"]),
        ("[{'path': dyn('a'), 'value': 1}] + [{'path': dyn('a'), 'more': 1}]", ["x.value is not there"]),
        ("[[{'path': dyn('a'), 'value': 1}]]", ["x is not a list of pair"]),
        ("object.list", ["x is not a list of pair"]),
        ("{'path': dyn('a'), 'value': 1}", ["x is not a list of pair"]),
    ],
)
def test_another_shape_than_the_declared_one_is_found(text: str, expected: list[str]) -> None:
    assert expected == list(differences(Type(PAIR, 1), Reader({}).read(text), "x"))


@pytest.mark.parametrize("text", ["[{'path': dyn(1)}]", "[['a']]", "['a'].map(each, [each])"])
def test_records_and_more_lists_in_place_of_plain_values_are_found(text: str) -> None:
    (found,) = differences(context.TEXTS, Reader({}).read(text), "x")

    assert found.startswith("x is declared as list of text, and is ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("variables.pairs.map(pair, pair.path)", []),
        ("variables.pairs.map(pair, pair.pfad)", [".pfad is no field of a record with path, value"]),
        ("variables.pairs.filter(pair, pair.?wrong.hasValue())", [".wrong is no field of a record with path, value"]),
        ("variables.pairs[0].wrong", [".wrong is no field of a record with path, value"]),
        ("variables.pairs.map(pair, [pair]).flatten().exists(p, p.x)", [".x is no field of a record with path, value"]),
        ("variables.pairs.map(pair, [pair].map(p, p.x)[0])", [".x is no field of a record with path, value"]),
        ("variables.pairs.transformList(i, p, p.x)", [".x is no field of a record with path, value"]),
        ("variables.pairs.transformList(i, p, p.x, p.path)", [".x is no field of a record with path, value"]),
        ("variables.pairs.map(pair, size(pair.x) > 0 ? 'a' : 'b')", [".x is no field of a record with path, value"]),
        ("variables.pairs.map(pair, {'a': pair.x})", [".x is no field of a record with path, value"]),
        ("variables.pairs.map(pair, pair.value.anything)", []),
        ("variables.parts.map(part, 1)", ["variables.parts is not there"]),
    ],
)
def test_what_is_not_there_is_found_where_it_is_read(text: str, expected: list[str]) -> None:
    reader = Reader({"pairs": shape_of(Type(PAIR, 1))})
    reader.read(text)

    assert expected == reader.faults


@pytest.mark.parametrize("subject", [RAY, PODS, NETWORK_POLICIES], ids=lambda subject: subject.name)
def test_a_mistyped_field_in_a_rule_is_found(subject: Subject) -> None:
    policy = of_subject(subject)
    wrong = {
        name: re.sub(r"\b(template|pod|rule)\.path\b", r"\1.pfad", text) for name, text in policy.variables.items()
    }

    assert wrong != policy.variables
    assert any(fault.startswith(".pfad is no field") for fault in read(wrong).faults)
    assert variables(PLATFORM, subject)
