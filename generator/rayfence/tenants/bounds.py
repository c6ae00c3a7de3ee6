"""Whether a tenant's quantities make sense: parsable, above zero, and in order."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from rayfence import quantity
from rayfence.path import Path
from rayfence.tenants.complaints import Complaints
from rayfence.tenants.words import quoted


def check(spec: Mapping[str, Any], complaints: Complaints) -> None:
    """`spec` is a Tenant's, of the right shape."""
    quotas = {
        name: {kind: _ceiling(spec[name], Path.of("spec", name), kind, complaints) for kind in ("cpu", "memory")}
        for name in ("quota", "namespaceQuota")
        if name in spec
    }
    for kind, bounds in spec["container"].items():
        path = Path.of("spec", "container", kind)
        least = _parsed(bounds["min"], path / "min", complaints)
        most = _ceiling(bounds, path, "max", complaints)
        if least is not None and least < 0:
            complaints.add(path / "min", f"{quoted(bounds['min'])} is negative; write a quantity of 0 or more")
        if most is None:
            continue
        if least is not None and least > most:
            above = f"{quoted(bounds['min'])} is above max, which is {quoted(bounds['max'])}"
            complaints.add(path / "min", f"{above}; write a min of at most max")
        for name, ceilings in quotas.items():
            ceiling = ceilings[kind]
            if ceiling is not None and most > ceiling:
                above = f"{quoted(bounds['max'])} is above {name}.{kind}, which is {quoted(spec[name][kind])}"
                complaints.add(path / "max", f"{above}; lower the max or raise the {name}")


def _ceiling(raw: Mapping[str, Any], path: Path, name: str, complaints: Complaints) -> Decimal | None:
    """The ceiling `raw[name]`, if there is one and it is above zero."""
    if name not in raw:
        return None
    most = _parsed(raw[name], path / name, complaints)
    if most is not None and most <= 0:
        complaints.add(path / name, f"{quoted(raw[name])} leaves nothing to use; write a quantity above 0")
        return None
    return most


def _parsed(value: Any, path: Path, complaints: Complaints) -> Decimal | None:
    try:
        return quantity.parse(quantity.text(value))
    except ValueError:
        complaints.add(path, f"{quoted(value)} is not a quantity; write a quantity of Kubernetes, like 500m, 4 or 8Gi")
        return None
