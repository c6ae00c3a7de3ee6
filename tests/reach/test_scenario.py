"""The samples that stand in for people's objects are such as people may have."""

from __future__ import annotations

from rayfence.admission.evaluate import Evaluator
from rayfence.reach.scenario import samples

from .three import PLATFORM, config


def test_every_sample_is_admitted() -> None:
    base = config()
    evaluator = Evaluator(base)

    broken = [list(evaluator.violations(each)) for tenant in base.tenants for each in samples(PLATFORM, tenant)]

    assert [[]] * 16 == broken


def test_every_namespace_has_its_own() -> None:
    (team, *_) = config().tenants

    found = [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in samples(PLATFORM, team)]

    assert [(space, name) for space in team.namespaces for name in ("sample", "train", "moved", "again")] == found
