"""What was measured in; what was promised of it out: met, not met, or not measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.load.crowd import Crowd
from benchmarks.load.latency import Measured, NotMeasured, Outcome
from benchmarks.load.settings import CLUSTER, NATIVE, VALIDATING, Setting
from benchmarks.load.times import p50
from benchmarks.targets import Target

OF_NO_POLICY = {NATIVE: 2, VALIDATING: 2, CLUSTER: 15}
"""How many times the median without a policy the one under a backend's may be."""

OF_FEW_TENANTS = {NATIVE: (1, 1.25), VALIDATING: (1, 1.25), CLUSTER: (10, 1.5)}
"""How many times the median with so many tenants the one with a thousand may be."""

_THOUSAND = 1_000
_ENDLESS = float("inf")

Found = Mapping[Setting, Outcome]


def targets(outcomes: Sequence[Outcome], crowds: Sequence[Crowd]) -> list[Target]:
    """All promises, whatever was measured."""
    found = {each.setting: each for each in outcomes}
    return [*_against_no_policy(found), *_against_few(found), *_refusals(outcomes), *_crowds(crowds)]


def ratio(of: Measured) -> float:
    """The median under policies by the one of the same requests without."""
    return p50(of.under) / p50(of.without)


def _against_no_policy(found: Found) -> Iterator[Target]:
    for backend, most in OF_NO_POLICY.items():
        promise = f"{backend}, {_THOUSAND:,} tenants / no policy (p50)"
        yield Target(promise, most, _judged(found.get(Setting(backend, _THOUSAND)), ratio))


def _against_few(found: Found) -> Iterator[Target]:
    for backend, (few, most) in OF_FEW_TENANTS.items():
        yield Target(
            f"{backend}, {_THOUSAND:,} tenants / {few} (p50)",
            most,
            _between(found.get(Setting(backend, _THOUSAND)), found.get(Setting(backend, few))),
        )


def _between(many: Outcome | None, few: Outcome | None) -> float | None:
    if few is None:
        return None
    return _judged(many, lambda each: p50(each.under) / p50(few.under) if isinstance(few, Measured) else _ENDLESS)


def _judged(outcome: Outcome | None, of: Callable[[Measured], float]) -> float | None:
    """None where it was not asked for; policies that could not be installed, or refused what is good, miss it."""
    match outcome:
        case None:
            return None
        case NotMeasured():
            return _ENDLESS
        case Measured():
            return of(outcome)


def _refusals(outcomes: Sequence[Outcome]) -> Iterator[Target]:
    measured = [each for each in outcomes if isinstance(each, Measured)]
    missed = sum(each.refused.count(False) for each in measured)
    yield Target("bad RayClusters not refused for their fault", 0, missed if measured else None)


def _crowds(crowds: Sequence[Crowd]) -> Iterator[Target]:
    for backend in (VALIDATING, CLUSTER):
        of = next((each for each in crowds if each.backend == backend), None)
        counted = (len(of.refused), len(of.lost), len(of.bare)) if of else (None, None, None)
        for what, count in zip(("never admitted", "lost", "without their NetworkPolicies"), counted, strict=True):
            yield Target(f"crowd, {backend}: RayClusters {what}", 0, count)
