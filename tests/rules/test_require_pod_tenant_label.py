"""Every Ray pod carries its tenant's label, counted as KubeRay writes it."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.rules import require_pod_tenant_label

from .objects import CONFIGS, HEAD, TEAM_A, WORKERS, broken, cluster, group, pod, told

ID = require_pod_tenant_label.ID


def said(place: str) -> list[str]:
    return [f"[{ID}] {place}"]


def labelled(labels: Any) -> dict[str, Any]:
    return pod() | {"metadata": {"labels": labels}}


def test_the_own_label_on_every_template_is_right() -> None:
    assert [] == broken(require_pod_tenant_label, cluster(group(), group()))


@pytest.mark.parametrize(
    "labels",
    [
        None,
        {},
        "team-a",
        {"tenant": None},
        {"tenant": ""},
        {"tenant": "team-b"},
        {"tenant": 1000},
        {"Tenant": "team-a"},
    ],
    ids=str,
)
def test_any_other_label_on_the_head_is_a_violation(labels: Any) -> None:
    assert said(f"{HEAD}.template.metadata.labels.tenant") == broken(
        require_pod_tenant_label, cluster(head=labelled(labels))
    )


def test_only_the_second_worker_group_may_be_wrong() -> None:
    value = cluster(group(), group(labelled({"tenant": "team-b"})), group())

    assert said(f"{WORKERS.format(1)}.template.metadata.labels.tenant") == broken(require_pod_tenant_label, value)


@pytest.mark.parametrize("template", [{"spec": {}}, {}, None], ids=str)
def test_a_template_without_metadata_has_no_labels(template: Any) -> None:
    value = cluster({"template": template})

    assert said(f"{WORKERS.format(0)}.template.metadata.labels.tenant") == broken(require_pod_tenant_label, value)


@pytest.mark.parametrize("label", ["team-b", "", 1000], ids=repr)
def test_a_groups_label_wins_over_its_template(label: object) -> None:
    value = cluster(group(labels={"tenant": label}))

    assert said(f"{WORKERS.format(0)}.labels.tenant") == broken(require_pod_tenant_label, value)


@pytest.mark.parametrize("labels", [None, {}, {"tenant": None}, {"zone": "a"}, "team-b"], ids=str)
def test_a_group_without_this_label_changes_nothing(labels: Any) -> None:
    assert [] == broken(require_pod_tenant_label, cluster(group(labels=labels)))


def test_a_groups_label_makes_up_for_its_template() -> None:
    value = cluster(group(labelled({}), labels={"tenant": "team-a"}))

    assert [] == broken(require_pod_tenant_label, value)


@pytest.mark.parametrize("label", ["team-b", "", 1000], ids=repr)
def test_a_templates_label_is_the_tenants_though_its_groups_wins(label: object) -> None:
    """A write through ray.io/v1alpha1 takes the group's away, and the template's is what remains."""
    value = cluster(group(labelled({"tenant": label}), labels={"tenant": "team-a"}))

    assert said(f"{WORKERS.format(0)}.template.metadata.labels.tenant") == broken(require_pod_tenant_label, value)


def test_both_of_two_wrong_labels_are_named() -> None:
    value = cluster(group(labelled({"tenant": "team-b"}), labels={"tenant": ""}))
    place = WORKERS.format(0)

    assert [*said(f"{place}.labels.tenant"), *said(f"{place}.template.metadata.labels.tenant")] == broken(
        require_pod_tenant_label, value
    )


def test_the_heads_group_has_labels_too() -> None:
    value = cluster()
    value["spec"]["headGroupSpec"]["labels"] = {"tenant": "team-b"}

    assert said(f"{HEAD}.labels.tenant") == broken(require_pod_tenant_label, value)


def test_the_label_is_the_platforms() -> None:
    platform = CONFIGS["other keys"].platform

    assert said(f"{HEAD}.template.metadata.labels[example.com/team]") == broken(
        require_pod_tenant_label, cluster(), TEAM_A, platform
    )


@pytest.mark.parametrize("spec", [None, {}, "odd", 5], ids=str)
def test_an_object_without_a_spec_still_has_a_head(spec: Any) -> None:
    value = cluster() | {"spec": spec}

    assert said(f"{HEAD}.template.metadata.labels.tenant") == broken(require_pod_tenant_label, value)


def test_people_read_what_stands_there_and_what_must() -> None:
    value = cluster(group(labelled({})), head=labelled({"tenant": 1000}))

    assert ["is 1000, must be team-a", "is missing, must be team-a"] == told(require_pod_tenant_label, value)
