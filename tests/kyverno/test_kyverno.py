"""The Kyverno CLI as rayfence calls it: it judges the request that it is told of, for every kind of policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rayfence import kyverno, yamlio
from rayfence.gotool import KYVERNO, find
from rayfence.model.subjects import RAY
from rayfence.workload import Request

pytestmark = pytest.mark.engine

CLUSTER = {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "x", "namespace": "ray-a"}, "spec": {}}
RULES = [{"apiGroups": ["ray.io"], "apiVersions": ["*"], "operations": ["*"], "resources": ["rayclusters"]}]


@pytest.fixture(scope="session")
def engine() -> Path:
    return find(KYVERNO, print).path


def policy(kind: str, expression: str) -> str:
    validations = {"validations": [{"expression": expression}]}
    match kind:
        case "ClusterPolicy":
            resources = {"kinds": ["ray.io/v1/RayCluster"], "operations": ["CREATE", "UPDATE", "DELETE"]}
            rule = {
                "name": "asked",
                "match": {"any": [{"resources": resources}]},
                "validate": {"cel": {"expressions": validations["validations"]}},
            }
            spec: dict[str, Any] = {"rules": [rule]}
            api = "kyverno.io/v1"
        case _:
            spec = {"matchConstraints": {"resourceRules": RULES}, **validations}
            api = "policies.kyverno.io/v1" if kind == "ValidatingPolicy" else "admissionregistration.k8s.io/v1"
    return yamlio.dump([{"apiVersion": api, "kind": kind, "metadata": {"name": "asked"}, "spec": spec}])


def reason(engine: Path, kind: str, expression: str, request: Request) -> str:
    rule = {"ClusterPolicy": "asked", "ValidatingPolicy": "", "ValidatingAdmissionPolicy": "asked"}[kind]
    crds = kyverno.stub_crds(each for each in RAY.resources if each.kind == "RayCluster")
    native = crds if kind == "ValidatingAdmissionPolicy" else ()
    expected = [kyverno.Expected("asked", rule, "ray-a/x", "pass", "RayCluster")]
    (row,) = kyverno.run_test(engine, policy(kind, expression), [CLUSTER], expected, request, native).rows
    return row.reason


@pytest.mark.parametrize("operation", ["CREATE", "UPDATE", "DELETE"])
@pytest.mark.parametrize("kind", ["ClusterPolicy", "ValidatingPolicy"])
def test_the_operation_is_the_requests(engine: Path, kind: str, operation: str) -> None:
    request = Request(operation=operation)

    assert "Ok" == reason(engine, kind, f"request.operation == '{operation}'", request)
    assert "Ok" != reason(engine, kind, f"request.operation != '{operation}'", request)


def test_a_native_policy_is_asked_of_creations_whatever_the_request(engine: Path) -> None:
    request = Request(operation="DELETE")

    assert "Ok" == reason(engine, "ValidatingAdmissionPolicy", "request.operation == 'CREATE'", request)


@pytest.mark.parametrize("kind", ["ClusterPolicy", "ValidatingPolicy", "ValidatingAdmissionPolicy"])
def test_the_user_is_the_requests(engine: Path, kind: str) -> None:
    request = Request("alice", ("team-a", "everyone"))
    who = "request.?userInfo.?username.orValue('') == 'alice'"
    groups = "'everyone' in request.?userInfo.?groups.orValue([])"

    assert "Ok" == reason(engine, kind, f"{who} && {groups}", request)
    assert "Ok" != reason(engine, kind, f"!({who})", request)


@pytest.mark.parametrize("kind", ["ClusterPolicy", "ValidatingPolicy", "ValidatingAdmissionPolicy"])
def test_a_policy_answers_also_where_nobody_is_known_to_ask(engine: Path, kind: str) -> None:
    # For native policies the CLI puts a name of its own there, as Kyverno's background scans do.
    nobodys = "['', 'system:kyverno:background-scan']"

    assert "Ok" == reason(engine, kind, f"request.?userInfo.?username.orValue('') in {nobodys}", Request())
