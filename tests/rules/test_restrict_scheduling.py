"""No pod keeps others off nodes, goes before the system, or selects nodes that are not its tenant's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.config import Allow, Platform
from rayfence.rules import restrict_scheduling
from rayfence.rules.restrict_scheduling import CONTROL_PLANE, HIGHEST, PREFERRED, REQUIRED

from .objects import CONFIGS, HEAD, TEAM_A, WORKERS, Json, broken, cluster, group, pod, told

ID = restrict_scheduling.ID
LISTED = replace(TEAM_A, allow=Allow(priority_classes=("batch", "system-node-critical")))
SIDES = ("podAffinity", "podAntiAffinity")


def bare(**spec: Any) -> Json:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": "ray-a"}, "spec": spec}


def both(**spec: Any) -> list[str]:
    """Where a template with these fields is wrong, which has to be where a pod with them is."""
    found = broken(restrict_scheduling, bare(**spec))

    assert [each.replace("spec.", f"{HEAD}.template.spec.", 1) for each in found] == broken(
        restrict_scheduling, cluster(head=pod(**spec))
    )
    return [each.removeprefix(f"[{ID}] ") for each in found]


def in_affinity(*expressions: Any, wished: bool = False) -> Json:
    term = {"matchExpressions": [*expressions]}
    if wished:
        return {"nodeAffinity": {PREFERRED: [{"weight": 1, "preference": term}]}}
    return {"nodeAffinity": {REQUIRED: {"nodeSelectorTerms": [{"matchFields": []}, term]}}}


def tenants_nodes(operator: Any, *values: Any) -> Json:
    return {"key": "tenant", "operator": operator, "values": [*values]}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("term", "fine"),
    [
        ({}, True),
        ({"namespaces": []}, True),
        ({"namespaces": None, "namespaceSelector": None}, True),
        ({"labelSelector": {}, "matchLabelKeys": ["pod-template-hash"]}, True),
        ({"namespaces": ["ray-b"]}, False),
        ({"namespaces": ["ray-a"]}, False),
        ({"namespaces": "ray-b"}, False),
        ({"namespaceSelector": {}}, False),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ray-a"}}}, False),
    ],
    ids=str,
)
def test_a_term_of_pod_affinity_names_no_namespaces(side: str, term: Json, fine: bool) -> None:
    required = {side: {REQUIRED: [{"topologyKey": "zone"}, {"topologyKey": "zone", **term}]}}
    preferred = {side: {PREFERRED: [{"weight": 1, "podAffinityTerm": {"topologyKey": "zone", **term}}]}}

    assert ([] if fine else [f"spec.affinity.{side}.{REQUIRED}[1]"]) == both(affinity=required)
    assert ([] if fine else [f"spec.affinity.{side}.{PREFERRED}[0].podAffinityTerm"]) == both(affinity=preferred)


def test_nodes_that_are_set_aside_for_the_system_are_not_tolerated() -> None:
    critical = {"key": "CriticalAddonsOnly", "operator": "Exists"}

    assert ["spec.tolerations[1].key"] == both(tolerations=[{"key": "criticaladdonsonly"}, critical])


@pytest.mark.parametrize("key", CONTROL_PLANE)
def test_the_control_planes_nodes_are_neither_selected_nor_tolerated(key: str) -> None:
    assert [f"spec.nodeSelector[{key}]"] == both(nodeSelector={key: "", "tenant": "team-a"})
    assert ["spec.tolerations[1].key"] == both(tolerations=[{"key": "x"}, {"key": key, "operator": "Equal"}])
    for operator in ("In", "Exists", "Gt", None, "in"):
        required = in_affinity({"key": "zone", "operator": "Exists"}, {"key": key, "operator": operator})
        place = f"spec.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms[1].matchExpressions[1]"

        assert [place] == both(affinity=required)
    wished = in_affinity({"key": key, "operator": "Exists"}, wished=True)

    assert [f"spec.affinity.nodeAffinity.{PREFERRED}[0].preference.matchExpressions[0]"] == both(affinity=wished)


@pytest.mark.parametrize("operator", ["NotIn", "DoesNotExist"])
def test_to_stay_away_from_the_control_plane_is_fine(operator: str) -> None:
    for wished in (False, True):
        assert [] == both(affinity=in_affinity({"key": CONTROL_PLANE[0], "operator": operator}, wished=wished))


def test_other_roles_of_nodes_are_fine() -> None:
    worker = "node-role.kubernetes.io/worker"

    assert [] == both(
        nodeSelector={worker: "", "tenant": "team-a"},
        tolerations=[{"key": worker, "operator": "Exists"}],
        affinity=in_affinity({"key": worker, "operator": "Exists"}),
    )


@pytest.mark.parametrize(
    ("expression", "fine"),
    [
        (tenants_nodes("In", "team-a"), True),
        (tenants_nodes("In"), True),
        (tenants_nodes("NotIn", "team-b"), True),
        (tenants_nodes("NotIn", "team-a"), True),
        (tenants_nodes("DoesNotExist"), True),
        ({"key": "zone", "operator": "In", "values": ["team-b"]}, True),
        (tenants_nodes("In", "team-a", "team-b"), False),
        (tenants_nodes("In", "team-b"), False),
        (tenants_nodes("In", "Team-a"), False),
        (tenants_nodes("Exists"), False),
        (tenants_nodes("Gt", "0"), False),
        (tenants_nodes("Lt", "9"), False),
        (tenants_nodes(None, "team-a"), False),
        (tenants_nodes("in", "team-a"), False),
    ],
    ids=str,
)
def test_a_bare_pod_selects_no_other_tenants_nodes_by_affinity(expression: Json, fine: bool) -> None:
    for wished in (False, True):
        affinity = in_affinity(expression, wished=wished)

        assert fine is (broken(restrict_scheduling, bare(affinity=affinity)) == [])
        # What is pinned to the own nodes goes nowhere else.
        assert [] == broken(restrict_scheduling, bare(affinity=affinity, nodeSelector={"tenant": "team-a"}))
        assert [] == broken(restrict_scheduling, cluster(group(pod(affinity=affinity, nodeSelector={}))))


@pytest.mark.parametrize(
    ("selector", "fine"),
    [
        (None, True),
        ({}, True),
        ({"tenant": None}, True),
        ({"tenant": "team-a"}, True),
        ({"zone": "team-b"}, True),
        ({"tenant": "team-b"}, False),
        ({"tenant": ""}, False),
        ({"tenant": "Team-a"}, False),
        ({"tenant": 5}, False),
    ],
    ids=str,
)
def test_a_bare_pod_selects_no_other_tenants_nodes(selector: Any, fine: bool) -> None:
    assert ([] if fine else [f"[{ID}] spec.nodeSelector.tenant"]) == broken(
        restrict_scheduling, bare(nodeSelector=selector)
    )
    # Of a template another rule asks for more.
    assert [] == broken(restrict_scheduling, cluster(head=pod(nodeSelector=selector)))


def test_the_label_of_nodes_is_the_platforms() -> None:
    platform = CONFIGS["other keys"].platform
    foreign = in_affinity({"key": "example.com/pool", "operator": "Exists"})

    assert [] == broken(restrict_scheduling, bare(nodeSelector={"tenant": "x"}), TEAM_A, platform)
    assert 1 == len(broken(restrict_scheduling, bare(affinity=foreign), TEAM_A, platform))
    assert [f"[{ID}] spec.nodeSelector[example.com/pool]"] == broken(
        restrict_scheduling, bare(nodeSelector={"example.com/pool": "x"}), TEAM_A, platform
    )


@pytest.mark.parametrize(
    ("name", "by_default", "where_listed"),
    [
        (None, True, True),
        ("", True, True),
        ("batch", True, True),
        ("production", True, False),
        ("System-node-critical", True, False),
        ("systemic", True, False),
        ("*", True, False),
        ("system-", False, False),
        ("system-cluster-critical", False, False),
        ("system-node-critical", False, True),
        (5, False, False),
    ],
)
def test_a_priority_class_is_one_of_users_or_one_that_is_listed(
    name: Any, by_default: bool, where_listed: bool
) -> None:
    assert ([] if by_default else ["spec.priorityClassName"]) == both(priorityClassName=name)
    assert where_listed is (broken(restrict_scheduling, bare(priorityClassName=name), LISTED) == [])


def test_every_class_of_users_can_be_listed_with_one_of_the_systems() -> None:
    tenant = replace(TEAM_A, allow=Allow(priority_classes=("*", "system-node-critical")))
    names = ("batch", "system-node-critical", "system-cluster-critical")

    assert [0, 0, 1] == [len(broken(restrict_scheduling, bare(priorityClassName=name), tenant)) for name in names]


def test_no_class_at_all_can_be_allowed() -> None:
    platform = Platform(allow=Allow(priority_classes=()))

    assert broken(restrict_scheduling, bare(priorityClassName="batch"), TEAM_A, platform)
    assert [] == broken(restrict_scheduling, bare(priorityClassName=""), TEAM_A, platform)


@pytest.mark.parametrize(
    ("number", "fine"),
    [
        (None, True),
        (0, True),
        (-5, True),
        (HIGHEST, True),
        (HIGHEST + 1, False),
        (2e9, False),
        ("2e9", False),
        (True, False),
        ("1", False),
        ([], False),
    ],
)
def test_a_priority_without_a_class_is_one_that_users_may_have(number: Any, fine: bool) -> None:
    assert ([] if fine else ["spec.priority"]) == both(priority=number)
    # With a class the API server takes no other number than the class's.
    assert [] == both(priority=number, priorityClassName="batch")


def test_every_template_is_looked_at() -> None:
    wrong = pod(priorityClassName="system-node-critical")
    paths = broken(restrict_scheduling, cluster(group(), group(wrong), head=wrong))

    assert [f"[{ID}] {each}.template.spec.priorityClassName" for each in (HEAD, WORKERS.format(1))] == paths


@pytest.mark.parametrize(
    "affinity", [None, "x", {}, {"podAffinity": None}, {"nodeAffinity": {REQUIRED: None}}], ids=repr
)
def test_no_affinity_is_fine(affinity: Any) -> None:
    assert [] == both(affinity=affinity)


def test_people_read_what_to_write_instead() -> None:
    across = {"podAffinity": {REQUIRED: [{"namespaceSelector": {}}]}}
    foreign = in_affinity(tenants_nodes("Exists"))
    (term,) = told(restrict_scheduling, bare(affinity=across))
    (nodes,) = told(restrict_scheduling, bare(affinity=foreign))
    (listed,) = told(restrict_scheduling, bare(priorityClassName="production"), LISTED)
    (any_of_users,) = told(restrict_scheduling, bare(priorityClassName="system-node-critical"))

    assert term.endswith("so that it means the namespace of the pod")
    assert nodes.endswith("for tenant, use only In [team-a], NotIn or DoesNotExist")
    assert "is production, must be batch or system-node-critical" == listed
    assert "is system-node-critical, must be none that begins with system-" == any_of_users


@pytest.mark.parametrize(
    "spec",
    [
        {"tolerations": [{"key": CONTROL_PLANE[0], "operator": "Exists"}]},
        {"nodeSelector": {"tenant": "team-b"}},
        {"priorityClassName": "system-node-critical"},
        {"affinity": {SIDES[0]: {REQUIRED: [{"topologyKey": "zone", "namespaceSelector": {}}]}}},
    ],
    ids=str,
)
def test_a_pod_that_is_older_than_the_rule_may_change_beside_its_spec(spec: Json) -> None:
    old, labelled, other = bare(**spec), bare(**spec), bare(**spec, hostname="other")
    labelled["metadata"]["labels"] = {"ray.io/serve": "true"}

    assert [] == broken(restrict_scheduling, labelled, old=old)
    assert 1 == len(broken(restrict_scheduling, other, old=old))
    assert 1 == len(broken(restrict_scheduling, old, old=bare()))
