"""Who may do what: editors of namespaces, by Kubernetes' own role `edit` and Ray beside it; tokens of accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from controlplane.client import Client
from controlplane.processes import until
from rayfence.model.subjects import NETWORK_KINDS

RBAC = "rbac.authorization.k8s.io/v1"
EDIT = "edit"
HOURS = 24

_EVERYTHING = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_MORE = [
    {"apiGroups": ["ray.io"], "resources": ["*"], "verbs": _EVERYTHING},
    # Whoever may edit pods may be given these too; a policy that forgets them is found out here.
    {"apiGroups": [""], "resources": ["pods/ephemeralcontainers", "pods/resize"], "verbs": ["get", "patch", "update"]},
    # As projects let editors do when their kinds are installed.
    *(
        {"apiGroups": [each.group], "resources": [each.plural], "verbs": _EVERYTHING}
        for each in dict.fromkeys(NETWORK_KINDS.resources)
    ),
]


def let_edit(admin: Client, namespaces: Iterable[str], users: Sequence[str], groups: Sequence[str] = ()) -> None:
    """Make the namespaces, and these users and groups editors of each."""
    admin.apply(_role()).or_raise()
    for name in namespaces:
        admin.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).or_raise()
        admin.apply(_binding(name, users, groups)).or_raise()
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": name}}
        # Without it the server refuses every pod.
        until(f"{name}'s account", lambda account=account: admin.get(account).ok, 60)  # type: ignore[misc]


def _role() -> dict[str, Any]:
    labels = {"rbac.authorization.k8s.io/aggregate-to-edit": "true"}
    metadata = {"name": "rayfence-e2e-ray-editor", "labels": labels}
    return {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": metadata, "rules": _MORE}


def _binding(namespace: str, users: Sequence[str], groups: Sequence[str]) -> dict[str, Any]:
    api = "rbac.authorization.k8s.io"
    subjects = [
        {"apiGroup": api, "kind": kind, "name": name}
        for kind, names in (("User", users), ("Group", groups))
        for name in names
    ]
    return {
        "apiVersion": RBAC,
        "kind": "RoleBinding",
        "metadata": {"name": "rayfence-e2e-editors", "namespace": namespace},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": EDIT},
        "subjects": subjects,
    }


def let_write_status(admin: Client, user: str) -> None:
    """Let a user write the status of Ray's objects, and nothing else, as Kubernetes' role for an operator would."""
    rules = [{"apiGroups": ["ray.io"], "resources": ["*/status"], "verbs": ["get", "patch", "update"]}]
    name, api = "rayfence-e2e-status-writer", "rbac.authorization.k8s.io"
    kind = {"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules}
    binding = {
        "apiVersion": RBAC,
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": api, "kind": "User", "name": user}],
    }
    for each in (kind, binding):
        admin.apply(each).or_raise()
    # The server looks at roles a moment after it has taken them.
    until(f"{user}'s right", lambda: _may_write_status(admin, user), 60)


def _may_write_status(admin: Client, user: str) -> bool:
    attributes = {"group": "ray.io", "resource": "rayclusters", "subresource": "status", "verb": "patch"}
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {"user": user, "resourceAttributes": attributes},
    }
    answer = admin.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review).or_raise()
    return bool(answer["status"]["allowed"])


def token_of(admin: Client, namespace: str, account: str) -> str:
    """A token of a service account, good for a day. Raises Refused."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    asked = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": HOURS * 3600},
    }
    return str(admin.request("POST", path, asked).or_raise()["status"]["token"])
