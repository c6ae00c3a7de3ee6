"""Runs an examination: first the engine, then its permissions and webhooks, then tenants, nodes and KubeRay."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rayfence.cluster.objects import Objects
from rayfence.doctor import (
    access,
    engine,
    exceptions,
    kuberay,
    kyverno_config,
    namespaces,
    nodes,
    plugin,
    policies,
    rights,
    webhooks,
)
from rayfence.doctor.case import Case
from rayfence.doctor.finding import Examination, Finding, Note
from rayfence.model.config import Config

Check = Callable[[Case], Iterator[Finding | Note]]

CHECKS: dict[str, Check] = {
    "the engine": engine.findings,
    "its rights": rights.findings,
    "the policies": policies.findings,
    "the webhooks": webhooks.findings,
    "exceptions": exceptions.findings,
    "what Kyverno leaves out": kyverno_config.findings,
    "KubeRay": kuberay.findings,
    "the network plugin": plugin.findings,
    "the namespaces": namespaces.findings,
    "the nodes": nodes.findings,
    "what RBAC grants": access.findings,
}
"""What is looked at -> the check that does."""


def examine(config: Config, objects: Objects, progress: Callable[[str], None] = lambda sentence: None) -> Examination:
    """Everything that is found. Raises Unanswered where the source does not answer."""
    case = Case(config, objects)
    found: list[Finding | Note] = []
    for what, check in CHECKS.items():
        progress(f"looking at {what}")
        found += check(case)
    findings = tuple(each for each in found if isinstance(each, Finding))
    notes = tuple(each.message for each in found if isinstance(each, Note))
    return Examination(findings, notes, case.backends)
