"""The rules, in the order in which they are reported. A new rule is a file here and a line in this table."""

from __future__ import annotations

from rayfence.rules import (
    honor_declared_bounds,
    limit_resources,
    limit_total_resources,
    require_pod_tenant_label,
    require_tenant_label,
    require_tenant_nodes,
    require_tenant_toleration,
    restrict_namespace,
    restrict_tolerations,
)
from rayfence.rules.rule import Rule

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
)


def ids() -> tuple[str, ...]:
    """The public ids of all rules."""
    return tuple(rule.ID for rule in RULES)
