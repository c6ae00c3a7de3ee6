"""That guards are bound to the namespaces of their tenants, and what is said where one is not."""

from __future__ import annotations

import re

import pytest

from rayfence import admission
from rayfence.backends import BACKENDS
from rayfence.suite import manifests
from rayfence.suite.bounds import compare_bounds
from rayfence.suite.coverage import compare_scopes

from ..builders import sample, sample_files

GUARDS = ("guard-pods", "guard-network-policies", "guard-exposure")
EACH_GUARD = tuple(f"{guard}{suffix}" for guard in GUARDS for suffix in ("", "-audit"))
UNBOUND = "is not bound to the namespaces of its tenants"


def changed(backend: str, file: str, pattern: str, instead: str = "") -> manifests.PolicyTexts:
    """A backend's policies in which every such piece of one file is another."""
    path = f"{backend}/{file}.yaml"
    text = re.sub(pattern, instead, sample_files()[path], flags=re.MULTILINE)
    assert text != sample_files()[path], "nothing was changed"
    return manifests.of({**sample_files(), path: text}, backend)


def problems(backend: str, file: str, pattern: str, instead: str = "") -> list[str]:
    """What is wrong with the bounds then."""
    found = changed(backend, file, pattern, instead)
    return compare_bounds(found, BACKENDS[backend].offline, admission.policies(sample()))


@pytest.mark.parametrize("backend", BACKENDS)
def test_guards_as_they_are_are_bound(backend: str) -> None:
    assert [] == compare_bounds(
        manifests.of(sample_files(), backend), BACKENDS[backend].offline, admission.policies(sample())
    )


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_namespace_that_a_guard_is_not_asked_about_is_told(backend: str) -> None:
    found = problems(backend, "guard-pods", r"'ray-team-b',\s+")

    assert ["policy guard-pods does not cover namespace ray-team-b"] == found


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_namespace_too_many_is_told(backend: str) -> None:
    found = problems(backend, "guard-exposure", r"'ray-team-c'(?!:)", "'ray-team-c', 'default'")

    assert ["policy guard-exposure-audit covers namespace default"] == found


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_guard_that_is_not_there_is_told(backend: str) -> None:
    found = problems(backend, "guard-pods", r"^(kind: )(?!Policy).*$", r"\1Nothing")

    assert [f"policy guard-pods{suffix} {UNBOUND}" for suffix in ("", "-audit")] == found


@pytest.mark.parametrize("backend", ["validatingpolicy", "validatingadmissionpolicy", "gatekeeper"])
@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        pytest.param("name: in-charge", "name: other", id="another name"),
        pytest.param(r"\(object\)\.metadata", "(oldObject).metadata", id="another object"),
        pytest.param(r"name in \[", "true || name in [", id="everybody"),
        pytest.param(r"\|\| \(name in", "&& (name in", id="another connective"),
        pytest.param(r"\|\| \(name in", "|| || (name in", id="no expression"),
    ],
)
def test_a_condition_that_says_something_else_is_told(backend: str, pattern: str, instead: str) -> None:
    found = problems(backend, "guard-pods", pattern, instead)

    assert [f"policy guard-pods{suffix} {UNBOUND}" for suffix in ("", "-audit")] == found


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        pytest.param(r"\{\{ contains\(", "{{ !contains(", id="the contrary"),
        pytest.param(r"^    preconditions:(?:\n     .*)+", "    preconditions: {all: []}", id="none"),
    ],
)
def test_a_precondition_that_says_something_else_is_told(pattern: str, instead: str) -> None:
    found = problems("clusterpolicy", "guard-pods", pattern, instead)

    assert [f"policy guard-pods{suffix} {UNBOUND}" for suffix in ("", "-audit")] == found


def test_a_namespace_that_a_webhook_forgets_is_told() -> None:
    found = problems("clusterpolicy", "kustomization", r"'ray-team-b',\s+")

    assert [f"policy {guard}'s webhook does not cover namespace ray-team-b" for guard in GUARDS] == found


def test_webhooks_without_conditions_are_told() -> None:
    found = problems("clusterpolicy", "kustomization", r"(?s)^patches:.*")
    guards = [f"policy {guard}'s webhook {UNBOUND}" for guard in EACH_GUARD]

    assert [
        *guards,
        "policy generate-network-policies's webhook covers more NetworkPolicies than its own",
    ] == found


def test_a_webhook_that_asks_about_more_than_what_is_generated_is_told() -> None:
    found = problems("clusterpolicy", "kustomization", r"startsWith\('rayfence-'\)", "startsWith('r')")

    assert ["policy generate-network-policies's webhook covers more NetworkPolicies than its own"] == found


@pytest.mark.parametrize(
    ("backend", "pattern", "instead", "by"),
    [
        ("validatingpolicy", r"(^  matchConstraints:\n)", r"\1    namespaceSelector: {}\n", "namespaceSelector"),
        ("validatingadmissionpolicy", r"(^  matchConstraints:\n)", r"\1    objectSelector: {}\n", "objectSelector"),
        ("clusterpolicy", r"(^      - resources:\n)", r"\1          namespaces: [x]\n", "namespaces"),
        ("clusterpolicy", r"(^      - resources:\n)", r"      - subjects: []\n        resources:\n", "subjects"),
        ("clusterpolicy", r"(^    match:\n)", r"    exclude: {any: []}\n\1", "exclude"),
    ],
)
def test_what_else_narrows_a_policy_is_told(backend: str, pattern: str, instead: str, by: str) -> None:
    found = changed(backend, "guard-pods", pattern, instead)
    said = compare_scopes(found, BACKENDS[backend].offline, admission.policies(sample()))

    assert ["guard-pods", "guard-pods-audit"] == [each.split()[1] for each in said if "is narrowed by" in each]
    assert [by] * 2 == [re.split("[. ]", each)[-1] for each in said]
