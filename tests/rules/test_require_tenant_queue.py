"""Queues and shares of a whole cluster are named only where the tenant's config lists them."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.allowable import ALIASES, GANG, PRIORITIES
from rayfence.model.config import Allow, Platform, Tenant
from rayfence.rules import require_tenant_queue
from rayfence.rules.require_tenant_queue import JOB_CONTROLLER
from rayfence.workload import NOBODY, Malformed, Request, Workload

from .objects import PLATFORM, TEAM_A, Json, cluster, cron_job, group, job, pod, service, submitter

ID = require_tenant_queue.ID
OPERATOR = PLATFORM.operator.username


def allowed(**queues: tuple[str, ...]) -> Tenant:
    """team-a with lists for some keys; `__` stands for a slash, and `_` for a dot."""
    lists = {key.replace("__", "/").replace("_", "."): values for key, values in queues.items()}
    return replace(TEAM_A, allow=Allow(queues=lists))


def bare(labels: Any = None, annotations: Any = None) -> Json:
    """A pod of no cluster in a namespace of team-a."""
    metadata = {"name": "one", "namespace": "ray-a", "labels": labels, "annotations": annotations}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}}


def places(value: Json, tenant: Tenant = TEAM_A, request: Request = NOBODY, platform: Platform = PLATFORM) -> list[str]:
    found = require_tenant_queue.violations(Workload(value, request), tenant, platform)
    return [str(violation.path) for violation in found]


@pytest.mark.parametrize("sort", ["labels", "annotations"])
@pytest.mark.parametrize("key", ALIASES)
def test_every_key_of_the_table_is_refused_without_a_list(key: str, sort: str) -> None:
    path = f"metadata.{sort}[{key}]" if "/" in key else f"metadata.{sort}.{key}"

    assert [path] == places(bare(**{sort: {key: "team-b"}}))
    assert [] == places(bare(**{sort: {key: ""}}))
    assert [path] == places(bare(**{sort: {key: 5}}))


def test_it_is_looked_for_wherever_kuberay_takes_it_from() -> None:
    mark = {"kai.scheduler/queue": "team-b"}
    value = cluster(group(labels=dict(mark)))
    value["metadata"]["annotations"] = dict(mark)
    value["metadata"]["labels"] |= mark
    value["spec"]["headGroupSpec"]["labels"] = dict(mark)
    value["spec"]["headGroupSpec"]["template"]["metadata"]["annotations"] = dict(mark)
    value["spec"]["workerGroupSpecs"][0]["template"]["metadata"]["labels"] |= mark

    assert [
        "metadata.labels[kai.scheduler/queue]",
        "metadata.annotations[kai.scheduler/queue]",
        "spec.headGroupSpec.labels[kai.scheduler/queue]",
        "spec.workerGroupSpecs[0].labels[kai.scheduler/queue]",
        "spec.headGroupSpec.template.metadata.annotations[kai.scheduler/queue]",
        "spec.workerGroupSpecs[0].template.metadata.labels[kai.scheduler/queue]",
    ] == places(value)


def test_other_kinds_and_the_pod_that_submits_are_looked_at() -> None:
    marked = submitter()
    marked["metadata"]["labels"] |= {"queue": "root.b"}
    head = pod()
    head["metadata"]["labels"] |= {"queue": "root.b"}

    assert ["spec.submitterPodTemplate.metadata.labels.queue"] == places(job(None, submitterPodTemplate=marked))
    for make in (service, cron_job):
        (path,) = places(make(cluster(head=deepcopy(head))))
        assert path.endswith("headGroupSpec.template.metadata.labels.queue")


def test_only_what_is_listed_may_stand_there() -> None:
    tenant = allowed(volcano_sh__queue="x", **{"volcano_sh__queue-name": ("a", "b-*")})

    def is_fine(value: str) -> bool:
        return [] == places(bare({"volcano.sh/queue-name": value}), tenant)

    assert [True, False, False, True, True, False] == [is_fine(each) for each in ("a", "A", "ab", "b-", "b-1", "b")]


def test_keys_that_mean_the_same_have_one_list() -> None:
    tenant = allowed(**{"yunikorn_apache_org__queue": ("root.a",)})

    assert [] == places(bare({"queue": "root.a"}, {"yunikorn.apache.org/queue-name": "root.a"}), tenant)
    assert ["metadata.labels.applicationId"] == places(bare({"applicationId": "root.a"}), tenant)


def test_a_key_outside_the_table_is_judged_where_it_is_listed() -> None:
    local = bare({"kueue.x-k8s.io/queue-name": "other", "kueue.x-k8s.io/priority-class": "high"})

    assert [] == places(local)
    assert ["metadata.labels[kueue.x-k8s.io/queue-name]"] == places(
        local, allowed(**{"kueue_x-k8s_io__queue-name": ("a",)})
    )
    assert ["metadata.labels[kueue.x-k8s.io/queue-name]"] == places(
        local, allowed(**{"kueue_x-k8s_io__queue-name": ()})
    )


@pytest.mark.parametrize("key", PRIORITIES)
def test_a_priority_is_one_that_is_listed_as_such_or_here(key: str) -> None:
    value = bare({key: "batch"})

    assert [] == places(value, replace(TEAM_A, allow=Allow(priority_classes=("batch",))))
    assert [] == places(value, replace(TEAM_A, allow=Allow(queues={key: ("batch",)})))
    assert 1 == len(places(value, replace(TEAM_A, allow=Allow(priority_classes=("other",)))))
    assert 1 == len(places(bare({"queue": "batch"}), replace(TEAM_A, allow=Allow(priority_classes=("batch",)))))


@pytest.mark.parametrize("key", GANG)
def test_the_gang_of_a_cluster_is_the_operators_to_write(key: str) -> None:
    value, other = bare(None, {key: "[1]"}), bare(None, {key: "[2]"})
    path = f"metadata.annotations[{key}]"

    assert [path] == places(value)
    assert [[], []] == [places(value, request=Request(user)) for user in (OPERATOR, JOB_CONTROLLER)]
    assert [] == places(value, request=Request("x", operation="UPDATE", old=value))
    assert [path] == places(value, request=Request("x", operation="UPDATE", old=other))
    assert [path] == places(value, request=Request("x", operation="UPDATE"))


def test_the_operator_names_no_other_queue_than_the_tenant() -> None:
    value = bare({"queue": "root.b", "volcano.sh/queue-name": "team-b"})

    assert 2 == len(places(value, request=Request(OPERATOR)))
    assert 2 == len(places(value, request=Request(OPERATOR, operation="UPDATE", old=bare())))


def test_a_pod_keeps_the_queue_that_it_had_before_the_rule() -> None:
    value, other = bare({"queue": "root.b", "app": "x"}), bare({"queue": "root.c"})

    assert [] == places(value, request=Request("x", operation="UPDATE", old=bare({"queue": "root.b"})))
    assert 1 == len(places(value, request=Request("x", operation="UPDATE", old=other)))


def test_what_yunikorn_writes_for_want_of_a_name_passes() -> None:
    assert [] == places(bare({"queue": "root.default", "applicationId": "yunikorn-ray-a-autogen"}))
    assert ["metadata.labels.applicationId"] == places(bare({"applicationId": "yunikorn-ray-b-autogen"}))
    assert ["metadata.labels.applicationId"] == places(bare({"applicationId": "root.default"}))
    assert ["metadata.labels.queue"] == places(bare({"queue": "yunikorn-ray-a-autogen"}))


def test_people_read_what_is_listed() -> None:
    tenant = allowed(**{"volcano_sh__queue-name": ("a", "b")})
    value = bare({"volcano.sh/queue-name": "c", "runai/queue": "c"})
    first, second = (each.message for each in require_tenant_queue.violations(Workload(value), tenant, PLATFORM))

    assert "is c, must be a or b" == first
    assert "is c, and allow.queues lists no value for kai.scheduler/queue or runai/queue; leave it out" == second


@pytest.mark.parametrize("odd", [None, "x", 5, []], ids=repr)
def test_what_is_no_map_names_nothing(odd: Any) -> None:
    assert [] == places(bare(odd, odd))


def test_a_list_in_place_of_metadata_has_no_reading() -> None:
    value = cluster()
    value["spec"]["headGroupSpec"]["template"]["metadata"] = []

    with pytest.raises(Malformed):
        places(value)
