"""An engine's one message: which rules are broken, where, and how much did not fit."""

from __future__ import annotations

import ast
import re
from dataclasses import replace

import pytest

from rayfence import admission
from rayfence.admission import Policy
from rayfence.admission.shards import MOST_ROWS
from rayfence.model.config import Allow, Bounds, Config, Container, Enforcement, Platform, Quota, Tenant
from rayfence.model.subjects import DELETE, NETWORK_POLICIES, PODS, RAY, SUBJECTS, Subject
from rayfence.rules import OF, ids

ONE = "require-tenant-label: [require-tenant-label] metadata.labels.tenant: must be team-a"
SEVERAL = (
    "require-tenant-label, limit-resources: [require-tenant-label] metadata.labels[example.com/team]: must be 1000; "
    "[limit-resources] spec.headGroupSpec.template.spec.containers[0].resources.limits.cpu: 5 is above the maximum of "
    "1000, 4; [limit-resources] spec.workerGroupSpecs[0].template.spec.resources: is not allowed"
)


def test_one_violation_is_read_whole() -> None:
    assert [("require-tenant-label", "metadata.labels.tenant", "must be team-a")] == admission.violations(ONE)


def test_several_violations_are_read_in_order() -> None:
    assert [
        ("require-tenant-label", "metadata.labels[example.com/team]", "must be 1000"),
        (
            "limit-resources",
            "spec.headGroupSpec.template.spec.containers[0].resources.limits.cpu",
            "5 is above the maximum of 1000, 4",
        ),
        ("limit-resources", "spec.workerGroupSpecs[0].template.spec.resources", "is not allowed"),
    ] == admission.violations(SEVERAL)


def test_how_many_did_not_fit_is_no_part_of_the_last_one() -> None:
    assert admission.violations(SEVERAL) == admission.violations(SEVERAL + "; and 12 more")


def test_rules_are_known_even_where_their_violations_did_not_fit() -> None:
    said = ONE.replace("require-tenant-label: [", "require-tenant-label, limit-resources: [") + "; and 3 more"

    assert (
        frozenset({"require-tenant-label", "limit-resources"}),
        frozenset({("require-tenant-label", "metadata.labels.tenant")}),
    ) == admission.read(said)


def test_a_message_may_stand_behind_an_engines_own_words() -> None:
    ids, places = admission.read(f"policy enforce-tenant-isolation fail: {ONE}")

    assert {"require-tenant-label"} == ids
    assert {("require-tenant-label", "metadata.labels.tenant")} == places


@pytest.mark.parametrize(
    "message",
    [
        "",
        "validation rule passed",
        "failed expression: size(variables.violations) == 0",
        "expression 'object.spec' resulted in error: no such key: spec",
    ],
)
def test_an_engines_own_error_names_no_rules(message: str) -> None:
    assert (frozenset(), frozenset()) == admission.read(message)


TEAM = Tenant("team-a", ("ray-a",), Container(Bounds("1", "4"), Bounds("2Gi", "8Gi")))
AUDITED = Tenant("team-b", ("ray-b",), TEAM.container, enforcement=Enforcement.AUDIT)


def tables(config: Config, subject: Subject) -> list[dict[str, dict[str, object]]]:
    """Of each policy object two tables, which are written alike in CEL and in Python."""
    found = [policy.variables for policy in admission.policies(config) if policy.subject is subject]
    return [
        {name: ast.literal_eval(each[name]) for name in ("namespaces", "tenants") if name in each} for each in found
    ]


def test_a_namespace_has_a_tenant_and_no_name_where_another_policy_speaks() -> None:
    first, second = tables(Config(Platform(), (TEAM, AUDITED)), RAY)

    assert {"ray-a": "team-a", "ray-b": ""} == first["namespaces"]
    assert {"ray-b": "team-b"} == second["namespaces"]


def test_a_tenant_has_one_row_however_many_namespaces_it_has() -> None:
    (found,) = tables(Config(Platform(), (replace(TEAM, namespaces=("ray-a", "ray-b")),)), RAY)

    assert {"ray-a": "team-a", "ray-b": "team-a"} == found["namespaces"]
    assert {"team-a": ["cpu=1..4 memory=2Gi..8Gi"]} == found["tenants"]


def test_a_row_has_only_what_the_rules_of_its_policy_read() -> None:
    team = replace(TEAM, quota=Quota(cpu="8", workers=2))
    rows = {subject: tables(Config(Platform(), (team,)), subject)[0].get("tenants") for subject in SUBJECTS}

    assert {"team-a": ["cpu=1..4 memory=2Gi..8Gi quota.cpu=8 workers=2"]} == rows.pop(RAY)
    assert {"team-a": ["cpu=..4 memory=..8Gi"]} == rows.pop(PODS)
    assert {None} == set(rows.values())


def test_a_list_has_a_table_of_those_that_have_one_of_their_own() -> None:
    own = replace(TEAM, name="team-c", namespaces=("ray-c",), allow=Allow(volumes=("nfs",), networks=()))
    platform = Platform(allow=Allow(volumes=("csi",)))
    found = next(policy.variables for policy in admission.policies(Config(platform, (TEAM, own))))

    assert "{\n'team-c': ['nfs'],\n}[?variables.tenant_name].orValue(['csi'])" == found["allowed_volumes"]
    assert "{\n'team-c': [],\n}[?variables.tenant_name].orValue([])" == found["allowed_networks"]
    assert "['*']" == found["allowed_priority_classes"]


def test_a_tenant_with_several_namespaces_has_a_list_of_them() -> None:
    several = replace(TEAM, name="team-c", namespaces=("ray-c", "ray-c2"))
    found = {policy.subject: policy.variables for policy in admission.policies(Config(Platform(), (TEAM, several)))}
    listed = "{\n'team-c': ['ray-c', 'ray-c2'],\n}[?variables.tenant_name].orValue([variables.object_namespace])"

    assert {RAY: listed, NETWORK_POLICIES: listed} == {
        subject: variables["own_namespaces"] for subject, variables in found.items() if "own_namespaces" in variables
    }


def test_without_tenants_tables_are_still_of_their_type() -> None:
    assert [{"namespaces": {"": ""}, "tenants": {"": [""]}}] == tables(Config(Platform(), ()), RAY)


def test_what_cannot_stand_in_a_text_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot stand in a CEL text"):
        admission.policies(Config(Platform(), (replace(TEAM, name="team'a"),)))


POLICIES = admission.policies(Config(Platform(), (TEAM,)))
EACH = pytest.mark.parametrize("policy", POLICIES, ids=[policy.name for policy in POLICIES])


def test_every_rule_stands_in_some_policy() -> None:
    assert set(ids()) == {rule.ID for policy in POLICIES for rule in policy.rules}


@EACH
def test_a_policy_has_the_rules_of_its_subject(policy: Policy) -> None:
    assert OF[policy.subject] == policy.rules


@EACH
def test_every_rule_has_a_variable_of_its_own_and_one_for_each_of_its_parts(policy: Policy) -> None:
    for rule in policy.rules:
        name, parts = rule.ID.replace("-", "_"), list(rule.cel(Platform()))
        whole = policy.variables[name]

        if len(parts) > 1:
            named = [f"{name}_{number}" for number in range(1, len(parts) + 1)]
            assert parts == [policy.variables[each] for each in named]
            parts = [" + ".join(f"variables.{each}" for each in named)]
        assert [whole] == parts


@EACH
def test_a_variable_uses_only_those_before_it(policy: Policy) -> None:
    known: set[str] = set()
    for name, text in policy.variables.items():
        assert set(re.findall(r"variables\.(\w+)", text)) <= known, name
        known.add(name)


@EACH
def test_the_verdict_and_the_message_read_what_is_there(policy: Policy) -> None:
    used = re.findall(r"variables\.(\w+)", admission.VALID + admission.MESSAGE)

    assert {"violations", "broken_rules", "shown_violations"} == set(used)
    assert set(used) <= policy.variables.keys()


@EACH
def test_no_variable_is_of_no_use(policy: Policy) -> None:
    whole = " ".join([*policy.variables.values(), admission.VALID, admission.MESSAGE])

    assert policy.variables.keys() == set(re.findall(r"variables\.(\w+)", whole))


def test_each_enforcement_has_a_policy_of_its_own() -> None:
    names = [policy.name for policy in admission.policies(Config(Platform(), (TEAM, AUDITED)))]

    assert [name for policy in POLICIES for name in (policy.name, f"{policy.name}-audit")] == names


def test_a_disabled_rule_stands_in_no_policy() -> None:
    platform = Platform(disabled_rules=("limit-resources",))
    found = admission.policies(Config(platform, (TEAM,)))

    assert [policy.name for policy in POLICIES] == [policy.name for policy in found]
    assert {"limit-resources"} == set(ids()) - {rule.ID for policy in found for rule in policy.rules}
    assert all("limit_resources" not in policy.variables for policy in found)
    assert all("limit-resources" not in policy.variables["broken_rules"] for policy in found)


def test_where_every_rule_is_disabled_there_is_no_policy() -> None:
    assert () == admission.policies(Config(Platform(disabled_rules=ids()), (TEAM,)))


TENANTS = [Tenant(f"t{index}", (f"ray-{index:03}",), TEAM.container) for index in range(MOST_ROWS + 1)]
CUT = admission.policies(Config(Platform(), (*TENANTS, AUDITED)))


def test_a_policy_is_asked_about_the_namespaces_in_its_care_alone() -> None:
    found = [policy.conditions for policy in CUT if policy.subject is RAY]
    place = "[(object).metadata.?namespace.orValue('')]"

    assert [
        [{"name": "in-charge", "expression": f"{place}.all(name, type(name) != string || (name < 'ray-500'))"}],
        [{"name": "in-charge", "expression": f"{place}.all(name, type(name) != string || (name >= 'ray-500'))"}],
        [],
    ] == found


def test_of_a_deletion_it_is_the_namespace_of_what_was_there_that_counts() -> None:
    of_deletions = [policy for policy in CUT if DELETE in policy.subject.operations]
    where = "[(request.operation == 'DELETE' ? oldObject : object).metadata.?namespace.orValue('')]"

    assert [where] * 3 == [policy.conditions[0]["expression"].partition(".all(")[0] for policy in of_deletions]


def test_where_one_object_is_in_charge_of_all_there_is_no_condition() -> None:
    assert [[]] == [policy.conditions for policy in POLICIES if policy.subject is RAY]


GUARDS = [subject for subject in SUBJECTS if not subject.everywhere]


def test_only_ray_objects_are_judged_in_every_namespace() -> None:
    assert {*SUBJECTS} - {RAY} == {*GUARDS}


@pytest.mark.parametrize("subject", GUARDS, ids=lambda subject: subject.name)
def test_a_guard_is_asked_about_the_namespaces_of_its_tenants_and_no_others(subject: Subject) -> None:
    several = replace(TEAM, name="team-c", namespaces=("ray-c", "ray-c2"))
    config = Config(Platform(), (TEAM, several, AUDITED))
    found = [each for each in admission.policies(config) if each.subject is subject]
    listed = [re.findall("'([^']+)'", each.conditions[0]["expression"].partition("name in ")[2]) for each in found]

    assert ["", "-audit"] == [each.name.removeprefix(subject.name) for each in found]
    assert [["ray-a", "ray-c", "ray-c2"], ["ray-b"]] == listed
    for each, names in zip(found, listed, strict=True):
        tried = ("ray-a", "ray-b", "ray-c", "ray-c2", "", "ray-", "ray-a2", "kube-system")
        assert names == [name for name in tried if each.is_asked_about(name)]


@pytest.mark.parametrize("subject", GUARDS, ids=lambda subject: subject.name)
def test_of_a_table_that_is_cut_each_guard_lists_its_own_part(subject: Subject) -> None:
    found = [policy for policy in CUT if policy.subject is subject]
    texts = [policy.conditions[0]["expression"] for policy in found]

    assert [500, 1, 1] == [text.count("'ray-") for text in texts]
    assert not any(" < " in text or ">=" in text for text in texts)


def test_a_guard_that_would_speak_for_nobody_is_not_written() -> None:
    alone = admission.policies(Config(Platform(), (AUDITED,)))

    assert [RAY.name, f"{RAY.name}-audit", *(f"{each.name}-audit" for each in GUARDS)] == [each.name for each in alone]
    assert [RAY.name] == [each.name for each in admission.policies(Config(Platform(), ()))]


def test_only_the_platforms_own_objects_refuse_unclaimed_namespaces() -> None:
    # Asked about a namespace of another's by mistake, an object that has no row for it must not let it pass.
    assert ["!(variables.object_namespace in variables.namespaces)"] * 2 + ["false"] == [
        policy.variables["namespace_unclaimed"] for policy in CUT if policy.subject is RAY
    ]
