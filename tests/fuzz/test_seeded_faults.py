"""The fuzzer would notice: one comparison after another is turned round in the Python reading, and each is found."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType

import pytest

from rayfence import suite, yamlio
from rayfence.admission import evaluate
from rayfence.gotool import GATOR, find
from rayfence.model.outcome import Result
from rayfence.rules import (
    OF,
    honor_declared_bounds,
    limit_resources,
    limit_total_resources,
    require_authentication,
    require_network_policy,
    require_pod_tenant_label,
    require_tenant_label,
    require_tenant_nodes,
    require_tenant_queue,
    require_tenant_toleration,
    restrict_exposure,
    restrict_network_kinds,
    restrict_pod_metadata,
    restrict_scheduling,
    restrict_tolerations,
    restrict_volumes,
)
from rayfence.yamlio import Document

from .differ import Difference, differing, smallest, written
from .drawing import drawn
from .objects import CONFIG, Json

pytestmark = pytest.mark.engine

FAULTS: list[tuple[ModuleType, str, str]] = [
    (require_tenant_label, "label != tenant.name", "label == tenant.name"),
    (require_tenant_label, "if label is None and _excused", "if label is None or _excused"),
    (require_pod_tenant_label, "label != tenant.name", "label == tenant.name"),
    (require_tenant_nodes, "selected != tenant.name", "selected == tenant.name"),
    (require_tenant_nodes, 'if site.get("nodeName")', 'if not site.get("nodeName")'),
    (require_tenant_toleration, "if not has_own(", "if has_own("),
    (require_tenant_toleration, '(None, "", "Equal")', '(None, "", "Equal", "Exists")'),
    (require_tenant_toleration, "tenant, platform, SCHEDULING) for", "tenant, platform) for"),
    (restrict_tolerations, 'key in (None, "")', "key in (None,)"),
    (restrict_tolerations, "key == platform.taint_key and not", "key == platform.taint_key and"),
    (limit_resources, "request < parse(bounds.min)", "request <= parse(bounds.min)"),
    (limit_resources, "limit > parse(bounds.max)", "limit >= parse(bounds.max)"),
    (limit_resources, "request > limit", "request >= limit"),
    (limit_resources, "limit <= 0", "limit < 0"),
    (limit_resources, "if container.injected else bounds.min", "if not container.injected else bounds.min"),
    (honor_declared_bounds, "parse(bounds.min) <= declared", "parse(bounds.min) < declared"),
    (honor_declared_bounds, "declared <= parse(bounds.max)", "declared < parse(bounds.max)"),
    (honor_declared_bounds, 'if amount > declared if side == "limits"', 'if amount < declared if side == "limits"'),
    (limit_total_resources, "total <= parse(str(quota))", "total >= parse(str(quota))"),
    (limit_total_resources, "if not LEAST[key] <= found", "if not LEAST[key] < found"),
    (require_authentication, "if found != required", "if found == required"),
    (require_tenant_queue, 'if value in (None, "")', "if value is None"),
    (require_tenant_queue, "for each in ALIASES.get(key, (key,))", "for each in (key,)"),
    (restrict_exposure, "and not (allowances.covers(allowed", "and (allowances.covers(allowed"),
    (restrict_network_kinds, "and kind not in allowances", "and kind in allowances"),
    (restrict_scheduling, "number <= HIGHEST", "number < HIGHEST"),
    (restrict_scheduling, "not name.startswith(SYSTEM)", "name.startswith(SYSTEM)"),
    (restrict_scheduling, "not in (None, [])", "not in (None,)"),
    (restrict_scheduling, "key == label and value is not None", "key == label and value is None"),
    (restrict_scheduling, "operator not in AVOIDING", 'operator not in (*AVOIDING, "Exists")'),
    (restrict_volumes, "or value is None", 'or value in (None, "")'),
    (restrict_volumes, "if each not in (*TYPES, *allowed)", "if each not in TYPES"),
    (restrict_pod_metadata, "key not in ATTACHED or", "key in ATTACHED or"),
    (restrict_pod_metadata, "settled.get(key) != value", "settled.get(key) == value"),
    (require_network_policy, "Mode.DENY_ALL if found is None", "required if found is None"),
    (require_network_policy, "if version != VERSION", "if version == VERSION"),
    (require_network_policy, "site.role is Role.WORKER and not", "site.role is Role.WORKER and"),
    (require_network_policy, "if required is None or not work.has_cluster", "if required is None"),
]


def faulty(module: ModuleType, right: str, wrong: str) -> ModuleType:
    """The rule with the fault in it."""
    source = inspect.getsource(module)
    assert source.count(right) >= 1, "the fault fits nowhere"
    copy = ModuleType(module.__name__)
    exec(compile(source.replace(right, wrong), f"{module.__name__} with a fault", "exec"), copy.__dict__)
    return copy


@pytest.fixture(scope="module")
def values() -> list[Json]:
    return drawn(3000, start=7)


def engine(documents: Sequence[Document]) -> Sequence[Result]:
    return suite.check(CONFIG, documents, "gatekeeper", find(GATOR, print).path)


@pytest.fixture(scope="module")
def documents(values: list[Json]) -> list[Document]:
    return written(values)


@pytest.fixture(scope="module")
def said(documents: list[Document]) -> list[Result]:
    """What the engine says. A fault in Python does not change it, so the engine runs once."""
    return list(engine(documents))


Found = Callable[[ModuleType], Iterator[Difference]]


@pytest.fixture
def found_with(
    values: list[Json], documents: list[Document], said: list[Result], monkeypatch: pytest.MonkeyPatch
) -> Found:
    """The differences with a rule in place of the one of its id, one after the other."""

    def found(rule: ModuleType) -> Iterator[Difference]:
        rules = {subject: tuple(rule if each.ID == rule.ID else each for each in all_) for subject, all_ in OF.items()}
        monkeypatch.setattr(evaluate, "OF", rules)
        return differing(values, documents, said)

    return found


def test_without_a_fault_nothing_is_found(found_with: Found) -> None:
    assert [] == list(found_with(limit_resources))


@pytest.mark.parametrize(("module", "right", "wrong"), FAULTS, ids=[f"{m.ID}: {wrong}" for m, _, wrong in FAULTS])
def test_a_seeded_fault_is_found(found_with: Found, module: ModuleType, right: str, wrong: str) -> None:
    assert next(found_with(faulty(module, right, wrong)), None)


def test_what_is_found_is_made_small(found_with: Found) -> None:
    first = next(found_with(faulty(limit_resources, "request > limit", "request >= limit")))
    small = smallest(first, engine, rounds=40)

    assert len(yamlio.dump([small.value])) < len(yamlio.dump([first.value])) / 3
