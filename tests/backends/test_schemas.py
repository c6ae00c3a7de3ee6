"""Every object of the bundle against the schemas that Kyverno and Kubernetes publish, unknown fields refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from rayfence import yamlio
from rayfence.backends import BACKENDS
from rayfence.backends.resources import resource_of
from rayfence.manifests import bundle
from rayfence.model.config import (
    Config,
    Enforcement,
    Mode,
    Network,
    Platform,
    Provider,
    Quota,
    Tenant,
)

from ..builders import BOUNDS

# Written by tools/schemas.py.
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in Path(__file__).parents[1].glob("data/schemas/*.json")}
OF_OTHERS = ("kustomize.config.k8s.io/", "templates.gatekeeper.sh/", "constraints.gatekeeper.sh/")
"""API groups that neither Kyverno nor Kubernetes publishes; the kinds of constraints are rayfence's own."""

EVERY_SORT = Config(
    Platform(),
    (
        Tenant("team-a", ("ray-a", "ray-a2"), BOUNDS, quota=Quota("16", "64Gi", 2, 8), namespace_quota=Quota("32")),
        Tenant("team-b", ("ray-b",), BOUNDS, Enforcement.AUDIT, network=Network(mode=Mode.DENY_ALL_INGRESS)),
        Tenant("team-c", ("ray-c",), BOUNDS, Enforcement.WARN, network=Network(mode=Mode.DENY_ALL_EGRESS)),
        Tenant("team-d", ("ray-d",), BOUNDS, network=Network(provider=Provider.KUBERAY)),
    ),
)


def objects(files: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, text in files.items():
        for document in yamlio.read(text, path):
            assert isinstance(document, yamlio.Document), document
            yield path, document.value


def complaints(value: dict[str, Any]) -> list[str]:
    found = Draft202012Validator(SCHEMAS[value["kind"]]).iter_errors(value)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


@cache
def written() -> list[tuple[str, dict[str, Any]]]:
    """Every object of the bundle that has a schema, with its file; to be left as they are."""
    found = objects(bundle.files(EVERY_SORT))
    return [(path, value) for path, value in found if not value["apiVersion"].startswith(OF_OTHERS)]


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_what_is_written_is_what_the_publishers_schema_takes(kind: str) -> None:
    of_kind = {f"{path}:{value['metadata']['name']}": value for path, value in written() if value["kind"] == kind}

    assert of_kind
    assert {} == {name: found for name, value in of_kind.items() if (found := complaints(value))}


def test_every_backend_and_every_schema_is_looked_at() -> None:
    assert set(BACKENDS) - {"gatekeeper"} <= {path.partition("/")[0] for path, _ in written()}
    assert set(SCHEMAS) == {value["kind"] for _, value in written()}


PLURALS = {
    *("clusterpolicies", "validatingpolicies", "mutatingpolicies", "generatingpolicies", "validatingadmissionpolicies"),
    *("validatingadmissionpolicybindings", "clusterroles", "networkpolicies", "resourcequotas"),
}
"""What servers call the kinds in URLs, from the same publishers."""


def test_every_kind_is_known_by_the_name_that_servers_have_for_it() -> None:
    assert {resource_of(value).plural for _, value in written()} == PLURALS


def test_the_name_of_a_kind_that_nobody_writes_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        resource_of({"apiVersion": "policies.kyverno.io/v1", "kind": "ImageValidatingPolicy"})


def first(kind: str) -> dict[str, Any]:
    return json.loads(json.dumps(next(value for _, value in written() if value["kind"] == kind)))


@pytest.mark.parametrize("kind", sorted(SCHEMAS))
def test_an_unknown_field_is_refused(kind: str) -> None:
    value = first(kind)
    value.get("spec", value)["enforced"] = True

    assert any("enforced" in complaint for complaint in complaints(value))


@pytest.mark.parametrize(
    ("kind", "edit"),
    [
        ("ValidatingPolicy", lambda spec: spec.update(validationActions=["Enforce"])),
        ("ValidatingPolicy", lambda spec: spec["variables"][0].pop("expression")),
        ("ValidatingPolicy", lambda spec: spec["matchConstraints"]["resourceRules"][0].update(resources="rayclusters")),
        ("ValidatingAdmissionPolicy", lambda spec: spec["validations"][0].pop("expression")),
        ("ValidatingAdmissionPolicyBinding", lambda spec: spec.update(validationActions="Deny")),
        ("GeneratingPolicy", lambda spec: spec["generate"][0].update(template={"interpolate": "yes"})),
        ("ClusterPolicy", lambda spec: spec["rules"][0]["validate"].update(failureAction="Deny")),
        ("MutatingPolicy", lambda spec: spec["mutations"][0].pop("patchType")),
        ("MutatingPolicy", lambda spec: spec["matchConditions"][0].pop("name")),
    ],
    ids=[
        *("action", "no expression", "no list", "no expression, native", "no list, native", "enum", "failure action"),
        *("kind of patch", "no name"),
    ],
)
def test_what_a_server_would_refuse_is_refused(kind: str, edit: Any) -> None:
    value = first(kind)
    edit(value["spec"])

    assert [] != complaints(value)
