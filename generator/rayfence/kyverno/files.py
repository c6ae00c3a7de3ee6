"""Writes the input of the Kyverno CLI besides policies and objects: expected results, users and kinds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from rayfence import yamlio
from rayfence.model.subjects import CREATE, Resource
from rayfence.workload import Request

USER, CRDS, CLUSTER = "user.yaml", "crds.yaml", "cluster.yaml"

_API = "cli.kyverno.io/v1alpha1"


@dataclass(frozen=True, slots=True)
class Expected:
    """One row that a test must come out with; `resource` is `namespace/name`."""

    policy: str
    rule: str
    resource: str
    result: str
    kind: str


def test_manifest(expected: Sequence[Expected], request: Request, crds: Sequence[Any]) -> dict[str, Any]:
    """A `Test` of policies.yaml and resources.yaml."""
    return {
        "apiVersion": _API,
        "kind": "Test",
        "metadata": {"name": "rayfence"},
        "policies": ["policies.yaml"],
        "resources": ["resources.yaml"],
        **({"userinfo": USER} if user(request) else {}),
        **({"clusterResources": [CLUSTER]} if crds else {}),
        # A row that names an operation is one more run of every resource, besides the usual one.
        **(
            {"values": {"globalValues": {"request.operation": request.operation}}}
            if request.operation != CREATE
            else {}
        ),
        "results": [
            {
                "policy": each.policy,
                "rule": each.rule,
                "kind": each.kind,
                "resources": [each.resource],
                "result": each.result,
            }
            for each in expected
        ],
    }


def _operation(request: Request) -> dict[str, Any]:
    """What is asked for. Said in a row, it would be one more run of every resource, besides the usual one."""
    return {} if request.operation == CREATE else {"values": {"globalValues": {"request.operation": request.operation}}}


def user(request: Request) -> dict[str, str]:
    """The file that says who asks, where that is known."""
    if not request.username and not request.groups:
        return {}
    info = {"username": request.username, "groups": list(request.groups)}
    return {
        USER: yamlio.dump([{"apiVersion": _API, "kind": "UserInfo", "metadata": {"name": "user"}, "userInfo": info}])
    }


def known(crds: Sequence[Any], resources: Sequence[Any]) -> dict[str, str]:
    """The files that make kinds known, and the namespaces of the resources, for which native policies look."""
    if not crds:
        return {}
    namespaces = sorted({str(each["metadata"]["namespace"]) for each in resources if each["metadata"].get("namespace")})
    found = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in namespaces]
    cluster = {
        "apiVersion": _API,
        "kind": "ClusterResource",
        "metadata": {"name": "kinds"},
        "spec": {"crds": [CRDS], "resources": found},
    }
    return {CRDS: yamlio.dump(crds), CLUSTER: yamlio.dump([cluster])}


def stub_crds(resources: Iterable[Resource]) -> list[dict[str, Any]]:
    """CustomResourceDefinitions that say of kinds no more than that they are there, in which versions.

    KubeRay's own are four megabytes, which the CLI would read again for every object.
    """
    kinds: dict[tuple[str, str, str], list[str]] = {}
    for each in resources:
        kinds.setdefault((each.group, each.kind, each.plural), []).append(each.version)
    return [_stub(*names, versions) for names, versions in kinds.items()]


_NOT_APPROVED = {"api-approved.kubernetes.io": "unapproved, stands in for the project's own"}
"""Without it a server takes no kinds in groups of Kubernetes' own."""


def _stub(group: str, kind: str, plural: str, versions: Sequence[str]) -> dict[str, Any]:
    anything = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": _NOT_APPROVED if group.endswith(".k8s.io") else {}},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": version == versions[0],
                    "schema": anything,
                    "subresources": {"status": {}},
                }
                for version in versions
            ],
        },
    }
