"""A manifest of the bundle in, the API resource that holds such objects out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.subjects import NETWORK_POLICIES, Resource

_ADMISSION = "admissionregistration.k8s.io"

CONSTRAINTS = "constraints.gatekeeper.sh"
"""An API group whose kinds templates make."""

CLUSTER_POLICIES = Resource("kyverno.io", "v1", "ClusterPolicy", "clusterpolicies")
VALIDATING = Resource("policies.kyverno.io", "v1", "ValidatingPolicy", "validatingpolicies")
MUTATING = Resource("policies.kyverno.io", "v1", "MutatingPolicy", "mutatingpolicies")
GENERATING = Resource("policies.kyverno.io", "v1", "GeneratingPolicy", "generatingpolicies")
NATIVE = Resource(_ADMISSION, "v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies")
BINDINGS = Resource(_ADMISSION, "v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings")
TEMPLATES = Resource("templates.gatekeeper.sh", "v1", "ConstraintTemplate", "constrainttemplates")
CLUSTER_ROLES = Resource("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles")
RESOURCE_QUOTAS = Resource("", "v1", "ResourceQuota", "resourcequotas")

POLICIES = (CLUSTER_POLICIES, VALIDATING, MUTATING, GENERATING, NATIVE, BINDINGS, TEMPLATES)
"""What stands under a backend, but for roles and for constraints, whose kinds a template makes."""

_ALL = (*POLICIES, CLUSTER_ROLES, RESOURCE_QUOTAS, *NETWORK_POLICIES.resources)
_BY_KIND = {(each.api_version, each.kind): each for each in _ALL}


def resource_of(manifest: Mapping[str, Any]) -> Resource:
    """The resource of one object that rayfence writes. Raises KeyError for a kind that it does not."""
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    group, _, version = api_version.rpartition("/")
    # Gatekeeper makes a constraint's kind of its template, and its plural of the kind's small letters.
    return Resource(group, version, kind, kind.lower()) if group == CONSTRAINTS else _BY_KIND[api_version, kind]
