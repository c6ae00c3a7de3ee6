"""Templates and their constraints on a server and on gator: whether a template is in force, for which namespaces."""

from __future__ import annotations

from rayfence.admission import Policy
from rayfence.backends.base import UNKNOWN, Kind, Manifest
from rayfence.backends.gatekeeper.policy import kind_of
from rayfence.backends.offline import GatorOffline, Namespaces, Spec
from rayfence.backends.parsing import namespaces_in, only
from rayfence.cluster.objects import at, list_at, text_at
from rayfence.model.subjects import Resource

CONSTRAINTS = "constraints.gatekeeper.sh"
"""The API group of the kinds that templates define."""


def _why_not_ready(policy: Manifest) -> str:
    if at(policy, "status", "created") is True:
        return ""
    pods = list_at(policy, "status", "byPod")
    errors = [text_at(error, "message") for pod in pods for error in list_at(pod, "errors")]
    return "; ".join(errors) or UNKNOWN


def _constraints_of(template: Manifest) -> Resource | None:
    kind = text_at(template, "spec", "crd", "spec", "names", "kind")
    return Resource(CONSTRAINTS, "v1beta1", kind, kind.lower()) if kind else None


def _namespaces(policy: Policy, spec: Spec) -> Namespaces | None:
    """Read from the one piece of code of the one target."""
    code = only(list_at(only(list_at(spec, "targets")), "code"))
    # The key is singular, unlike that of Kubernetes' own policies.
    return namespaces_in(policy, list_at(code, "source", "matchCondition"))


TEMPLATES = Kind(
    Resource("templates.gatekeeper.sh", "v1", "ConstraintTemplate", "constrainttemplates"),
    _why_not_ready,
    defines=_constraints_of,
    defaults={"legacySchema": False},
)

OFFLINE = GatorOffline(TEMPLATES.resource.kind, kind_of, _namespaces)
