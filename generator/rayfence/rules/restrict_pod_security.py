"""Ray pods, and the containers that the operator adds to them, meet the baseline Pod Security Standard."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.cel import steps
from rayfence.model.config import Platform, Tenant
from rayfence.model.subjects import RAY, Subject
from rayfence.rules.cases import pod_security as pod_security_edits
from rayfence.rules.cases.pod_security import put
from rayfence.rules.rule import At, Edits, Violation
from rayfence.rules.shared import pod_security
from rayfence.workload import OPTIONS, Workload

ID = "restrict-pod-security"
FAMILY = "hardening"
WHY = "A container that can access its node or the node's network bypasses all other rules and NetworkPolicies."
SUBJECTS = (RAY,)
UNPROVEN = "Ray pods may use their node's network, where no NetworkPolicy applies"


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: the templates, and the containers in them."""
    temporary = pod_security.containers_in("variables.pod_definitions", ("ephemeralContainers",))
    templates = "variables.pod_templates.map(template, {'path': dyn(template.path + '.'), 'value': template.manifest})"
    return pod_security.variables(templates, f"variables.containers + {temporary}")


def cel(platform: Platform) -> Iterator[str]:
    yield from pod_security.cel(f"variables.ray_clusters.map(cluster, [{_OPTIONS}]).flatten()")


# The operator copies the securityContext that stands here into a container of its own.
_OPTIONS = ", ".join(
    f"{{'path': dyn(cluster.path + {steps(*path)}), 'value': cluster.value.?{'.?'.join(path)}.orValue(null)}}"
    for path in OPTIONS
)


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for site in work.sites:
        for path, what in pod_security.of_pod(site.path, site.template):
            yield Violation(ID, path, what)
    for keys in OPTIONS if work.has_cluster else ():
        for path, what in pod_security.of_container(work.kind.cluster + keys, work.get(*keys)):
            yield Violation(ID, path, what)


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return {
        **pod_security_edits.breaks(),
        "a privileged autoscaler": put(At.CLUSTER, "autoscalerOptions.securityContext.privileged", True),
        "an autoscaler with capabilities": put(
            At.CLUSTER, "autoscalerOptions.securityContext.capabilities.add", ["SYS_PTRACE"]
        ),
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return {
        **pod_security_edits.passes(),
        "a careful autoscaler": put(At.CLUSTER, "autoscalerOptions.securityContext.runAsNonRoot", True),
    }
