"""Edits of a container that bring its amounts exactly to a tenant's bounds, or one unit beyond."""

from __future__ import annotations

from decimal import Decimal

from rayfence.model.config import Tenant
from rayfence.model.quantity import parse
from rayfence.rules.rule import At, Edit, Edits


def put(side: str, resource: str, amount: object, swells: str = "") -> Edit:
    """Write an amount into a container's `requests` or `limits`."""
    return Edit(At.CONTAINER, lambda container, tenant: container["resources"][side].update({resource: amount}), swells)


def edges(tenant: Tenant) -> tuple[Edits, Edits]:
    """The tenant's own boundary values: what is just inside, and what is one unit outside."""
    inside: dict[str, Edit] = {}
    outside: dict[str, Edit] = {}
    for resource, bounds in (("cpu", tenant.container.cpu), ("memory", tenant.container.memory)):
        inside[f"the minimum of {resource}"] = put("requests", resource, bounds.min)
        inside[f"the maximum of {resource}"] = put("limits", resource, bounds.max)
        outside[f"{resource} one unit below the minimum"] = put("requests", resource, less(bounds.min, resource))
        outside[f"{resource} one unit above the maximum"] = put("limits", resource, more(bounds.max, resource))
    return inside, outside


def more(amount: str, resource: str) -> str:
    """The least that is more: a thousandth of a cpu, a byte."""
    return milli(amount, 1) if resource == "cpu" else whole_bytes(amount, 1)


def less(amount: str, resource: str) -> str:
    """The most that is less."""
    return milli(amount, -1) if resource == "cpu" else whole_bytes(amount, -1)


def milli(amount: str, change: int = 0) -> str:
    """An amount in thousandths, so many more."""
    return f"{_digits(parse(amount) * 1000 + change)}m"


def whole_bytes(amount: str, change: int = 0) -> str:
    """An amount in plain digits, so many more."""
    return _digits(parse(amount) + change)


def _digits(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
