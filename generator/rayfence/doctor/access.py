"""Permissions that bypass the policies: who may write the status of Ray objects, and where a Service leads.

No policy checks a status, but KubeRay relies on it: the operator sends a job to `status.dashboardURL` of its RayJob.
Endpoints are left to RBAC, because a webhook for them would stop all Services while it is down.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rayfence.backends.resources import CLUSTER_ROLES
from rayfence.cluster.objects import list_at, name_of, text_at
from rayfence.doctor.case import CLUSTER_ROLE_BINDINGS, ROLE_BINDINGS, ROLES, Case
from rayfence.doctor.finding import Finding, Note
from rayfence.model.subjects import RAY

EDIT = "edit"
"""Kubernetes' role for those who work in a namespace. On clusters older than 1.22 it could write Endpoints, and an
upgrade takes nothing away."""

_ENDPOINTS = (("", "endpoints"), ("discovery.k8s.io", "endpointslices"))
_CHANGING = frozenset({"update", "patch", "*"})
_WRITING = _CHANGING | {"create"}

_GROUPS = ("system:masters", "system:nodes", "system:serviceaccounts:kube-system")
_ACCOUNT = "system:serviceaccount:"
_ANYBODY = ("system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts")
# Kueue suspends and resumes RayJobs, and writes their status.
_CONTROLLERS = (f"{_ACCOUNT}kueue-system:kueue-controller-manager",)
_NAMED = 5


@dataclass(frozen=True, slots=True)
class _Role:
    """A role that is bound where tenants are: what of Ray's status it may write, and for whom."""

    where: str
    resources: tuple[str, ...]
    subjects: tuple[str, ...]


def findings(case: Case) -> Iterator[Finding | Note]:
    """The rights that RBAC grants to subjects other than the control plane, KubeRay's operator and administrators."""
    if not case.objects.serves(CLUSTER_ROLE_BINDINGS):
        yield Note("there are no ClusterRoleBindings, so it is unknown who may write the status of Ray objects")
    for role in _status_writers(case):
        more = f" and {len(role.subjects) - _NAMED} more" if len(role.subjects) > _NAMED else ""
        what = (
            f"lets {', '.join(role.subjects[:_NAMED])}{more} write {', '.join(role.resources)}: KubeRay acts on what a "
            "status says, and no policy looks at it"
        )
        fix = "take update and patch of these (or of *) out of the role; only KubeRay's operator needs them"
        yield Finding("status-writable", role.where, what, fix)
    yield from _endpoints(case)


def _status_writers(case: Case) -> Iterator[_Role]:
    """Every such role once, in order."""
    roles = _roles(case)
    found: dict[str, tuple[list[str], list[str]]] = {}
    for namespace, binding in _bindings(case):
        kind, name = text_at(binding, "roleRef", "kind"), text_at(binding, "roleRef", "name")
        rules = roles.get((kind, namespace if kind == "Role" else "", name), [])
        statuses = [(each.group, f"{each.plural}/status") for each in _KINDS]
        resources = [status for group, status in statuses if _grants(rules, group, status, _CHANGING)]
        subjects = [shown for each in list_at(binding, "subjects") if (shown := _outsider(each, namespace, case))]
        if not namespace and any(_is_everything(rule) for rule in rules):
            # Whoever has all rights everywhere is an administrator, unless it is a tenant or anybody.
            subjects = [each for each in subjects if _is_a_tenant(each, case)]
        if resources and subjects:
            where = f"{namespace}/Role/{name}" if kind == "Role" else f"ClusterRole/{name}"
            by = f"{namespace}/RoleBinding" if namespace else "ClusterRoleBinding"
            _, whom = found.setdefault(where, (resources, []))
            whom += [f"{subject} ({by}/{name_of(binding)})" for subject in subjects]
    yield from (_Role(where, tuple(what), tuple(whom)) for where, (what, whom) in sorted(found.items()))


def _roles(case: Case) -> dict[tuple[str, str, str], list[Any]]:
    return {
        (resource.kind, part.namespace, name_of(part.value)): list_at(part.value, "rules")
        for resource in (CLUSTER_ROLES, ROLES)
        for part in case.objects.of(resource)
    }


def _bindings(case: Case) -> Iterator[tuple[str, Any]]:
    """Those that count in a tenant's namespace, each with its namespace, '' for all."""
    yield from (("", part.value) for part in case.objects.of(CLUSTER_ROLE_BINDINGS))
    tenants = case.config.by_namespace()
    yield from ((part.namespace, part.value) for part in case.objects.of(ROLE_BINDINGS) if part.namespace in tenants)


def _outsider(subject: Any, namespace: str, case: Case) -> str:
    """The name of a subject; '' for the control plane, the operator and administrators."""
    kind, name = text_at(subject, "kind"), text_at(subject, "name")
    administrators = case.config.platform.administrators
    if kind == "Group":
        return "" if name in (*_GROUPS, *administrators.groups) else f"Group {name}"
    space = text_at(subject, "namespace") or namespace
    user = f"{_ACCOUNT}{space}:{name}" if kind == "ServiceAccount" else name
    expected = (case.config.platform.operator.username, *administrators.users, *_CONTROLLERS)
    if user in expected or _is_control_planes(user):
        return ""
    return f"ServiceAccount {space}/{name}" if kind == "ServiceAccount" else f"User {name}"


def _is_control_planes(user: str) -> bool:
    """Whether the control plane itself sends requests under this name."""
    if user.startswith(_ACCOUNT):
        return user.startswith(f"{_ACCOUNT}kube-system:")
    return user.startswith("system:") and user not in _ANYBODY


def _is_a_tenant(shown: str, case: Case) -> bool:
    """Whether a subject is every user, or an account in a tenant's namespace."""
    kind, _, name = shown.partition(" ")
    accounts = {"ServiceAccount": "{}/", "User": _ACCOUNT + "{}:", "Group": "system:serviceaccounts:{}:"}[kind]
    return name in _ANYBODY or any(f"{name}:".startswith(accounts.format(each)) for each in case.config.by_namespace())


def _is_everything(rule: Any) -> bool:
    """Whether it grants every right there is."""
    keys = ("apiGroups", "resources", "verbs")
    return all("*" in list_at(rule, key) for key in keys) and not list_at(rule, "resourceNames")


def _grants(rules: list[Any], group: str, resource: str, verbs: frozenset[str]) -> bool:
    """Whether any of the rules allows one of these verbs, as RBAC reads them."""
    _, _, subresource = resource.partition("/")
    names = {resource, "*", *([f"*/{subresource}"] if subresource else [])}
    return any(
        not {group, "*"}.isdisjoint(list_at(rule, "apiGroups"))
        and not names.isdisjoint(list_at(rule, "resources"))
        and not verbs.isdisjoint(list_at(rule, "verbs"))
        for rule in rules
        if isinstance(rule, Mapping)
    )


def _endpoints(case: Case) -> Iterator[Finding]:
    found = case.objects.one(CLUSTER_ROLES, "", EDIT)
    rules = list_at(found.value, "rules") if found else []
    if writable := [name for group, name in _ENDPOINTS if _grants(rules, group, name, _WRITING)]:
        what = f"may write {', '.join(writable)}: a user with this role can make a Service lead to any pod or address"
        fix = f"take {', '.join(writable)} out of ClusterRole system:aggregate-to-{EDIT} and of others that it collects"
        yield Finding("endpoints-writable", f"ClusterRole/{EDIT}", what, fix)


_KINDS = tuple({each.plural: each for each in RAY.resources}.values())
