"""Ray objects are allowed only in tenants' namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import lru_cache

from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY
from rayfence.rules.rule import At, Edit, Edits, Violation, shown
from rayfence.workload import Workload

ID = "restrict-namespace"
FAMILY = "labeling"
WHY = "The namespace decides to which tenant an object belongs. Elsewhere there are no bounds and no isolation."
SUBJECTS = (RAY,)


def cel(platform: Platform) -> Iterator[str]:
    yield "variables.namespace_unclaimed ? ['metadata.namespace: no tenant has this namespace'] : []"


def violations(
    work: Workload, tenant: Tenant | None, platform: Platform, namespaces: tuple[str, ...] = ()
) -> Iterator[Violation]:
    """`namespaces` are all that tenants have, for the message."""
    if tenant is None:
        found = f"no tenant has {shown(work.namespace)}" if work.namespace else "is missing"
        yield Violation(ID, FieldPath.of("metadata", "namespace"), f"{found}; {_choice(work.namespace, namespaces)}")


@lru_cache(maxsize=1024)
def _choice(found: str, namespaces: tuple[str, ...]) -> str:
    """What to write instead: the namespace that was probably meant first, and never a whole table."""
    if not namespaces:
        return "write a namespace of your tenant"
    meant = get_close_matches(found, namespaces, n=1)
    named = [*meant, *sorted({*namespaces} - {*meant})][:_NAMED]
    more = len(namespaces) - len(named)
    return f"use one of: {', '.join(named)}" + (f" and {more} more" if more else "")


_NAMED = 5


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    own = tenant.namespaces[0]
    return {
        "a namespace without a tenant": _move("nobody-has-this"),
        "a tenant's namespace with a suffix": _move(f"{own}-and-more"),
        "a tenant's namespace with a prefix": _move(f"not-{own}"),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {f"namespace {number}": _move(namespace) for number, namespace in enumerate(tenant.namespaces, start=1)}


def _move(namespace: str) -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: value["metadata"].update(namespace=namespace))
