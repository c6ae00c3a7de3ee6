"""Gatekeeper's envelope: a template and a constraint for each policy, around the text that all backends share."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence import admission
from rayfence.backends.gatekeeper.policy import files
from rayfence.model.config import Config, Enforcement, Platform, Tenant
from rayfence.model.subjects import DELETE, SUBJECTS

from ..builders import BOUNDS

CONFIG = Config(
    Platform(),
    tuple(
        Tenant(f"team-{enforcement.lower()}", (f"ray-{enforcement.lower()}",), BOUNDS, enforcement)
        for enforcement in Enforcement
    ),
)
POLICIES = {policy.name: policy for policy in admission.policies(CONFIG)}
MANIFESTS = [manifest for manifests in files(CONFIG).values() for manifest in manifests]
TEMPLATES = {
    each["spec"]["crd"]["spec"]["names"]["kind"]: each for each in MANIFESTS if each["kind"] == "ConstraintTemplate"
}
CONSTRAINTS = {each["metadata"]["name"]: each for each in MANIFESTS if each["kind"] != "ConstraintTemplate"}


def template_of(policy: str) -> dict[str, Any]:
    return TEMPLATES[CONSTRAINTS[policy]["kind"]]


def source_of(policy: str) -> dict[str, Any]:
    (target,) = template_of(policy)["spec"]["targets"]
    (code,) = target["code"]
    return code["source"]


def test_every_policy_has_a_template_of_its_own_and_its_constraint():
    assert {*POLICIES} == {*CONSTRAINTS}
    assert {*TEMPLATES} == {constraint["kind"] for constraint in CONSTRAINTS.values()}
    assert len(POLICIES) == len(TEMPLATES)


def test_a_template_is_named_as_its_kind_in_small_letters():
    assert [*TEMPLATES] == [
        kind for kind, template in TEMPLATES.items() if template["metadata"]["name"] == kind.lower()
    ]
    assert "enforcetenantisolationaudit" == template_of("enforce-tenant-isolation-audit")["metadata"]["name"]


@pytest.mark.parametrize("name", POLICIES)
def test_the_text_is_the_one_that_every_backend_wraps(name: str):
    source = source_of(name)

    assert POLICIES[name].variables == {each["name"]: each["expression"] for each in source["variables"]}
    assert [{"expression": admission.VALID, "messageExpression": admission.MESSAGE}] == source["validations"]


@pytest.mark.parametrize("name", POLICIES)
def test_an_error_is_a_refusal(name: str):
    assert "Fail" == source_of(name)["failurePolicy"]


@pytest.mark.parametrize(
    ("policy", "action"),
    [
        pytest.param("enforce-tenant-isolation", "deny", id="Enforce"),
        pytest.param("enforce-tenant-isolation-audit", "dryrun", id="Audit"),
        pytest.param("enforce-tenant-isolation-warn", "warn", id="Warn"),
    ],
)
def test_enforcement_has_gatekeepers_words(policy: str, action: str):
    assert action == CONSTRAINTS[policy]["spec"]["enforcementAction"]


@pytest.mark.parametrize("name", POLICIES)
def test_a_constraint_speaks_of_every_kind_and_of_nothing_else(name: str):
    spoken_of = {
        (group, kind)
        for each in CONSTRAINTS[name]["spec"]["match"]["kinds"]
        for group in each["apiGroups"]
        for kind in each["kinds"]
    }

    assert {(resource.group, resource.kind) for resource in POLICIES[name].subject.resources} == spoken_of
    assert ["kinds"] == [*CONSTRAINTS[name]["spec"]["match"]]


@pytest.mark.parametrize("name", POLICIES)
def test_a_deletion_concerns_only_those_who_speak_of_it(name: str):
    # On a deletion there is no object, and reading it would be an error: nothing could be deleted any more.
    # Where it does not hold, nothing comes of an error in another.
    condition, *_ = source_of(name)["matchCondition"]

    assert "operations" == condition["name"]
    assert (DELETE in POLICIES[name].subject.operations) == (f"'{DELETE}'" in condition["expression"])


def test_of_many_tenants_a_template_is_narrowed_to_the_namespaces_in_its_care():
    tenants = tuple(Tenant(f"team-{number}", (f"ray-{number:04}",), BOUNDS) for number in range(501))
    config = Config(Platform(), tenants)
    wanted = [policy.conditions for policy in admission.policies(config)]
    found = [each for of in files(config).values() for each in of if each["kind"] == "ConstraintTemplate"]
    sources = [each["spec"]["targets"][0]["code"][0]["source"] for each in found]

    assert wanted == [source["matchCondition"][1:] for source in sources]
    assert ["operations"] * len(wanted) == [source["matchCondition"][0]["name"] for source in sources]


def test_each_subject_has_a_file_with_the_templates_first():
    names = {subject.name for subject in SUBJECTS if any(policy.subject is subject for policy in POLICIES.values())}

    assert {f"{name}.yaml" for name in names} == {*files(CONFIG)}
    for manifests in files(CONFIG).values():
        kinds = [each["kind"] == "ConstraintTemplate" for each in manifests]
        assert sorted(kinds, reverse=True) == kinds


def test_names_stay_apart_and_short_with_many_tenants():
    tenants = tuple(Tenant(f"team-{number}", (f"ray-{number:04}",), BOUNDS) for number in range(1600))
    manifests = [each for of in files(Config(Platform(), tenants)).values() for each in of]
    names = [(each["kind"], each["metadata"]["name"]) for each in manifests]

    assert ("EnforceTenantIsolation4", "enforce-tenant-isolation-4") in names
    assert len(names) == len({*names})
    # Gatekeeper refuses longer ones.
    assert [] == [name for _, name in names if len(name) > 63]
