"""Checks the administrators of a Platform: none may be an identity that a tenant has, or can act through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.model.config import Platform
from rayfence.model.field_path import FieldPath
from rayfence.tenants.conflicts import Claim
from rayfence.tenants.messages import quoted
from rayfence.tenants.problems import Diagnostics

_ACCOUNT, _ACCOUNTS = "system:serviceaccount:", "system:serviceaccounts"
_GROUP = "name a group of the platform team"
_ONE_BY_ONE = f"name each account in users, like {_ACCOUNT}argocd:argocd-application-controller"
_ELSEWHERE = f"name another account, like {_ACCOUNT}argocd:argocd-application-controller"

_EVERYBODY = {
    "system:authenticated": "contains every user who is logged in, including tenants",
    "system:authenticated:oauth": "contains every user who is logged in to OpenShift, including tenants",
    "system:unauthenticated": "stands for all users who are not logged in",
    "system:nodes": "contains every kubelet",
}


def check(spec: Mapping[str, Any], owners: Mapping[str, Claim], platform: Platform, diagnostics: Diagnostics) -> None:
    """`spec` is a Platform's, of the right shape; `owners` has every tenant's namespaces."""
    named = spec.get("administrators", {})
    for kind, fault in (("groups", _group), ("users", _user)):
        for index, name in enumerate(named.get(kind, ())):
            if wrong := fault(name, owners, platform):
                diagnostics.add(FieldPath.of("spec", "administrators", kind, index), f"{quoted(name)} {wrong}")


def _group(name: str, owners: Mapping[str, Claim], platform: Platform) -> str | None:
    if name in _EVERYBODY:
        return f"{_EVERYBODY[name]}; {_GROUP}"
    if name == _ACCOUNTS:
        return f"contains every service account, including those of tenants; {_ONE_BY_ONE}"
    if name.startswith(f"{_ACCOUNTS}:"):
        namespace = name.removeprefix(f"{_ACCOUNTS}:")
        return f"has every service account of {_namespace(namespace, owners)}; {_ONE_BY_ONE}"
    return None


def _user(name: str, owners: Mapping[str, Claim], platform: Platform) -> str | None:
    if name == "system:anonymous":
        return f"stands for all users who are not logged in; {_ELSEWHERE}"
    if name == platform.operator.username:
        return f"is the KubeRay operator, which creates objects that tenants define; {_ELSEWHERE}"
    namespace = name.removeprefix(_ACCOUNT).partition(":")[0]
    if name.startswith(_ACCOUNT) and namespace in owners:
        return f"is a service account of {_namespace(namespace, owners)}; {_ELSEWHERE}"
    if name.startswith(_ACCOUNT) and namespace in platform.retired:
        return f"is a service account of {namespace}, which is retired and was a tenant's; {_ELSEWHERE}"
    return None


def _namespace(name: str, owners: Mapping[str, Claim]) -> str:
    owner = owners.get(name)
    return f"the namespace {name}" if owner is None else f"{name}, which belongs to {owner.tenant} ({owner.place})"
