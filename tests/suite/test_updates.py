"""Updates, which the Kyverno CLI is told of by two of a policy's variables."""

from __future__ import annotations

import pytest

from rayfence import admission, yamlio
from rayfence.manifests import bundle
from rayfence.model.config import Config
from rayfence.suite import updates
from rayfence.tenants import parse
from rayfence.workload import Request

TENANT = """
apiVersion: rayfence/v1alpha1
kind: Tenant
metadata: {name: team-a}
spec: {namespaces: [ray-a], container: {cpu: {min: "1", max: "4"}, memory: {min: 2Gi, max: 8Gi}}}
"""


@pytest.fixture(scope="module")
def config() -> Config:
    return parse([("t.yaml", TENANT)])


def variables(text: str) -> dict[str, str]:
    (document,) = yamlio.read(text, "policy")
    assert isinstance(document, yamlio.Document)
    return {each["name"]: each["expression"] for each in document.value["spec"]["variables"]}


def test_an_update_changes_two_variables_and_nothing_else(config: Config) -> None:
    text = bundle.files(config, ["validatingpolicy"])["validatingpolicy/guard-pods.yaml"]
    old = {"kind": "Pod", "metadata": {"labels": {"a": 'quo"te'}}, "spec": {"x": [1, 2.5, True, None]}}

    changed, request = updates.asked(text, Request(operation="UPDATE", old=old))

    assert Request() == request
    assert variables(text) | {
        "operation": "'UPDATE'",
        "old_object": 'dyn({"kind": dyn("Pod"), "metadata": dyn({"labels": dyn({"a": dyn("quo\\"te")})}), '
        '"spec": dyn({"x": dyn([dyn(1), dyn(2.5), dyn(true), dyn(null)])})})',
    } == variables(changed)


def test_what_is_no_update_is_asked_as_it_is(config: Config) -> None:
    request = Request("somebody", operation="DELETE")

    assert ("text", request) == updates.asked("text", request)


def test_every_policy_reads_the_request_in_these_variables_alone(config: Config) -> None:
    """Outside of its own two variables a policy that reads them would not be told of an update offline."""
    for policy in admission.policies(config):
        texts = {name: text for name, text in policy.variables.items() if name not in ("operation", "old_object")}

        assert {} == {name: text for name, text in texts.items() if "request.operation" in text or "oldObject" in text}
