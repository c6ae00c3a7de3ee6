"""The message for a RayJob without a template for the pod that submits it.

Several rules are then broken, each at its own field of the missing template. For a user that is one mistake, which
one pasted template fixes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rayfence import yamlio
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.quantity import parse
from rayfence.rules.rule import Violation
from rayfence.rules.shared.additions import SUBMITTER
from rayfence.workload import Role, Workload, dig

FIELD = "submitterPodTemplate"
NO_IMAGE = "<your Ray image>"

_REQUESTS = {"cpu": "500m", "memory": "200Mi"}
"""What KubeRay asks for where it makes the pod by itself."""


def told(violation: Violation, work: Workload, tenant: Tenant, platform: Platform) -> Violation:
    """The violation as people are told of it: as the missing template, where it lies in one."""
    path = _missing(violation, work)
    if path is None:
        return violation
    pasted = f"{FIELD}: {yamlio.flow(template(work, tenant, platform))}"
    without = f"is missing, so KubeRay makes a pod without the label, nodes and toleration of {tenant.name}"
    return replace(violation, message=f"{without}; paste {pasted}", about=path)


def _missing(violation: Violation, work: Workload) -> FieldPath | None:
    """Where the template is missing that a violation lies in; None where the violation is elsewhere."""
    if FIELD not in violation.path:
        return None
    absent = (site.path for site in work.sites if site.role is Role.SUBMITTER and site.template is None)
    return next((path for path in absent if violation.path[: len(path)] == path), None)


def template(work: Workload, tenant: Tenant, platform: Platform) -> dict[str, Any]:
    """A submitter that breaks no rule, of the size that KubeRay gives one, or smaller where the tenant's maximum is."""
    most = {"cpu": tenant.container.cpu.max, "memory": tenant.container.memory.max}
    limits = {resource: _smaller(amount, most[resource]) for resource, amount in SUBMITTER.limits.items()}
    least = {resource: _smaller(amount, limits[resource]) for resource, amount in _REQUESTS.items()}
    toleration = {"key": platform.taint_key, "operator": "Equal", "value": tenant.name, "effect": "NoSchedule"}
    container = {
        "name": "ray-job-submitter",
        "image": _image(work),
        "resources": {"requests": least, "limits": limits},
    }
    return {
        "metadata": {"labels": {platform.tenant_label: tenant.name}},
        "spec": {
            "restartPolicy": "Never",
            "nodeSelector": {platform.node_label: tenant.name},
            "tolerations": [toleration],
            "containers": [container],
        },
    }


def _smaller(one: str, other: str) -> str:
    return one if parse(one) <= parse(other) else other


def _image(work: Workload) -> str:
    """The head's image, which is what KubeRay submits with."""
    heads = (site for site in work.sites if site.role is Role.HEAD)
    images = (dig(first.value, "image") for site in heads for first in site.containers("containers")[:1])
    return next((image for image in images if isinstance(image, str) and image), NO_IMAGE)
