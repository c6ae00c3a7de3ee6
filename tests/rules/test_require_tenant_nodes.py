"""Ray pods are pinned to their tenant's nodes."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import require_tenant_nodes

from .objects import CONFIGS, HEAD, TEAM_A, WORKERS, broken, cluster, group, pod, told

ID = require_tenant_nodes.ID
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [{"matchExpressions": [{"key": "tenant", "operator": "In", "values": ["team-a"]}]}]
        }
    }
}


def unpinned(group: str) -> str:
    return f"[{ID}] {group}.template.spec.nodeSelector.tenant"


@pytest.mark.parametrize("more", [{}, {"kubernetes.io/arch": "amd64"}], ids=["alone", "with further keys"])
def test_the_tenants_own_nodes_are_right(more: dict[str, str]) -> None:
    selector = {"tenant": "team-a"} | more

    assert [] == broken(require_tenant_nodes, cluster(group(pod(nodeSelector=selector))))


@pytest.mark.parametrize(
    "selector",
    [
        None,
        {},
        "team-a",
        {"zone": "team-a"},
        {"Tenant": "team-a"},
        {"tenant": None},
        {"tenant": ""},
        {"tenant": "team-b"},
        {"tenant": "TEAM-A"},
        {"tenant": "team"},
        {"tenant": "team-a-2"},
        {"tenant": "*"},
        {"tenant": 1000},
        {"tenant": ["team-a"]},
    ],
    ids=str,
)
def test_any_other_selector_is_a_violation(selector: Any) -> None:
    assert [unpinned(HEAD)] == broken(require_tenant_nodes, cluster(head=pod(nodeSelector=selector)))


def test_only_the_last_worker_group_may_be_wrong() -> None:
    value = cluster(group(), group(), group(pod(nodeSelector={"tenant": "team-b"})))

    assert [unpinned(WORKERS.format(2))] == broken(require_tenant_nodes, value)


def test_affinity_does_not_stand_in_for_a_selector() -> None:
    assert [unpinned(HEAD)] == broken(require_tenant_nodes, cluster(head=pod(nodeSelector=None, affinity=AFFINITY)))


def test_affinity_beside_a_selector_is_free() -> None:
    assert [] == broken(require_tenant_nodes, cluster(head=pod(affinity=AFFINITY)))


def test_a_node_by_name_is_a_violation() -> None:
    said = f"[{ID}] {WORKERS.format(0)}.template.spec.nodeName"

    assert [said] == broken(require_tenant_nodes, cluster(group(pod(nodeName="node-1"))))


@pytest.mark.parametrize("name", ["", None], ids=repr)
def test_an_empty_node_name_is_none(name: object) -> None:
    assert [] == broken(require_tenant_nodes, cluster(group(pod(nodeName=name))))


def test_a_group_that_runs_nothing_is_judged_like_any_other() -> None:
    idle = group(pod(nodeSelector={}), replicas=0, maxReplicas=0, suspend=True)

    assert [unpinned(WORKERS.format(0))] == broken(require_tenant_nodes, cluster(idle, suspend=True))


def test_the_key_is_the_platforms() -> None:
    platform = CONFIGS["other keys"].platform
    said = f"[{ID}] {HEAD}.template.spec.nodeSelector[example.com/pool]"

    assert [said] == broken(require_tenant_nodes, cluster(), TEAM_A, platform)


def test_people_read_what_stands_there_and_what_must() -> None:
    value = cluster(group(pod(nodeName="node-1")), head=pod(nodeSelector={"tenant": "team-b"}))

    assert ["is team-b, must be team-a", "is node-1, must be left out"] == told(require_tenant_nodes, value)
