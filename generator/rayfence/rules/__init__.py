"""The rules, in the order in which they are reported. A new rule is a file here and a line in this table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rayfence.model.config import Platform
from rayfence.model.subjects import EXPOSURE, NETWORK_KINDS, NETWORK_POLICIES, PODS, RAY, Subject
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
from rayfence.rules.rule import Rule, RuleOfSome
from rayfence.rules.shared import worst_case

_ON_TEMPLATES: tuple[Rule, ...] = (restrict_scheduling, restrict_volumes, restrict_pod_metadata)
"""Rules for pod templates that hold for bare pods too."""

_ON_RAY: tuple[Rule, ...] = (
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
    *_ON_TEMPLATES,
    require_network_policy,
    require_authentication,
    restrict_network_rules,
    require_tenant_queue,
    restrict_exposure,
)

RULES: tuple[Rule, ...] = (*_ON_RAY, restrict_network_kinds, guard_network_policies, guard_pods)

OF_SOME: tuple[RuleOfSome, ...] = (require_network_policy, require_authentication)
"""The rules that bind only some tenants. What they ask for, no version of Ray's objects but the newest has."""

OF: Mapping[Subject, tuple[Rule, ...]] = {
    RAY: _ON_RAY,
    PODS: (*_ON_TEMPLATES, require_tenant_queue, guard_pods),
    NETWORK_POLICIES: (guard_network_policies,),
    EXPOSURE: (restrict_exposure,),
    NETWORK_KINDS: (restrict_network_kinds,),
}
"""Which rules hold for which subject."""

SHARED: Mapping[Subject, tuple[Callable[[Platform], Mapping[str, str]], ...]] = {
    RAY: (
        limit_resources.variables,
        honor_declared_bounds.variables,
        worst_case.variables,
        restrict_pod_security.variables,
        restrict_scheduling.of_templates,
        restrict_pod_metadata.of_templates,
        restrict_network_rules.variables,
        require_tenant_queue.ray_variables,
    ),
    PODS: (
        guard_pods.variables,
        restrict_scheduling.of_pods,
        restrict_pod_metadata.of_pods,
        require_tenant_queue.pod_variables,
    ),
    NETWORK_POLICIES: (guard_network_policies.variables,),
    EXPOSURE: (),
    NETWORK_KINDS: (),
}
"""CEL variables that several rules read, or several parts of one."""


def ids() -> tuple[str, ...]:
    """The public ids of all rules."""
    return tuple(rule.ID for rule in RULES)
