"""The envelopes of the CEL backends: the same text in each, and around it what each kind of policy calls the same."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from rayfence import admission, yamlio
from rayfence.backends import BACKENDS, clusterpolicy, native, validatingpolicy
from rayfence.cel.lines import layout
from rayfence.manifests import bundle
from rayfence.model.config import Bounds, Config, Container, Enforcement, Network, Platform, Quota, Tenant
from rayfence.model.subjects import EXPOSURE, NETWORK_POLICIES, PODS, RAY, SUBJECTS

from ..builders import sample

BOUNDS = Container(Bounds("500m", "16"), Bounds("1Gi", "128Gi"))
EVERY_ACTION = Config(
    Platform(),
    tuple(Tenant(f"team-{each.value.lower()}", (f"ray-{each.value.lower()}",), BOUNDS, each) for each in Enforcement),
)

NATIVE, OF_KYVERNO = native.NAME, validatingpolicy.NAME
TEXT_LIMIT = 100_000
"""Characters of CEL that an API server takes in one expression."""

RESERVED_BY_CEL = {
    *("as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"),
    *("let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"),
}


def written(config: Config, backend: str, kind: str) -> dict[str, dict[str, Any]]:
    manifests = [each for file in BACKENDS[backend].files(config).values() for each in file]
    return {each["metadata"]["name"]: each for each in manifests if each["kind"] == kind}


def judging(config: Config) -> list[dict[str, Any]]:
    return [
        *written(config, OF_KYVERNO, "ValidatingPolicy").values(),
        *written(config, NATIVE, "ValidatingAdmissionPolicy").values(),
    ]


@pytest.mark.parametrize(("backend", "kind"), [(OF_KYVERNO, "ValidatingPolicy"), (NATIVE, "ValidatingAdmissionPolicy")])
def test_each_backend_wraps_every_policy_and_changes_nothing_in_its_text(backend: str, kind: str) -> None:
    found = {
        name: {each["name"]: each["expression"] for each in manifest["spec"]["variables"]}
        for name, manifest in written(EVERY_ACTION, backend, kind).items()
    }

    texts = {policy.name: policy.variables for policy in admission.policies(EVERY_ACTION)}
    assert {name: {each: layout(text) for each, text in of.items()} for name, of in texts.items()} == found


def is_cel_name(name: str) -> bool:
    """Whether an API server takes it for a variable: a name, and no word that CEL has kept for itself."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and name not in RESERVED_BY_CEL


def test_an_api_server_takes_the_names_of_all_variables() -> None:
    names = {each["name"] for manifest in judging(EVERY_ACTION) for each in manifest["spec"]["variables"]}

    assert set() == {name for name in names if not is_cel_name(name)}
    assert [False, False, True] == [is_cel_name(name) for name in ("namespace", "guard-pods", "subject")]


def test_there_is_one_validation_that_names_everything() -> None:
    for manifest in judging(EVERY_ACTION):
        (validation,) = manifest["spec"]["validations"]

        assert admission.VALID == validation["expression"]
        assert layout(admission.MESSAGE) == validation["messageExpression"]


@pytest.mark.parametrize(
    ("suffix", "actions"), [("", ["Deny"]), ("-audit", ["Audit"]), ("-warn", ["Warn", "Audit"])], ids=str
)
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_each_enforcement_has_its_own_actions(subject: Any, suffix: str, actions: list[str]) -> None:
    name = subject.name + suffix
    policy = written(EVERY_ACTION, OF_KYVERNO, "ValidatingPolicy")[name]
    binding = written(EVERY_ACTION, NATIVE, "ValidatingAdmissionPolicyBinding")[name]

    assert actions == policy["spec"]["validationActions"]
    assert {"policyName": name, "validationActions": actions} == binding["spec"]


def test_an_error_denies_and_nothing_narrows_what_is_looked_at() -> None:
    for manifest in judging(EVERY_ACTION):
        assert "Fail" == manifest["spec"]["failurePolicy"]
        assert {"resourceRules"} == manifest["spec"]["matchConstraints"].keys()
        assert ("matchConditions" in manifest["spec"]) is not manifest["metadata"]["name"].startswith(RAY.name)


def test_of_many_tenants_a_policy_is_narrowed_to_the_namespaces_in_its_care_and_no_more() -> None:
    many = tuple(Tenant(f"t{index:04}", (f"ray-{index:04}",), BOUNDS) for index in range(501))
    conditions = {policy.name: policy.conditions for policy in admission.policies(Config(Platform(), many))}
    found = judging(Config(Platform(), many))

    assert 4 * len(SUBJECTS) == len(found)
    for manifest in found:
        assert {"resourceRules"} == manifest["spec"]["matchConstraints"].keys()
        (condition,) = conditions[manifest["metadata"]["name"]]
        assert [{**condition, "expression": layout(condition["expression"])}] == manifest["spec"]["matchConditions"]


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        (RAY, [("ray.io", {"rayclusters", "rayjobs", "rayservices", "raycronjobs"}, {"CREATE", "UPDATE"})]),
        (PODS, [("", {"pods", "pods/resize", "pods/ephemeralcontainers"}, {"CREATE", "UPDATE"})]),
        (NETWORK_POLICIES, [("networking.k8s.io", {"networkpolicies"}, {"CREATE", "UPDATE", "DELETE"})]),
    ],
    ids=["ray", "pods", "network policies"],
)
def test_every_version_of_a_kind_and_its_subresources_are_looked_at(subject: Any, expected: list[Any]) -> None:
    for manifest in judging(EVERY_ACTION):
        if manifest["metadata"]["name"] == subject.name:
            rules = manifest["spec"]["matchConstraints"]["resourceRules"][: len(expected)]
            assert expected == [(*rule["apiGroups"], set(rule["resources"]), set(rule["operations"])) for rule in rules]
            assert all(rule["apiVersions"] == ["*"] for rule in rules)


def test_what_is_scanned_in_the_background_is_named_by_version_too() -> None:
    """Kyverno's scans find no kind whose version is `*`."""
    scanned = {subject.name: subject for subject in SUBJECTS if subject.scanned}
    for name, manifest in written(EVERY_ACTION, OF_KYVERNO, "ValidatingPolicy").items():
        rules = manifest["spec"]["matchConstraints"]["resourceRules"]
        named = {
            (group, version, each)
            for rule in rules
            for group in rule["apiGroups"]
            for version in rule["apiVersions"]
            for each in rule["resources"]
            if version != "*"
        }
        subject = scanned.get(name.removesuffix("-audit").removesuffix("-warn"))
        resources = subject.resources if subject else ()

        assert {(each.group, each.version, each.plural) for each in resources} == named
        assert 1 == len({tuple(rule["operations"]) for rule in rules})


def test_kyverno_makes_no_policies_of_its_own_from_them() -> None:
    for manifest in written(EVERY_ACTION, OF_KYVERNO, "ValidatingPolicy").values():
        autogen = manifest["spec"]["autogen"]

        assert {"podControllers": {"controllers": []}, "validatingAdmissionPolicy": {"enabled": False}} == autogen


def test_no_cluster_policy_that_names_a_subresource_is_scanned_for() -> None:
    """Kyverno's webhook refuses such a policy, of which its command line says nothing."""
    found = {
        name: manifest["spec"]["background"]
        for name, manifest in written(EVERY_ACTION, clusterpolicy.NAME, "ClusterPolicy").items()
        if name.endswith("-audit")
    }

    assert {
        "enforce-tenant-isolation-audit": True,
        "guard-exposure-audit": True,
        "guard-network-policies-audit": False,
        "guard-pods-audit": False,
    } == found


def test_only_what_can_be_judged_without_its_author_and_its_operation_is_judged_in_the_background() -> None:
    """A scan passes for a creation by nobody: every running pod would break the rule that none may name its node."""
    found = {
        name: manifest["spec"]["evaluation"]["background"]["enabled"]
        for name, manifest in written(EVERY_ACTION, OF_KYVERNO, "ValidatingPolicy").items()
    }

    scanned = {policy.name: policy.subject in (RAY, EXPOSURE) for policy in admission.policies(EVERY_ACTION)}
    assert scanned == found


def test_native_policies_need_no_rights_and_generate_nothing() -> None:
    manifests = [each["kind"] for file in BACKENDS[NATIVE].files(EVERY_ACTION).values() for each in file]

    assert {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"} == set(manifests)


def test_variables_have_names_that_cel_takes_and_no_name_twice() -> None:
    for manifest in judging(EVERY_ACTION):
        names = [each["name"] for each in manifest["spec"]["variables"]]

        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[_a-zA-Z][_a-zA-Z0-9]*", name) for name in names)


def many(count: int) -> Config:
    quota = Quota("640", "2560Gi", 40, 160)
    names = (f"machine-learning-team-{number:05}" for number in range(count))
    return Config(Platform(), tuple(Tenant(name, (f"ray-{name}",), BOUNDS, quota=quota) for name in names))


@pytest.fixture(scope="module")
def thousand() -> Config:
    return many(1000)


def test_a_thousand_tenants_are_twelve_policies(thousand: Config) -> None:
    judge = written(thousand, OF_KYVERNO, "ValidatingPolicy")
    generate = written(thousand, OF_KYVERNO, "GeneratingPolicy")

    assert 12 >= len(judge) + len(generate)


@pytest.mark.parametrize("backend", [OF_KYVERNO, NATIVE])
def test_no_policy_of_a_thousand_tenants_is_above_500_kb(thousand: Config, backend: str) -> None:
    manifests = [each for file in BACKENDS[backend].files(thousand).values() for each in file]

    assert 500_000 > max(len(yamlio.dump([manifest]).encode()) for manifest in manifests)


@pytest.mark.slow
def test_no_text_of_a_thousand_tenants_is_longer_than_a_server_takes(thousand: Config) -> None:
    texts = [each["expression"] for manifest in judging(thousand) for each in manifest["spec"]["variables"]]
    (conditions) = [
        each["expression"]
        for manifest in written(thousand, OF_KYVERNO, "GeneratingPolicy").values()
        for each in manifest["spec"]["matchConditions"]
    ]

    assert TEXT_LIMIT > max(map(len, [*texts, *conditions]))


TABLES = {"namespaces", "tenants", "own_namespaces"}


def test_one_tenant_more_leaves_all_but_the_tables_as_they_were() -> None:
    def rest(config: Config) -> list[dict[str, str]]:
        return [
            {each["name"]: each["expression"] for each in manifest["spec"]["variables"] if each["name"] not in TABLES}
            for manifest in judging(config)
        ]

    assert rest(many(2)) == rest(many(3))


def test_the_same_tenants_give_the_same_bytes() -> None:
    names = [OF_KYVERNO, NATIVE]

    assert list(bundle.files(EVERY_ACTION, names).items()) == list(bundle.files(EVERY_ACTION, names).items())


def test_a_tenant_without_a_network_layer_is_in_no_generating_policy() -> None:
    off = Config(Platform(), (Tenant("team-a", ("ray-a",), BOUNDS, network=Network(enforce=False)),))
    (policy,) = written(off, OF_KYVERNO, "GeneratingPolicy").values()

    assert "ray-a" not in policy["spec"]["matchConditions"][0]["expression"]


def test_a_cluster_policy_names_the_group_of_each_kind() -> None:
    # `v1/Service` is a Service of any group, Knative's too.
    files = bundle.files(sample(), ["clusterpolicy"])
    policies = [each for text in files.values() for each in yaml.safe_load_all(text) if _is_cluster_policy(each)]
    kinds = [
        kind
        for policy in policies
        for rule in policy["spec"]["rules"]
        for part in rule["match"]["any"]
        for kind in part["resources"]["kinds"]
    ]

    assert {"/v1/Pod", "/v1/Service", "ray.io/v1/RayCluster"} <= {*kinds}
    assert [] == [kind for kind in kinds if kind.count("/") < 2 or kind.startswith("v1/")]


def _is_cluster_policy(value: Any) -> bool:
    return bool(value) and value["kind"] == "ClusterPolicy"
