"""What rayfence generates: Cyclonus answers every question of the truth table alike, and could not misread a policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from rayfence.reach.topology import Flow

from . import truth
from .cyclonus import Asked, Said, judged
from .differ import compared

TOP = Path(__file__).parents[2]


TOPOLOGIES = dict(truth.topologies())


@pytest.fixture(scope="module")
def asked() -> list[Asked]:
    return [(topology, list(truth.flows(topology))) for topology in TOPOLOGIES.values()]


@pytest.fixture(scope="module")
def said(asked: list[Asked]) -> list[list[Said]]:
    return judged(asked)


@pytest.mark.engine
def test_rayfence_and_cyclonus_answer_every_question_of_the_truth_table_alike(asked, said):
    found = next(compared(asked, said), None)

    assert not found, str(found)


@pytest.mark.engine
def test_the_golden_table_is_what_cyclonus_would_have_written(asked, said):
    answers = [dict(zip(flows, each, strict=True)) for (_, flows), each in zip(asked, said, strict=True)]
    cyclonus = iter(answers)

    assert truth.GOLDEN.read_text(encoding="utf-8") == truth.table(lambda _: allowed_by(next(cyclonus)))


def allowed_by(answers: dict[Flow, Said]) -> Callable[[Flow], bool]:
    return lambda flow: answers[flow].allowed


def misread(value: Any) -> Iterator[Any]:
    """Requirements in which Cyclonus and Kubernetes differ: `NotIn`, and labels with an empty value."""
    match value:
        case {"operator": "NotIn"}:
            yield value
        case {"matchLabels": dict(labels)} if any(each in ("", None) for each in labels.values()):
            yield value
    for child in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from misread(child)


@pytest.mark.parametrize("name", TOPOLOGIES)
def test_rayfence_writes_nothing_that_cyclonus_would_misread(name):
    policies = TOPOLOGIES[name].policies

    assert len(policies) > 20
    assert [] == list(misread(list(policies)))


def test_neither_does_the_bundle():
    texts = [path.read_text(encoding="utf-8") for path in sorted((TOP / "policies").rglob("*.yaml"))]
    policies = [each for text in texts for each in yaml.safe_load_all(text) if each and each["kind"] == "NetworkPolicy"]

    assert len(policies) > 10
    assert [] == list(misread(policies))


@pytest.mark.parametrize(
    "selector",
    [
        {"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["b"]}]},
        {"matchLabels": {"a": "b", "c": ""}},
        {"matchLabels": {"a": None}},
    ],
    ids=["NotIn", "an empty value", "null"],
)
def test_what_cyclonus_would_misread_is_found_wherever_it_stands(selector):
    deep = [{"spec": {"podSelector": {}, "ingress": [{"from": [{"podSelector": selector}]}]}}]

    assert 1 == len(list(misread(deep)))
    assert 1 == len(list(misread([{"spec": {"podSelector": selector}}])))
