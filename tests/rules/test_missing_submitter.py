"""A job without a template for its submitter is told one thing: what to paste."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.model.config import Config
from rayfence.rules.rule import Violation
from rayfence.yamlio import Document

from .objects import CONFIGS, Json, cluster, cron_job, group, job, pod

RULES = ["require-pod-tenant-label", "require-tenant-nodes", "require-tenant-toleration"]
IMAGE = {"containers": [{"name": "ray-head", "image": "registry:5000/ray@sha256:0", "resources": {}}]}

Maker = Callable[..., Json]


def violations(value: Json, config: Config = CONFIGS["plain"]) -> list[Violation]:
    return list(Evaluator(config).violations(value))


def missing(value: Json, config: Config = CONFIGS["plain"]) -> list[Violation]:
    return [each for each in violations(value, config) if each.about]


def pasted(violation: Violation) -> Any:
    (document,) = yamlio.read(violation.message.partition("; paste ")[2], "pasted")
    assert isinstance(document, Document)
    return document.value["submitterPodTemplate"]


@pytest.mark.parametrize(
    ("made", "path"),
    [(job, "spec.submitterPodTemplate"), (cron_job, "spec.jobTemplate.submitterPodTemplate")],
    ids=["RayJob", "RayCronJob"],
)
def test_every_rule_says_the_same_of_the_same_place(made: Maker, path: str) -> None:
    found = missing(made(cluster()))

    assert RULES == [each.rule for each in found]
    assert {path} == {str(each.about) for each in found}
    assert 1 == len({each.message for each in found})
    assert all(str(each.path).startswith(f"{path}.") for each in found)


@pytest.mark.parametrize("made", [job, cron_job], ids=["RayJob", "RayCronJob"])
@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_pasted_breaks_no_rule(name: str, made: Maker) -> None:
    config = CONFIGS[name]
    tenant = config.tenants[0]
    value = made(cluster())
    value["metadata"]["namespace"] = tenant.namespaces[0]
    holder = value["spec"] if made is job else value["spec"]["jobTemplate"]
    holder["submitterPodTemplate"] = pasted(missing(value, config)[0])

    assert [] == [each for each in violations(value, config) if "submitterPodTemplate" in each.path]


def test_the_image_is_the_heads() -> None:
    (first, *_) = missing(job(cluster(head=pod(**IMAGE))))

    assert ["registry:5000/ray@sha256:0"] == [each["image"] for each in pasted(first)["spec"]["containers"]]


@pytest.mark.parametrize("value", [job(None, clusterSelector={"ray.io/cluster": "one"}), job(cluster())])
def test_where_no_image_is_known_it_is_left_to_be_written(value: Json) -> None:
    assert "<your Ray image>" in missing(value)[0].message


@pytest.mark.parametrize("mode", ["HTTPMode", "SidecarMode", "InteractiveMode"])
def test_where_no_pod_submits_nothing_is_missing(mode: str) -> None:
    assert [] == missing(job(cluster(), submissionMode=mode))


def test_other_places_are_told_as_they_are() -> None:
    value = job(cluster(group(pod("team-b"))))

    assert {"spec.rayClusterSpec.workerGroupSpecs[0].template.metadata.labels.tenant"} == {
        str(each.path) for each in violations(value) if each.rule == RULES[0] and not each.about
    }


@pytest.mark.parametrize("template", [{}, {"spec": {}}, {"metadata": {"labels": {"tenant": "team-b"}}}])
def test_a_template_that_is_there_is_told_part_by_part(template: Json) -> None:
    assert [] == missing(job(cluster(), submitterPodTemplate=template))
