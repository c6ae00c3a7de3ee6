"""The move from ClusterPolicies to ValidatingPolicies, while somebody tries a bad RayCluster all the time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from controlplane import bundles
from controlplane.client import Answer, Client
from controlplane.processes import until

from rayfence import admission
from rayfence.model.config import Config

from . import isolation
from .bundled import Bundled

OLD, NEW = "clusterpolicy", "validatingpolicy"
RULE = "require-tenant-nodes"


@contextmanager
def trying(tenant: Client, value: dict[str, Any]) -> Iterator[list[Answer]]:
    """All answers to dry runs of one object while the block runs."""
    answers: list[Answer] = []
    done = threading.Event()

    def again_and_again() -> None:
        while not done.is_set():
            answers.append(tenant.create(value, dry_run=True))

    tries = threading.Thread(target=again_and_again)
    tries.start()
    try:
        yield answers
    finally:
        done.set()
        tries.join()


def bad(config: Config) -> dict[str, Any]:
    value = isolation.new_cluster(config, "bad")
    value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {"tenant": "team-b"}
    return value


@pytest.fixture
def objects(config: Config) -> dict[str, list[dict[str, Any]]]:
    """Backend -> what is its alone: the policies."""
    return {
        backend: [
            each
            for each in bundles.objects(config, backend)
            if each["kind"].endswith("Policy") and each["kind"] != "NetworkPolicy"
        ]
        for backend in (OLD, NEW)
    }


def test_at_no_moment_is_a_bad_one_admitted_or_a_running_one_open(bundled: Bundled, admin, tenant, config, objects):
    bundled.use(OLD)
    running = isolation.new_cluster(config, "moved")
    isolation.start(admin, tenant, config, running)

    with trying(tenant, bad(config)) as answers:
        until("some answers", lambda: len(answers) > 5, 60)
        move(admin, tenant, config, objects, running)
        enough = len(answers) + 20
        until("some more", lambda: len(answers) > enough, 60)

    bundled.backend = NEW
    assert [] == [answer.value for answer in answers if answer.ok or not ids(answer)]
    assert {frozenset({RULE})} == {ids(answer) for answer in answers}
    assert "vpol" in answers[-1].message
    admin.patch(isolation.named(running, "head"), {"spec": {"ingress": [{}]}}).or_raise()
    isolation.isolate(admin, config, running)
    admin.delete(running).or_raise()


def ids(answer: Answer) -> frozenset[str]:
    return admission.read(answer.message)[0]


def move(admin: Client, tenant: Client, config: Config, objects: Any, running: Any) -> None:
    """As docs/moving-from-clusterpolicy.md has it; running clusters keep their policies all the while."""
    judging, generating = (
        [each for each in objects[NEW] if (each["kind"] == "GeneratingPolicy") is generates]
        for generates in (False, True)
    )
    bundles.apply(admin, judging)
    until("both refuse", lambda: both_refuse(tenant, config), bundles.SECONDS_TO_ENFORCE)
    for old in (each for each in objects[OLD] if is_generating(each)):
        leave = [{"op": "add", "path": "/spec/rules/0/generate/orphanDownstreamOnPolicyDelete", "value": True}]
        path = f"/apis/kyverno.io/v1/clusterpolicies/{old['metadata']['name']}"
        admin.request("PATCH", path, leave, "application/json-patch+json").or_raise()
        admin.delete(old).or_raise()
    assert isolation.wanted(config, running) == isolation.found(admin, running)
    bundles.apply(admin, generating)
    for old in (each for each in objects[OLD] if not is_generating(each)):
        admin.delete(old).or_raise()
    until("the old are gone", lambda: not admin.list("kyverno.io/v1", "ClusterPolicy"), 60)
    assert isolation.wanted(config, running) == isolation.found(admin, running)


def is_generating(policy: Any) -> bool:
    return bool(policy["metadata"]["name"].startswith("generate-"))


def both_refuse(tenant: Client, config: Config) -> bool:
    """The server asks both webhooks, and names one of those that refuse."""
    said = tenant.create(bad(config), dry_run=True).message
    return "vpol" in said
