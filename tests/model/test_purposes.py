"""What policy objects say of themselves, by annotations that tools filter by."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from rayfence import __version__
from rayfence.backends import BACKENDS
from rayfence.backends.resources import is_defined, kinds, resource_of
from rayfence.model.config import Bounds, Config, Enforcement, Network, Platform, Provider, Tenant
from rayfence.model.purposes import Purpose
from rayfence.model.subjects import NETWORK_KINDS, RAY, SUBJECTS
from rayfence.network.tables import FILLING_PURPOSE as FILLING
from rayfence.network.tables import GENERATION_PURPOSE as GENERATION

from ..builders import BOUNDS

CONFIG = Config(
    Platform(),
    (
        Tenant("team-a", ("ray-a",), BOUNDS),
        Tenant("team-b", ("ray-b",), BOUNDS, Enforcement.AUDIT),
        Tenant("team-k", ("ray-k",), BOUNDS, network=Network(provider=Provider.KUBERAY)),
    ),
)
SEVERITIES = {"critical", "high", "medium", "low", "info"}
"""The words that a PolicyReport takes."""

Value = dict[str, Any]


def objects(config: Config = CONFIG) -> list[tuple[str, Value]]:
    """Every policy object, with its backend: whatever is no right, and no NetworkPolicy."""
    found = [
        (name, each)
        for name, backend in BACKENDS.items()
        for manifests in backend.files(config).values()
        for each in manifests
    ]
    return [(name, each) for name, each in found if is_policy(each)]


def is_policy(manifest: Value) -> bool:
    resource = resource_of(manifest)
    return is_defined(resource) or resource in [kind.resource for kind in kinds()]


@cache
def every_one() -> dict[str, Value]:
    """Each policy object by its backend, kind and name."""
    return {f"{name}/{value['kind']}/{value['metadata']['name']}": value for name, value in objects()}


@cache
def of_kyverno() -> dict[str, Value]:
    """Those of them that Kyverno evaluates."""
    groups = {name: value["apiVersion"].partition("/")[0] for name, value in every_one().items()}
    return {name: value for name, value in every_one().items() if groups[name].endswith("kyverno.io")}


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_policy_object_names_the_version_that_wrote_it(backend: str) -> None:
    found = {name: value for name, value in every_one().items() if name.startswith(f"{backend}/")}

    assert dict.fromkeys(found, __version__) == {
        name: value["metadata"]["annotations"]["rayfence.dev/version"] for name, value in found.items()
    }


def test_a_kyverno_policy_has_what_tools_filter_by() -> None:
    for name, value in of_kyverno().items():
        has_what_tools_filter_by(name, value)


def has_what_tools_filter_by(name: str, value: Value) -> None:
    annotations = value["metadata"]["annotations"]
    purpose = next(
        each
        for each in (*(subject.purpose for subject in SUBJECTS), GENERATION, FILLING)
        if value["metadata"]["name"].startswith(each.name)
    )

    assert purpose.title == annotations["policies.kyverno.io/title"], name
    assert purpose.description == annotations["policies.kyverno.io/description"], name
    assert "Multi-Tenancy" == annotations["policies.kyverno.io/category"], name
    assert annotations["policies.kyverno.io/severity"] in SEVERITIES, name
    assert "1.19.1" == annotations["policies.kyverno.io/minversion"], name
    named = annotations["policies.kyverno.io/subject"].partition(", and ")[0].split(", ")
    assert named == list(dict.fromkeys(purpose.kinds))[: len(named)], name
    assert all(isinstance(text, str) and len(text) < 200 for text in annotations.values()), name


def test_every_kind_of_policy_is_looked_at() -> None:
    found = {resource_of(each) for each in every_one().values()}

    assert {kind.resource for kind in kinds()} <= found
    assert {"validatingpolicy", "clusterpolicy"} == {name.partition("/")[0] for name in of_kyverno()}
    assert {"kyverno.io/v1", "policies.kyverno.io/v1"} == {each["apiVersion"] for each in of_kyverno().values()}
    assert {"ClusterPolicy", "ValidatingPolicy", "GeneratingPolicy", "MutatingPolicy"} == {
        each["kind"] for each in of_kyverno().values()
    }


def test_a_bound_that_changes_is_in_no_annotation() -> None:
    wider = replace(CONFIG.tenants[0], container=replace(BOUNDS, cpu=Bounds("1", "8")))
    changed = replace(CONFIG, tenants=(wider, *CONFIG.tenants[1:]))

    assert objects() != objects(changed)
    assert [each["metadata"] for _, each in objects()] == [each["metadata"] for _, each in objects(changed)]


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (("Pod",), "Pod"),
        (RAY.purpose.kinds, "RayCluster, RayJob, RayService, RayCronJob"),
        (tuple("ABCDEFGH"), "A, B, C, D, E, F, G, H"),
        (tuple("ABCDEFGHI"), "A, B, C, D, E, F, G, H, and 1 more"),
    ],
)
def test_kinds_are_named_once_and_not_too_many(kinds: tuple[str, ...], told: str) -> None:
    assert told == Purpose("x", "X", "X.", kinds).of_kyverno["policies.kyverno.io/subject"]
    assert len(NETWORK_KINDS.purpose.kinds) > 8
