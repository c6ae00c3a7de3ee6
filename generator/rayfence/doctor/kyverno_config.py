"""Checks Kyverno's ConfigMap for filters and exclusions that hide tenants from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from rayfence.cluster.objects import map_at, text_at
from rayfence.doctor.case import CONFIG_MAPS, Case
from rayfence.doctor.finding import Finding, Note
from rayfence.model.subjects import SUBJECTS
from rayfence.reach.policies import selects

_FILTER = re.compile(r"\[([^,\]]*),([^,\]]*),([^\]]*)\]")
_EXCLUDED = ("excludeGroups", "excludeUsernames", "excludeRoles", "excludeClusterRoles")
_USUAL = frozenset({"system:nodes"})
"""Excluded by default: nodes write nothing of tenants' but the pods that run on them, and mirror pods at that."""


def findings(case: Case) -> Iterator[Finding | Note]:
    """Nothing where Kyverno has no part in it."""
    if not case.runs_on_kyverno:
        return
    namespace, name = case.kyverno_namespace(), _name(case)
    where, found = f"{namespace}/ConfigMap/{name}", case.objects.one(CONFIG_MAPS, namespace, name)
    if found is None:
        yield Note(f"{where}: is missing, so it is unknown what Kyverno excludes")
        return
    data = map_at(found.value, "data")
    yield from _filters(case, text_at(data, "resourceFilters"), where)
    yield from _selector(case, text_at(data, "webhooks"), where)
    yield from _exclusions(case, data, where)


def _name(case: Case) -> str:
    return next((name for each in case.kyverno() if (name := each.environment.get("INIT_CONFIG"))), "kyverno")


def _filters(case: Case, text: str, where: str) -> Iterator[Finding]:
    tenants = case.config.by_namespace()
    for kinds, namespaces, names in _FILTER.findall(text):
        hidden = [namespace for namespace in tenants if fnmatchcase(namespace, namespaces.strip() or "*")]
        looked_past = [kind for kind in _kinds() if _is_kind(kinds.strip(), kind)]
        if hidden and looked_past:
            entry = f"[{kinds},{namespaces},{names}]"
            what = f"resourceFilters has {entry}, which hides {_some(looked_past)} in {_some(hidden)}"
            yield Finding("namespace-hidden", where, what, "remove that entry from config.resourceFilters")


def _kinds() -> list[str]:
    """Every kind that rules cover, and its subresources: `Pod`, `Pod/resize`."""
    resources = [resource for subject in SUBJECTS for resource in subject.resources]
    return list(dict.fromkeys(kind for each in resources for kind in each.kinds))


def _is_kind(pattern: str, kind: str) -> bool:
    """Whether a filter's kind means this one: `Pod`, `Pod/?*`, `*/*`, `v1/Pod`, `apps/v1/Deployment`."""
    if pattern in ("*", "*/*"):
        return True
    kind, _, subresource = kind.partition("/")
    parts = pattern.split("/")
    at = next((place for place, part in enumerate(parts) if fnmatchcase(kind, part) and part not in ("*", "?*")), None)
    if at is None:
        return False
    rest = parts[at + 1] if at + 1 < len(parts) else ""
    return fnmatchcase(subresource, rest) if subresource else not rest or fnmatchcase("", rest)


def _selector(case: Case, text: str, where: str) -> Iterator[Finding]:
    try:
        value: Any = json.loads(text or "{}")
    except ValueError:
        yield Finding(
            "namespace-hidden", where, "webhooks is not JSON", "write it as Kyverno's values do, or leave it out"
        )
        return
    configured = value if isinstance(value, list) else [value]
    selectors = [map_at(each, "namespaceSelector") for each in configured]
    for namespace in case.config.by_namespace():
        labels = {"kubernetes.io/metadata.name": namespace, **case.namespaces.get(namespace, {})}
        if not all(selects(_without_nulls(selector), labels) for selector in selectors):
            what = f"webhooks has a namespaceSelector that excludes {namespace}"
            yield Finding("namespace-hidden", where, what, "remove it from config.webhooks")


def _without_nulls(selector: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in selector.items() if value is not None}


def _exclusions(case: Case, data: dict[str, Any], where: str) -> Iterator[Finding]:
    """Whoever is excluded is asked nothing. Administrators and Kyverno itself may be."""
    administrators = case.config.platform.administrators
    expected = _USUAL | {*administrators.groups, *administrators.users}
    own = f"system:serviceaccount:{case.kyverno_namespace()}:"
    for key in _EXCLUDED:
        for name in (each.strip() for each in text_at(data, key).split(",")):
            if name and name not in expected and not name.startswith((own, "!")):
                what = f"{key} contains {name}, whose requests are always admitted"
                yield Finding("user-excluded", where, what, f"remove {name} from config.{key}")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
