"""Edits of a good object that bring its worst case exactly to a tenant's quota, or one unit over it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rayfence.model.config import Bounds, Tenant
from rayfence.model.quantity import parse
from rayfence.rules.rule import At, Edit, Edits
from rayfence.rules.shared.worst_case import WAIT

_UNITS = {"cpu": (1000, "m"), "memory": (1, "")}
"""The smallest amount that is told apart: a thousandth of a cpu, a byte."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A head, `full` workers at the container maximum and one more with `rest`; in units of the resource.

    A worker takes no less than what KubeRay has it wait with.
    """

    resource: str
    head: int
    high: int
    full: int
    rest: int

    @property
    def workers(self) -> int:
        """All workers there are."""
        return self.full + (self.rest > 0)

    def one_more(self) -> Plan:
        """The plan with one unit more in all."""
        if self.head < self.high:
            return Plan(self.resource, self.head + 1, self.high, self.full, self.rest)
        return Plan(self.resource, self.head, self.high, self.full + 1, self.rest)

    def edit(self) -> Edit:
        """The edit of a good object that carries it out."""

        def apply(value: dict[str, Any], tenant: Tenant) -> None:
            first, second = value["workerGroupSpecs"][:2]
            first["maxReplicas"], second["maxReplicas"] = self.full, int(self.rest > 0)
            for group, amount in ((value["headGroupSpec"], self.head), (first, self.high), (second, self.rest)):
                if amount:
                    limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
                    unit = _UNITS[self.resource][1]
                    # Without a unit it is a number in YAML, and has to be counted as one.
                    limits[self.resource] = f"{amount}{unit}" if unit else amount

        return Edit(At.CLUSTER, apply)


def edges(tenant: Tenant) -> tuple[Edits, Edits]:
    """What is exactly at the quota, and what is one unit above it, for each limit that the tenant has.

    What is exactly at one quota may be above another; then that one has nothing just inside.
    """
    inside: dict[str, Edit] = {}
    outside: dict[str, Edit] = {"one accelerator too many": accelerators(tenant.quota.accelerators + 1)}
    if tenant.quota.accelerators:
        inside["every accelerator of the quota"] = accelerators(tenant.quota.accelerators)
    for resource in ("cpu", "memory"):
        plan = _plan(tenant, resource)
        if plan and _fits(tenant, plan.workers, resource):
            inside[f"all {resource} of the quota"] = plan.edit()
        if plan:
            outside[f"{resource} one unit above the quota"] = plan.one_more().edit()
    if tenant.quota.workers is not None:
        outside["one worker too many"] = _workers(tenant.quota.workers + 1)
        if _fits(tenant, tenant.quota.workers):
            inside["every worker of the quota"] = _workers(tenant.quota.workers)
    return inside, outside


def accelerators(amount: int) -> Edit:
    """The head asks for so many."""

    def apply(value: dict[str, Any], tenant: Tenant) -> None:
        head = value["headGroupSpec"]["template"]["spec"]["containers"][0]
        head["resources"]["limits"]["example.com/gpu"] = amount

    return Edit(At.CLUSTER, apply)


def _workers(amount: int) -> Edit:
    return Edit(At.CLUSTER, lambda value, tenant: value["workerGroupSpecs"][0].update(maxReplicas=amount))


def _plan(tenant: Tenant, resource: str) -> Plan | None:
    """How to reach the quota with containers inside the bounds; None where there is no quota or no way."""
    quota = getattr(tenant.quota, resource)
    if quota is None:
        return None
    bounds: Bounds = getattr(tenant.container, resource)
    low, high, goal = _units(bounds.min, resource, up=True), _units(bounds.max, resource), _units(quota, resource)
    waits = _units(WAIT[resource], resource)
    full, rest = divmod(goal - low, max(high, waits))
    if rest == 0 or max(low, waits) <= rest <= high:
        return Plan(resource, low, high, full, rest)
    return Plan(resource, low + rest, high, full, 0) if low + rest <= high else None


def _fits(tenant: Tenant, workers: int, filled: str = "") -> bool:
    """Whether a head and so many workers, each at its least, keep to every other limit."""
    if tenant.quota.workers is not None and workers > tenant.quota.workers:
        return False
    others = [resource for resource in _UNITS if resource != filled and getattr(tenant.quota, resource)]
    return all(_least(tenant, resource, workers) <= parse(getattr(tenant.quota, resource)) for resource in others)


def _least(tenant: Tenant, resource: str, workers: int) -> Decimal:
    """What a head and so many workers take at least."""
    least = parse(getattr(tenant.container, resource).min)
    return least + max(least, parse(WAIT[resource])) * workers


def _units(amount: str, resource: str, *, up: bool = False) -> int:
    value = parse(amount) * _UNITS[resource][0]
    return -int(-value // 1) if up else int(value // 1)
