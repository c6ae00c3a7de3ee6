"""The samples are what teams run, and all of it is admitted."""

from __future__ import annotations

from pathlib import Path

from rayfence.admission.evaluate import Evaluator
from rayfence.cases import load
from rayfence.workload import KINDS

from ..builders import sample

ROOT = Path(__file__).parents[2]
SAMPLES = load([ROOT / "testcases" / "samples"])


def test_no_rule_refuses_any_sample() -> None:
    evaluator = Evaluator(sample())
    refused = {case.name: [str(each) for each in evaluator.violations(dict(case.value))] for case in SAMPLES}

    assert {} == {name: violations for name, violations in refused.items() if violations}
    assert [] == [case.name for case in SAMPLES if case.fails]


def test_there_are_samples_of_every_kind_and_of_both_versions() -> None:
    assert len(SAMPLES) >= 30
    assert {kind.name for kind in KINDS} == {case.value["kind"] for case in SAMPLES}
    assert {"ray.io/v1", "ray.io/v1alpha1"} == {case.value["apiVersion"] for case in SAMPLES}
