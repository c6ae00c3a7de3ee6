"""The reading in CEL, by a real engine, says of odd updates what the reading in Python says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator
from rayfence.cases.good import good
from rayfence.gotool import GATOR, find
from rayfence.model.config import Config
from rayfence.model.outcome import Result
from rayfence.model.subjects import PODS, RAY
from rayfence.suite import check
from rayfence.workload import Request
from rayfence.yamlio import Document

from .objects import PLATFORM, TEAM_B, Json

CONFIG = Config(PLATFORM, (TEAM_B,))
POD = good(PODS, PLATFORM, TEAM_B)[0]
CLUSTER = good(RAY, PLATFORM, TEAM_B)[0]
CLUSTER["spec"]["workerGroupSpecs"][0] |= {"replicas": 2, "maxReplicas": 4}

SCALARS: list[Any] = [None, "", 5, 1.5, True, {}]
OLD_GROUPS: list[Any] = [None, {}, "x", [None], ["x"], [{}], [{"replicas": 1}], [{"groupName": "first", "replicas": 1}]]
ODD: list[tuple[Json, str, list[Any]]] = [
    (CLUSTER, "spec", [None, "x", {}]),
    (CLUSTER, "spec.workerGroupSpecs", OLD_GROUPS),
    (CLUSTER, "spec.workerGroupSpecs.0.groupName", [*SCALARS, "first", "First"]),
    (CLUSTER, "spec.workerGroupSpecs.0.replicas", [*SCALARS, 0, 0.0, -1]),
    (CLUSTER, "spec.upgradeStrategy", [None, "x", {}, {"type": None}, {"type": "Recreate"}, {"type": "recreate"}]),
    (CLUSTER, "metadata.deletionTimestamp", [None, "", "2026-01-01T00:00:00Z"]),
    (CLUSTER, "metadata.labels", [None, {}, "x", {"tenant": None}, {"tenant": ""}]),
    (CLUSTER, "metadata", [None, "x"]),
    (POD, "metadata.labels", [None, {}, "x", {"tenant": "team-b"}, {"tenant": None, "ray.io/cluster": "good"}]),
    (POD, "metadata.labels.tenant", [None, "", "team-a"]),
    (POD, "metadata.labels.ray_io/cluster", [None, "", "another"]),
    (POD, "metadata.labels.ray_io/group", ["small", ""]),
    (POD, "metadata", [None, "x"]),
]


def changed(value: Json, place: str, odd: Any) -> Json:
    """The object with a value below dotted keys, in which an underscore stands for a dot."""
    whole = target = deepcopy(value)
    *way, last = place.split(".")
    for step in way:
        target = target[int(step)] if step.isdigit() else target.setdefault(step, {})  # type: ignore[call-overload]
    target[last.replace("_", ".")] = deepcopy(odd)
    return whole


def named(value: Json) -> Json:
    """The object after the update, whose name and namespace no update changes."""
    metadata = value["metadata"] if isinstance(value["metadata"], dict) else {}
    names = {key: CLUSTER["metadata"][key] for key in ("name", "namespace")}
    return value | {"metadata": metadata | names}


def renamed(value: Json) -> Json:
    """The object as another one may become: without its labels, and its first group under another name."""
    new = deepcopy(value)
    new["metadata"]["labels"] = {}
    if "workerGroupSpecs" in new["spec"]:
        new["spec"]["workerGroupSpecs"][0]["groupName"] = "another"
    return new


UPDATES: dict[str, tuple[Json, Json]] = {
    f"{value['kind']} {place} = {odd!r}, {when}": pair
    for value, place, values in ODD
    for odd in values
    for when, pair in {
        "before": (changed(value, place, odd), renamed(value)),
        "afterwards": (value, named(changed(value, place, odd))),
    }.items()
}


def judged(old: Json, new: Json) -> tuple[Result, Result]:
    """By Python and by the engine."""
    documents = [each for each in yamlio.read(yamlio.dump([new]), "odd.yaml") if isinstance(each, Document)]
    request = Request(operation="UPDATE", old=old)
    program = find(GATOR, lambda sentence: None).path
    (ours,) = Evaluator(CONFIG, request).results(documents)
    (theirs,) = check(CONFIG, documents, "gatekeeper", program, request=request)
    return ours, theirs


def said(result: Result) -> tuple[str, set[tuple[str, str]]]:
    return result.verdict.value, {(finding.rule, finding.path) for finding in result.findings}


@pytest.mark.engine
@pytest.mark.parametrize("update", UPDATES)
def test_both_readings_say_the_same_of_odd_updates(update: str) -> None:
    ours, theirs = judged(*UPDATES[update])

    assert said(ours) == said(theirs)
