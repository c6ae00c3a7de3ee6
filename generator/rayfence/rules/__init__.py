"""The rules, in the order in which they are reported. A new rule is a file here and a line in this table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rayfence.cel import row
from rayfence.model.config import Platform
from rayfence.model.subjects import RAY, SUBJECTS, Subject
from rayfence.rules import (
    guard_network_policies,
    guard_pods,
    honor_declared_bounds,
    limit_resources,
    limit_total_resources,
    require_authentication,
    require_network_policy,
    require_pod_tenant_label,
    require_tenant_label,
    require_tenant_nodes,
    require_tenant_queue,
    require_tenant_toleration,
    restrict_exposure,
    restrict_namespace,
    restrict_network_kinds,
    restrict_network_rules,
    restrict_pod_metadata,
    restrict_pod_security,
    restrict_scheduling,
    restrict_tolerations,
    restrict_volumes,
)
from rayfence.rules.rule import Rule, RuleOfSome, RuleOfVariables

RULES: tuple[Rule, ...] = (
    restrict_namespace,
    require_tenant_label,
    require_pod_tenant_label,
    require_tenant_nodes,
    require_tenant_toleration,
    restrict_tolerations,
    limit_resources,
    honor_declared_bounds,
    limit_total_resources,
    restrict_pod_security,
    restrict_scheduling,
    restrict_volumes,
    restrict_pod_metadata,
    require_network_policy,
    require_authentication,
    restrict_network_rules,
    require_tenant_queue,
    restrict_exposure,
    restrict_network_kinds,
    guard_network_policies,
    guard_pods,
)

OF_SOME: tuple[RuleOfSome, ...] = tuple(rule for rule in RULES if isinstance(rule, RuleOfSome))
"""The rules that bind only some tenants. What they ask for, no version of Ray's objects but the newest has."""

NO_TENANT = restrict_namespace
"""The rule that objects break in namespaces that no tenant has."""

LABEL: Rule = require_tenant_label
"""The rule about the label without which no NetworkPolicy is generated."""

QUOTA: Rule = limit_total_resources
"""The rule about what a tenant's objects ask for altogether: an edit that swells an object breaks it, too."""

OF: Mapping[Subject, tuple[Rule, ...]] = {
    subject: tuple(rule for rule in RULES if subject in rule.SUBJECTS) for subject in SUBJECTS
}
"""The rules that hold for a subject, in order."""


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """The CEL variables of a subject that several rules read, or several parts of one.

    Rules that are about this subject first define what the others read.
    """
    rules = [rule for rule in OF[subject] if isinstance(rule, RuleOfVariables)]
    rules.sort(key=lambda rule: rule.SUBJECTS[0] is not subject)
    return {name: text for rule in rules for name, text in rule.variables(platform, subject).items()}


def reader(field: str) -> Rule:
    """The first rule for Ray objects that reads a field of a tenant's row, by itself or in variables of its own.

    Raises StopIteration where none does.
    """
    return next(rule for rule in OF[RAY] if field in row.read(_texts(rule, Platform())))


def _texts(rule: Rule, platform: Platform) -> Iterator[str]:
    yield from rule.cel(platform)
    yield from rule.variables(platform, RAY).values() if isinstance(rule, RuleOfVariables) else ()


def ids() -> tuple[str, ...]:
    """The public ids of all rules."""
    return tuple(rule.ID for rule in RULES)
