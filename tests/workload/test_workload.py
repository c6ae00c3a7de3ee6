"""A RayCluster as the rules see it."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence.model.field_path import FieldPath
from rayfence.workload import Malformed, Role, Site, Workload, dig, items

TREE = {"a": {"b": {"c": 1, "none": None}}, "text": "x", "list": [1]}


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ((), TREE),
        (("a", "b", "c"), 1),
        (("a", "b", "none"), None),
        (("a", "missing", "c"), None),
        (("text", "deeper"), None),
        (("a", "b", "c", "deeper"), None),
        (("list",), [1]),
    ],
    ids=str,
)
def test_what_stands_below_some_keys(keys: tuple[str, ...], found: object) -> None:
    assert found == dig(TREE, *keys)


@pytest.mark.parametrize("value", [None, 5, "text", True], ids=repr)
def test_below_what_is_no_mapping_there_is_nothing(value: object) -> None:
    assert dig(value, "key") is None


def test_a_list_where_a_mapping_belongs_has_no_reading() -> None:
    with pytest.raises(Malformed, match=r"^spec\.list: a list where a mapping belongs$") as raised:
        dig(TREE, "list", "key", at=FieldPath.of("spec"))

    assert FieldPath.of("spec", "list") == raised.value.path


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([1, 2], [1, 2]),
        ([], []),
        (None, []),
        ({}, [{}]),
        ({"a": 1}, [{"a": 1}]),
        ("x", ["x"]),
        (0, [0]),
        (False, [False]),
    ],
    ids=repr,
)
def test_a_stray_value_is_a_list_of_itself(value: object, found: list[object]) -> None:
    assert found == items(value)


def workload(**spec: Any) -> Workload:
    return Workload({"kind": "RayCluster", "metadata": {"namespace": "ray-a"}, "spec": spec})


def test_sites_are_the_head_and_every_worker_group_in_order() -> None:
    sites = workload(headGroupSpec={}, workerGroupSpecs=[{}, {}]).sites

    assert [
        ("spec.headGroupSpec.template", "spec.headGroupSpec", Role.HEAD),
        ("spec.workerGroupSpecs[0].template", "spec.workerGroupSpecs[0]", Role.WORKER),
        ("spec.workerGroupSpecs[1].template", "spec.workerGroupSpecs[1]", Role.WORKER),
    ] == [(str(site.path), str(site.group_path), site.role) for site in sites]


@pytest.mark.parametrize(
    "spec", [{}, {"headGroupSpec": None, "workerGroupSpecs": None}, {"workerGroupSpecs": []}], ids=str
)
def test_there_is_always_a_head(spec: dict[str, Any]) -> None:
    (head,) = workload(**spec).sites

    assert Role.HEAD is head.role
    assert [] == head.containers("containers")


@pytest.mark.parametrize("spec", [[], [{}]], ids=repr)
def test_a_list_in_the_specs_place_is_malformed(spec: Any) -> None:
    with pytest.raises(Malformed, match=r"^spec: "):
        _ = Workload({"kind": "RayCluster", "spec": spec}).sites


def site(group: Any) -> Site:
    path = FieldPath.of("group")
    return Site(path / "template", dig(group, "template"), path, group, Role.WORKER)


def template(**labels: Any) -> dict[str, Any]:
    return {"template": {"metadata": {"labels": labels}}}


@pytest.mark.parametrize(
    ("group", "path", "label"),
    [
        (template(tenant="a"), "group.template.metadata.labels.tenant", "a"),
        (template(tenant="a") | {"labels": {"tenant": "b"}}, "group.labels.tenant", "b"),
        (template() | {"labels": {"tenant": "b"}}, "group.labels.tenant", "b"),
        (template(tenant="a") | {"labels": {"tenant": ""}}, "group.labels.tenant", ""),
        (template(tenant="a") | {"labels": {"tenant": None}}, "group.template.metadata.labels.tenant", "a"),
        (template(tenant="a") | {"labels": {"zone": "b"}}, "group.template.metadata.labels.tenant", "a"),
        (template(), "group.template.metadata.labels.tenant", None),
        ({}, "group.template.metadata.labels.tenant", None),
        (None, "group.template.metadata.labels.tenant", None),
    ],
    ids=str,
)
def test_a_groups_label_wins_over_its_templates(group: Any, path: str, label: object) -> None:
    where, found = site(group).labels("tenant")[0]

    assert (path, label) == (str(where), found)


def test_a_templates_label_is_there_though_its_groups_wins() -> None:
    group = template(tenant="a") | {"labels": {"tenant": "b"}}

    assert [("group.labels.tenant", "b"), ("group.template.metadata.labels.tenant", "a")] == [
        (str(path), label) for path, label in site(group).labels("tenant")
    ]


def test_containers_have_a_path_and_know_whether_they_are_the_operators() -> None:
    containers = [{"name": "ray"}, {"name": "autoscaler"}, {"name": ["autoscaler"]}, {}, None]
    found = site({"template": {"spec": {"containers": containers}}}).containers("containers")

    assert [False, True, False, False, False] == [container.injected for container in found]
    assert "group.template.spec.containers[1]" == str(found[1].path)


def test_amounts_are_those_of_a_containers_resources() -> None:
    resources = {"limits": {"cpu": 4, "nvidia.com/gpu": 1}, "requests": "odd"}
    (found,) = site({"template": {"spec": {"containers": [{"resources": resources}]}}}).containers("containers")

    assert 4 == found.amount("limits", "cpu")
    assert found.amount("requests", "cpu") is None
    assert {"cpu": 4, "nvidia.com/gpu": 1} == found.entries("limits")
    assert {} == found.entries("requests")


def test_a_list_of_limits_is_malformed_and_says_where() -> None:
    (found,) = site({"template": {"spec": {"containers": [{"resources": {"limits": []}}]}}}).containers("containers")

    with pytest.raises(Malformed, match="limits"):
        found.amount("limits", "cpu")


def test_every_container_is_there_once_and_the_sized_options_come_last() -> None:
    spec = {"template": {"spec": {"containers": [{}, {}], "initContainers": [{}]}}}
    sized = {"autoscalerOptions": {"resources": {}}, "historyServerOptions": {"collectorOptions": {"resources": {}}}}
    found = workload(headGroupSpec=spec, workerGroupSpecs=[spec], **sized).containers()

    pods = ("spec.headGroupSpec", "spec.workerGroupSpecs[0]")
    assert [
        *(
            f"{pod}.template.spec.{name}"
            for pod in pods
            for name in ("containers[0]", "containers[1]", "initContainers[0]")
        ),
        "spec.autoscalerOptions",
        "spec.historyServerOptions.collectorOptions",
    ] == [str(container.path) for container in found]


@pytest.mark.parametrize("options", [None, {}, {"resources": None}, {"resources": "large"}, "odd"], ids=str)
def test_options_without_a_size_are_the_operators_own(options: Any) -> None:
    assert () == workload(autoscalerOptions=options).options


@pytest.mark.parametrize("namespace", [None, 5, ["ray-a"], {}], ids=repr)
def test_a_namespace_that_is_no_text_is_none(namespace: object) -> None:
    assert "" == Workload({"metadata": {"namespace": namespace}}).namespace


def test_an_object_with_nothing_in_it_has_no_namespace_and_no_labels() -> None:
    assert "" == Workload({}).namespace
    assert Workload({}).label("tenant") is None
    assert Workload({"metadata": None}).annotation("maxCpu") is None
