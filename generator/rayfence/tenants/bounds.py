"""Checks the quantities of a tenant: syntax, above zero, in order, and in a likely unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rayfence.model import quantity
from rayfence.model.field_path import FieldPath
from rayfence.tenants.messages import quoted
from rayfence.tenants.problems import Diagnostics

_LARGE_UNIT = re.compile(r"[kKMGTPE]i?\Z")
_LITTLE = 1024**2
"""Bytes: less than this no container runs in."""


def check(spec: Mapping[str, Any], diagnostics: Diagnostics) -> None:
    """`spec` is a Tenant's, of the right shape."""
    quotas = {
        name: {
            kind: _ceiling(spec[name], FieldPath.of("spec", name), kind, kind, diagnostics)
            for kind in ("cpu", "memory")
        }
        for name in ("quota", "namespaceQuota")
        if name in spec
    }
    _check_quotas(spec, diagnostics)
    for kind, bounds in spec["container"].items():
        path = FieldPath.of("spec", "container", kind)
        least = _parsed(bounds["min"], path / "min", kind, diagnostics)
        most = _ceiling(bounds, path, "max", kind, diagnostics)
        if least is not None and least < 0:
            diagnostics.add(path / "min", f"{quoted(bounds['min'])} is negative; write a quantity of 0 or more")
        if most is None:
            continue
        if least is not None and least > most:
            above = f"{quoted(bounds['min'])} is above max, which is {quoted(bounds['max'])}"
            diagnostics.add(path / "min", f"{above}; write a min of at most max")
        for name, ceilings in quotas.items():
            ceiling = ceilings[kind]
            if ceiling is not None and most > ceiling:
                above = f"{quoted(bounds['max'])} is above {name}.{kind}, which is {quoted(spec[name][kind])}"
                diagnostics.add(path / "max", f"{above}; lower the max or raise the {name}")


def _check_quotas(spec: Mapping[str, Any], diagnostics: Diagnostics) -> None:
    """Warns of what one Ray object may use, but all objects of its namespace together may not.

    Of accelerators only where the namespace has none: one quota counts their kinds together, the other each by itself.
    """
    one, all_together = (spec.get(name, {}) for name in ("quota", "namespaceQuota"))
    if one.get("accelerators") and all_together and not all_together.get("accelerators"):
        none = f"{quoted(one['accelerators'])} can never be reached, because namespaceQuota.accelerators is 0"
        diagnostics.warn(FieldPath.of("spec", "quota", "accelerators"), f"{none}; raise the namespaceQuota")
    for kind in (each for each in ("cpu", "memory", "workers") if each in one and each in all_together):
        try:
            fits = _amount(one[kind]) <= _amount(all_together[kind])
        except ValueError:
            continue
        if not fits:
            above = f"{quoted(one[kind])} is above namespaceQuota.{kind}, which is {quoted(all_together[kind])}"
            diagnostics.warn(
                FieldPath.of("spec", "quota", kind), f"{above}; lower the quota or raise the namespaceQuota"
            )


def _amount(value: Any) -> Decimal:
    return quantity.parse(quantity.text(value))


def _ceiling(raw: Mapping[str, Any], path: FieldPath, name: str, kind: str, diagnostics: Diagnostics) -> Decimal | None:
    """The ceiling `raw[name]`, if there is one and it is above zero."""
    if name not in raw:
        return None
    most = _parsed(raw[name], path / name, kind, diagnostics)
    if most is not None and most <= 0:
        diagnostics.add(path / name, f"{quoted(raw[name])} leaves nothing to use; write a quantity above 0")
        return None
    return most


def _parsed(value: Any, path: FieldPath, kind: str, diagnostics: Diagnostics) -> Decimal | None:
    try:
        amount = _amount(value)
    except ValueError:
        diagnostics.add(path, f"{quoted(value)} is not a quantity; write a quantity of Kubernetes, like 500m, 4 or 8Gi")
        return None
    shown = f"{amount.normalize():f}"
    if kind == "cpu" and _LARGE_UNIT.search(quantity.text(value)):
        diagnostics.warn(path, f"{quoted(value)} is {shown} CPUs; write CPUs or thousandths of one, like 8 or 500m")
    if kind == "memory" and 0 < amount < _LITTLE:
        diagnostics.warn(path, f"{quoted(value)} is {shown} bytes; write a unit, like 8Gi")
    return amount
