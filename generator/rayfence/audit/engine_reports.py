"""Reads Kyverno's own reports about each object, as far as they concern rayfence's policies.

A background scan evaluates every object as if an unknown user were creating it. So a violation that only a new pod can
have says nothing about a running pod.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from rayfence import admission
from rayfence.audit.values import Word
from rayfence.cluster.objects import Objects, list_at, text_at
from rayfence.model.config import Config
from rayfence.model.subjects import Resource
from rayfence.rules import RULES

REPORTS = (
    Resource("wgpolicyk8s.io", "v1alpha2", "PolicyReport", "policyreports"),
    Resource("openreports.io", "v1alpha1", "Report", "reports"),
)

Key = tuple[str, str, str]
"""Kind, namespace and name of an object."""

_WORSE = ("pass", "fail", "error")
_OF_NEW = {(rule.ID, path) for rule in RULES for path in getattr(rule, "NEW_ONLY", ())}
"""Rules and paths: what holds for new objects alone."""


def words(objects: Objects, config: Config) -> Iterator[tuple[Key, Word]]:
    """Every object that Kyverno has reported on, once for each report of it."""
    names = {policy.name for policy in admission.policies(config)}
    for resource in REPORTS:
        for part in objects.of(resource):
            scope = part.value.get("scope")
            word = _word(part.value, names) if scope else None
            if word:
                yield (text_at(scope, "kind"), part.namespace, text_at(scope, "name")), word


def worse(one: Word | None, other: Word) -> Word:
    """Two words on one object as one."""
    if one is None:
        return other
    return Word(max(one.result, other.result, key=_WORSE.index), one.rules | other.rules)


def _word(report: Any, policies: Set[str]) -> Word | None:
    """All that a report says by rayfence's policies, None where it says nothing by them."""
    found: Word | None = None
    for result in list_at(report, "results"):
        if text_at(result, "policy") in policies and text_at(result, "result") not in ("", "skip"):
            found = worse(found, _of_result(result))
    return found


def _of_result(result: Any) -> Word:
    said, message = text_at(result, "result"), text_at(result, "message")
    if said == "pass":
        return Word("pass")
    ids, _ = admission.read(message)
    if not ids:
        return Word("error")
    other = {rule for rule, path, _ in admission.violations(message) if (rule, path) not in _OF_NEW}
    # Only where every violation that the message shows is of that sort is its rule not meant.
    meant = ids if " more" in message[-8:] else ids - ({rule for rule, _ in _OF_NEW} - other)
    return Word("fail", meant) if meant else Word("pass")
