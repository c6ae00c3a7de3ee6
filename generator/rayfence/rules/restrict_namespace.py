"""Ray objects live only in a tenant's namespace."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.config import Platform, Tenant
from rayfence.path import Path
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.workload import Workload

ID = "restrict-namespace"
FAMILY = "labeling"
WHY = "The namespace says whose an object is. Outside a tenant's namespace there are no bounds and no isolation."


def cel(platform: Platform) -> Iterator[str]:
    yield "variables.unclaimed ? ['metadata.namespace: no tenant has this namespace'] : []"


def violations(work: Workload, tenant: Tenant | None, platform: Platform) -> Iterator[Violation]:
    if tenant is None:
        name = shown(work.namespace) if work.namespace else "no namespace"
        yield Violation(ID, Path.of("metadata", "namespace"), f"{name} is no tenant's; write one of your tenant's")


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    own = tenant.namespaces[0]
    return {
        "a namespace that nobody has": _move("nobody-has-this"),
        "a longer name": _move(f"{own}-and-more"),
        "a name that ends alike": _move(f"not-{own}"),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {f"namespace {number}": _move(namespace) for number, namespace in enumerate(tenant.namespaces, start=1)}


def _move(namespace: str) -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: value["metadata"].update(namespace=namespace))
