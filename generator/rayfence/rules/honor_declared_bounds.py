"""Bounds that an object declares in its annotations may only narrow its tenant's bounds."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from rayfence.cel import amount, filled, literals, said, when
from rayfence.model.config import Bounds, Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.quantity import parse, text
from rayfence.model.subjects import RAY, Subject
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.workload import BOUNDED, SIDES, Container, Malformed, Workload, dig

ID = "honor-declared-bounds"
FAMILY = "resource bounds"
WHY = "The author of an object writes maxCpu and the other bounds, and could otherwise raise the tenant's limits."
SUBJECTS = (RAY,)

DECLARED = {
    "maxCpu": ("cpu", "limits"),
    "maxMemory": ("memory", "limits"),
    "minCpu": ("cpu", "requests"),
    "minMemory": ("memory", "requests"),
}
"""Annotation -> the amount it bounds."""


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: `declared_bounds`, the bounds in annotations: whose, and as a quantity, null for what is none."""
    bounds = ", ".join(
        f"{{'name': dyn('{name}'), 'resource': dyn({BOUNDED.index(resource)}), 'side': dyn({SIDES.index(side)})}}"
        for name, (resource, side) in DECLARED.items()
    )
    given = "object.metadata.?annotations[?bound.name].hasValue()"
    found = f"{{'bound': dyn(bound), 'amount': {amount('object.metadata.annotations[bound.name]')}}}"
    return {
        "declared_bounds": f"variables.tenant_name == '' ? [] :\n[{bounds}].filter(bound, {given}).map(bound, {found})"
    }


def cel(platform: Platform) -> Iterator[str]:
    bound, found = (
        "variables.tenant_bounds[declared.bound.resource]",
        "sized.amounts[declared.bound.resource][declared.bound.side]",
    )
    outside = f"declared.amount.isLessThan({bound}.min_quantity) || declared.amount.isGreaterThan({bound}.max_quantity)"
    allowed = ("declared.bound.name", f"{bound}.min", f"{bound}.max")
    itself = filled("metadata.annotations.%s: must be a quantity from %s to %s", *allowed)
    yield f"variables.declared_bounds.map(declared, {when(f'declared.amount == null || {outside}', itself)}).flatten()"
    above = f"declared.bound.side == {SIDES.index('limits')} && {found}.isGreaterThan(declared.amount)"
    smaller = f"{found}.isLessThan(declared.amount)"
    below = f"declared.bound.side == {SIDES.index('requests')} && sized.container.injected != true && {smaller}"
    wrong = f"declared.amount != null && {found} != null && ({above} || {below})"
    side = f"{literals(SIDES)}[declared.bound.side]"
    written = (
        said(f"sized.container[{side}][{bound}.resource]"),
        said("object.metadata.annotations[declared.bound.name]"),
    )
    values = ("sized.container.path", side, f"{bound}.resource", written[0], "declared.bound.name", written[1])
    told = filled("%s.resources.%s.%s: %s breaks the declared %s %s", *values)
    broken = f"variables.container_amounts.flatten().filter(sized, {wrong}).map(sized, {told})"
    yield f"variables.declared_bounds.map(declared, {broken}).flatten()"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    declared = dig(work.value, "metadata", "annotations")
    # CEL cannot read an entry of a list by name, either.
    if isinstance(declared, list):
        raise Malformed(FieldPath.of("metadata", "annotations"))
    for name, (resource, _) in DECLARED.items():
        # An API server turns null into an empty text before it asks anybody, so null is something, and no quantity.
        if isinstance(declared, dict) and name in declared:
            bounds = tenant.container.cpu if resource == "cpu" else tenant.container.memory
            yield from _annotation(work, name, text(declared[name]), bounds, tenant)


def _annotation(work: Workload, name: str, found: str, bounds: Bounds, tenant: Tenant) -> Iterator[Violation]:
    path, allowed = FieldPath.of("metadata", "annotations", name), f"allowed is {bounds.min} to {bounds.max}"
    declared = _quantity(found)
    if declared is None:
        yield Violation(ID, path, f"{shown(found)} is not a quantity, {allowed}")
        return
    if not parse(bounds.min) <= declared <= parse(bounds.max):
        yield Violation(ID, path, f"{found} is outside the bounds of {tenant.name}, {allowed}")
    for container in work.containers():
        yield from _kept(container, name, found, declared)


def _kept(container: Container, name: str, found: str, declared: Decimal) -> Iterator[Violation]:
    resource, side = DECLARED[name]
    written = text(container.amount(side, resource))
    amount = _quantity(written)
    if amount is None or (side == "requests" and container.injected):
        return
    if amount > declared if side == "limits" else amount < declared:
        path = container.path / "resources" / side / resource
        yield Violation(ID, path, f"{written} breaks the declared {name} {found}")


def _quantity(written: str) -> Decimal | None:
    try:
        return parse(written)
    except ValueError:
        return None


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    cpu, memory = tenant.container.cpu, tenant.container.memory

    cases = {
        "a raised maximum": _declare(maxCpu="999"),
        "a raised memory maximum": _declare(maxMemory="999Ti"),
        "a lowered minimum": _declare(minCpu="0"),
        "a negative minimum": _declare(minMemory="-1"),
        "a value that is not a quantity": _declare(maxCpu="lots"),
        "a template expression": _declare(maxCpu="{{ request.object.metadata.name }}"),
        "two values": _declare(maxCpu="4 | 400"),
        "an empty value": _declare(minCpu=""),
        "null": _declare(maxCpu=None, maxMemory=None, minCpu=None, minMemory=None),
    }
    if parse(cpu.min) < parse(cpu.max):
        cases["a minimum above the containers' requests"] = _declare(minCpu=cpu.max)
    if parse(memory.min) < parse(memory.max):
        cases["a memory minimum above the containers' requests"] = _declare(minMemory=memory.max)
    return cases


def passes(platform: Platform, tenant: Tenant) -> Edits:
    cpu, memory = tenant.container.cpu, tenant.container.memory

    return {
        "the tenant's own bounds": _declare(maxCpu=cpu.max, minCpu=cpu.min, maxMemory=memory.max, minMemory=memory.min),
        "the tenant's own bounds, as numbers": _declare(
            maxCpu=_number(cpu.max),
            minCpu=_number(cpu.min),
            maxMemory=_number(memory.max),
            minMemory=_number(memory.min),
        ),
        "a narrower maximum": _declare(maxCpu=cpu.min, maxMemory=memory.min),
        "other annotations": _declare(owner="somebody"),
    }


def _number(amount: str) -> int | float:
    found = parse(amount)
    return int(found) if found == int(found) else float(found)


def _declare(**annotations: str | int | float | None) -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: value["metadata"].update(annotations=annotations))
