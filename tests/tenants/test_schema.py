"""The schema of a tenant config: whole, true to the types' defaults, and checked by nothing but itself."""

from __future__ import annotations

import copy
import itertools
import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence import yamlio
from rayfence.model import quantity
from rayfence.model.config import Platform, Quota
from rayfence.model.field_path import FieldPath
from rayfence.tenants import decode, parse, shape
from rayfence.tenants.problems import Diagnostics

ROOT = pathlib.Path(__file__).parents[2]
GOOD = (ROOT / "tests/tenants/bad/base-tenant.yaml").read_text("utf-8")
SAMPLES = sorted((ROOT / "tenants").glob("*.yaml"))
TEAM_A = parse([("t.yaml", GOOD)]).tenants[0]


def objects(schema: Any) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Every part of the schema that has fields, with those."""
    parts = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    if isinstance(schema, dict) and isinstance(schema.get("properties"), dict):
        yield schema, schema["properties"]
    for part in parts:
        yield from objects(part)


def fields() -> list[Any]:
    return [
        pytest.param(field, id=f"{part.get('title')}: {name}")
        for part, properties in objects(shape.schema())
        if "title" in part
        for name, field in properties.items()
        if field is not True
    ]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(shape.schema())


@pytest.mark.parametrize("field", fields())
def test_a_field_is_described_and_has_an_example_that_fits(field: dict[str, Any]) -> None:
    whole = {**shape.schema()["$defs"].get(field.get("$ref", "").removeprefix("#/$defs/"), {}), **field}

    assert {"title", "description"} <= whole.keys()
    assert "description" in field or field == {"$ref": "#/$defs/metadata"} or "$ref" in field
    assert whole.get("examples") or whole["type"] in ("boolean", "object")
    for example in (*whole.get("examples", ()), *([whole["default"]] if "default" in whole else ())):
        # `jsonschema.validate` would look at the schema each time, which the test above does once.
        jsonschema.Draft202012Validator({**field, "$defs": shape.schema()["$defs"]}).validate(example)


def test_the_schemas_quantities_are_the_ones_that_are_parsed() -> None:
    assert quantity.PATTERN == shape.schema()["$defs"]["quantity"]["pattern"]


def defaults(part: Any, path: FieldPath) -> Iterator[Any]:
    for name, field in part.get("properties", {}).items():
        whole = shape.schema()["$defs"][field["$ref"].removeprefix("#/$defs/")] | field if "$ref" in field else field
        if "default" in whole:
            yield pytest.param(path / name, whole["default"], id=str(path / name))
        yield from defaults(whole, path / name)


def put(value: dict[str, Any], path: FieldPath, leaf: Any) -> dict[str, Any]:
    """A copy of `value` that has `leaf` at `path`."""
    first, *others = path
    assert isinstance(first, str)
    return {**value, first: put(value.get(first, {}), FieldPath(others), leaf) if others else leaf}


@pytest.mark.parametrize(("path", "default"), [*defaults(shape.schema()["$defs"]["platformSpec"], FieldPath())])
def test_a_default_of_the_platforms_schema_is_the_types_default(path: FieldPath, default: Any) -> None:
    written = put({"metadata": {"name": "platform"}}, FieldPath(("spec", *path)), default)

    assert Platform() == decode.platform(written)


@pytest.mark.parametrize(("path", "default"), [*defaults(shape.schema()["$defs"]["tenantSpec"], FieldPath())])
def test_a_default_of_the_tenants_schema_is_the_types_default(path: FieldPath, default: Any) -> None:
    [document] = yamlio.read(GOOD, "t.yaml")
    assert isinstance(document, yamlio.Document)
    written = put(document.value, FieldPath(("spec", *path)), default)
    expected = replace(TEAM_A, namespace_quota=Quota()) if path[0] == "namespaceQuota" else TEAM_A

    assert expected == decode.tenant(written, Platform())


# The compiled schema and the schema say the same: what a general validator refuses is refused, and nothing else.

WHOLE = [document.value for file in SAMPLES for document in yamlio.read(file.read_text("utf-8"), file.name)]  # type: ignore[union-attr]
ODD_VALUES = [
    None,
    True,
    0,
    -1,
    1.0,
    1.5,
    70000,
    "",
    "a",
    "A b",
    "it's",
    "8Gi",
    "Tenant",
    "DenyAll",
    [],
    ["a"],
    ["a", "a"],
]
ODD_VALUES += [[1, 1.0], [None], {}, {"a": "b"}, {"min": 1, "max": 2}, {"from": []}, [{}], {"a b": "c"}]


def places(value: Any, path: FieldPath = FieldPath()) -> Iterator[FieldPath]:  # noqa: B008
    yield path
    items = enumerate(value) if isinstance(value, list) else value.items() if isinstance(value, dict) else ()
    for step, item in items:
        yield from places(item, path / step)


@st.composite
def documents(draw: st.DrawFn) -> Any:
    """A sample with one to three values replaced, removed, or put where none belongs."""
    value = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([*places(value)]))
        if not path:
            continue
        *above, last = path
        holder = value
        for step in above:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "remove", "add"])):
            case "replace":
                holder[last] = copy.deepcopy(draw(st.sampled_from(ODD_VALUES)))
            case "remove":
                del holder[last]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["spec", "x", "min", "to", "name", "{0}"]))] = {"a": "b"}
    return value


@given(documents())
def test_the_checks_agree_with_a_general_validator(value: Any) -> None:
    said = complaints_of(value, shape.check())

    assert jsonschema.Draft202012Validator(shape.schema()).is_valid(value) is not bool(said)
    assert not any("cannot be told" in message for message in said)


def subschemas(part: Any) -> Iterator[dict[str, Any]]:
    """Every part of the schema that says something of a value."""
    if not isinstance(part, dict):
        return
    yield part
    parts = [part.get(keyword) for keyword in ("items", "additionalProperties", "propertyNames", "if", "then")]
    named = [part.get(keyword, {}).values() for keyword in ("properties", "$defs")]
    for below in (*parts, *part.get("allOf", ()), *itertools.chain.from_iterable(named)):
        yield from subschemas(below)


ANNOTATIONS = {"title", "description", "default", "examples", "patternErrorMessage"}
STRUCTURE = {"$schema", "$id", "$defs", "$ref", "allOf", "if", "then", "properties", "propertyNames", "items"}
ASSERTIONS = {"type", "required", "additionalProperties", "uniqueItems", *shape.WORDS}


def test_the_schema_has_only_keywords_that_are_told_in_our_words() -> None:
    """And that mean the same in draft 2019-09, the last one that fastjsonschema knows."""
    used = {keyword for part in subschemas(shape.schema()) for keyword in part}

    assert used == ANNOTATIONS | STRUCTURE | ASSERTIONS


def test_nothing_but_words_stands_beside_a_reference() -> None:
    """fastjsonschema passes over it."""
    beside = {keyword for part in subschemas(shape.schema()) if "$ref" in part for keyword in part}

    assert beside <= {"$ref"} | ANNOTATIONS


PATTERNS = {part["title"]: part for part in subschemas(shape.schema()) if "pattern" in part}


@pytest.mark.parametrize("part", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.parametrize("bad", ["{}\n", "\n{}", "{}\n{}"], ids=["behind", "before", "between"])
def test_a_line_break_fits_no_pattern(part: dict[str, Any], bad: str) -> None:
    good = part["examples"][-1]
    text = bad.format(good, good)
    expected = f"document: {json.dumps(text)} is not {part['title']}; {part['patternErrorMessage']}"

    assert [] == complaints_of(good, shape.Shape(part))
    assert [expected] == complaints_of(text, shape.Shape(part))


def complaints_of(value: Any, check: shape.Shape) -> list[str]:
    """What is said of the document `value`."""
    [document] = yamlio.read(yamlio.dump([value]), "t.yaml")
    assert isinstance(document, yamlio.Document)
    diagnostics = Diagnostics(document)
    check(value, FieldPath(), diagnostics)
    return [problem.message for problem in diagnostics.problems]


def test_a_value_is_refused_even_if_no_fault_of_it_can_be_listed() -> None:
    """The one library decodes base64, the other leaves that to its caller."""
    base64 = {"title": "a key", "type": "string", "contentEncoding": "base64", "examples": ["YQ=="]}
    expected = 'document: is not a key, and what is wrong with it cannot be told; write a key, like "YQ=="'

    assert [expected] == complaints_of("YQ=", shape.Shape(base64))


def platform(spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "rayfence/v1alpha1", "kind": "Platform", "metadata": {"name": "p"}, "spec": spec}


def test_checking_writes_no_defaults_into_a_document() -> None:
    value = platform({})

    assert [] == complaints_of(value, shape.check())
    assert platform({}) == value


def test_faults_are_told_in_the_same_order_at_each_run() -> None:
    labels = [f"{letter} {letter}" for letter in "hbfdacge"]
    found = complaints_of(platform({"dns": {"podLabels": dict.fromkeys(labels, "x y")}}), shape.check())
    values = [said for said in found if "is not a label value" in said]

    assert [f"spec.dns.podLabels[{label}]" for label in sorted(labels)] == [said.partition(":")[0] for said in values]


def test_a_missing_field_is_told_once_however_many_are_missing() -> None:
    expected = ["apiVersion: is missing", "kind: is missing"]

    assert expected == [said.partition(";")[0] for said in complaints_of({}, shape.check())]


PARSED = "import sys; from rayfence.tenants import parse; parse([('a.yaml', {!r})]); print('jsonschema' in sys.modules)"


def test_a_good_config_does_not_pay_for_jsonschema() -> None:
    command = [sys.executable, "-c", PARSED.format(GOOD)]
    path = os.pathsep.join(sys.path)
    done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=True)

    assert "False\n" == done.stdout


def test_the_schema_is_shipped_as_json() -> None:
    text = (ROOT / "generator/rayfence/tenants/tenants.schema.json").read_text("utf-8")

    assert json.loads(text) == shape.schema()


def test_the_samples_show_every_field() -> None:
    shown = {key for file in SAMPLES for key in keys_of(file.read_text("utf-8"))}
    fields = {name for _, properties in objects(shape.schema()) for name in properties}

    assert set() == fields - shown - {"matchExpressions", "key", "operator", "values"}


def keys_of(text: str) -> Iterator[str]:
    for document in yamlio.read(text, "sample.yaml"):
        assert isinstance(document, yamlio.Document)
        yield from keys(document.value)


def keys(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else []:
        yield from keys(item)
    for key, item in value.items() if isinstance(value, dict) else []:
        yield key
        yield from keys(item)
