"""A ray.io object as the rules see it, in Python (`Workload`) and in CEL (`variables`)."""

from rayfence.model.ray_kinds import (
    API_GROUP,
    INJECTED,
    K8S_JOB,
    KINDS,
    MADE_BY_KUBERAY,
    OPTIONS,
    SERVED,
    SIDECAR,
    STORED,
    UNLIMITED,
    Kind,
    Role,
)
from rayfence.workload import exposed
from rayfence.workload.coercion import ROOT, Malformed, dig, items
from rayfence.workload.expressions import BOUNDED, SIDES, variables
from rayfence.workload.spelling import misspelled
from rayfence.workload.templates import pod_of, template_of
from rayfence.workload.workload import NOBODY, POD, Container, Request, Site, Workload

__all__ = [
    "API_GROUP",
    "BOUNDED",
    "INJECTED",
    "K8S_JOB",
    "KINDS",
    "MADE_BY_KUBERAY",
    "NOBODY",
    "OPTIONS",
    "POD",
    "ROOT",
    "SERVED",
    "SIDECAR",
    "SIDES",
    "STORED",
    "UNLIMITED",
    "Container",
    "Kind",
    "Malformed",
    "Request",
    "Role",
    "Site",
    "Workload",
    "dig",
    "exposed",
    "items",
    "misspelled",
    "pod_of",
    "template_of",
    "variables",
]
