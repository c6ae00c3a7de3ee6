"""What policies must look at, and what is said where one leaves an operation or a kind out."""

from __future__ import annotations

import re

import pytest

from rayfence import admission
from rayfence.backends import BACKENDS
from rayfence.backends.offline import KyvernoOffline
from rayfence.suite import manifests
from rayfence.suite.coverage import compare_scopes, compare_triggers

from ..builders import sample, sample_files

OFFLINE = {name: each.offline for name, each in BACKENDS.items() if isinstance(each.offline, KyvernoOffline)}


def problems(backend: str, file: str = "", pattern: str = "", instead: str = "") -> list[str]:
    """Of the bundle in which a piece of one file is another, at its first place."""
    path = f"{backend}/{file}.yaml"
    changed = {path: re.sub(pattern, instead, sample_files()[path], count=1, flags=re.MULTILINE)} if file else {}
    assert not file or changed[path] != sample_files()[path], "nothing was changed"
    found = manifests.of(sample_files() | changed, backend)
    scopes = compare_scopes(found, OFFLINE[backend], admission.policies(sample()))
    return scopes + compare_triggers(found, OFFLINE[backend])


@pytest.mark.parametrize("backend", OFFLINE)
def test_policies_as_they_are_look_at_all_they_must(backend: str) -> None:
    assert [] == problems(backend)


@pytest.mark.parametrize("backend", ["validatingpolicy", "validatingadmissionpolicy"])
def test_an_update_that_is_not_looked_at_is_told_for_each_resource(backend: str) -> None:
    pods = [f"policy guard-pods does not look at UPDATE /{each}" for each in PODS]

    assert pods == problems(backend, "guard-pods", r"^ +- UPDATE\n")


PODS = ("pods", "pods/ephemeralcontainers", "pods/resize")


@pytest.mark.parametrize(
    ("backend", "pattern", "problem"),
    [
        ("clusterpolicy", r"^ +- /v1/Pod/resize\n", "does not look at CREATE /v1/Pod/resize"),
        ("validatingpolicy", r"^ +- pods/resize\n", "does not look at CREATE /pods/resize"),
        ("validatingadmissionpolicy", r"^( +)- pods$", r"does not look at CREATE /pods"),
    ],
)
def test_a_kind_that_is_not_looked_at_is_told(backend: str, pattern: str, problem: str) -> None:
    assert f"policy guard-pods {problem}" in problems(backend, "guard-pods", pattern)


@pytest.mark.parametrize("version", ["v1", "v1alpha1"])
def test_a_version_that_background_scans_would_not_find_is_told(version: str) -> None:
    found = problems("validatingpolicy", "enforce-tenant-isolation", rf"^( +)- {version}$", r"\1- v0")

    assert f"policy enforce-tenant-isolation does not look at CREATE ray.io/{version}/rayclusters" in found


def test_every_version_that_is_not_looked_at_is_told() -> None:
    found = problems("validatingpolicy", "enforce-tenant-isolation", r"^( +)- '\*'$", r"\1- v1")

    assert "policy enforce-tenant-isolation does not look at CREATE ray.io/rayclusters" in found


def test_a_kind_too_many_is_told() -> None:
    found = problems("validatingpolicy", "guard-pods", r"^( +)- pods$", r"\1- pods\n\1- nodes")

    assert ["CREATE /nodes", "UPDATE /nodes"] == [each.removeprefix("policy guard-pods looks at ") for each in found]


def test_operations_that_are_all_gone_are_told() -> None:
    assert 6 == len(problems("clusterpolicy", "guard-pods", r"^ +- CREATE\n +- UPDATE\n"))


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE"])
def test_an_operation_that_generates_nothing_is_told(operation: str) -> None:
    found = problems("validatingpolicy", "generate-network-policies", rf"^ +- {operation}\n")

    assert f"policy generate-network-policies does not act on {operation} of rayclusters" in found
