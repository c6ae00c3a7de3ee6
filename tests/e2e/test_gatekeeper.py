"""Gatekeeper on a real API server: its webhook says of every case what Python says, and the commands know their way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from controlplane import gatekeeper
from controlplane.client import Client
from controlplane.gatekeeper import Gatekeeper
from controlplane.processes import until

from rayfence.cases.good import ray_cluster
from rayfence.model.config import Config
from rayfence.model.subjects import RAY

from ..command_line import rayfence
from .asking import ask_all, broken
from .bundled import Bundled
from .conftest import TENANT, progress
from .questions import Questions, asked, audited, enforced, put_to, wrong
from .test_cluster_commands import NOT_ON_THE_PLANE, TENANTS

BACKEND = "gatekeeper"
TEMPLATES = "templates.gatekeeper.sh/v1"


@pytest.fixture(scope="module")
def questions(admin: Client, tenant: Client, config: Config, bundled: Bundled) -> Iterator[Questions]:
    """What is asked, on a server without policies."""
    bundled.remove()
    with asked(admin, config) as found:
        yield found


@pytest.fixture(scope="module")
def manager(controlplane, admin: Client, questions: Questions) -> Iterator[Gatekeeper]:
    """Gatekeeper, and what `rayfence install` makes of the tenants of this repository on it."""
    if controlplane.servers is None:
        pytest.skip("a cluster that was given has no Gatekeeper of this suite's")
    with (
        gatekeeper.running(controlplane.servers, admin, progress) as running,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("KUBECONFIG", str(controlplane.kubeconfig))
        done("uninstall", "--yes")
        done("install", *TENANTS, "--backend", BACKEND)
        yield running
        done("uninstall", "--yes")
        assert [] == admin.list(TEMPLATES, "ConstraintTemplate")


def test_it_says_of_every_case_what_python_says(manager, questions, admin, config):
    pairs = enforced(questions, config)

    compared = put_to(admin, BACKEND, config, pairs)

    assert [] == wrong(compared.outcomes)
    assert () == compared.problems
    assert len(pairs) == len(compared.outcomes) > 1300
    assert {"pass", "fail"} == {each.validation for each in compared.outcomes}


def test_it_refuses_nothing_to_a_tenant_that_is_only_audited(manager, questions, admin, config):
    found = audited(questions, config)

    answers = ask_all(admin, found, TENANT)

    assert [] == [f"{case.name}: {each.message}" for case, each in zip(found, answers, strict=True) if not each.ok]
    assert any(case.fails for case in found)


def test_a_template_that_has_lost_a_rule_is_found_out(manager, tenant, admin, config):
    template = {"apiVersion": TEMPLATES, "kind": "ConstraintTemplate", "metadata": {"name": _lowered(RAY.name)}}
    there = admin.get(template).or_raise()["spec"]
    without = json.loads(json.dumps(there))
    variables = without["targets"][0]["code"][0]["source"]["variables"]
    next(each for each in variables if each["name"] == "require_tenant_nodes")["expression"] = "[]"
    bad = elsewhere(config)
    assert {"require-tenant-nodes"} == broken(tenant.create(bad, dry_run=True))
    admin.patch(template, {"spec": without}).or_raise()
    try:
        until("the change is felt", lambda: tenant.create(bad, dry_run=True).ok, 30)
        assert "policy-changed" in findings()
    finally:
        admin.patch(template, {"spec": there}).or_raise()
    until("it is refused again", lambda: not tenant.create(bad, dry_run=True).ok, 30)


def test_what_is_installed_is_found_healthy_and_installed_again_changes_nothing(manager):
    assert "nothing would change\n" == done("install", *TENANTS, "--backend", BACKEND, "--dry-run")
    until("it says that it has taken up what was changed last", lambda: not findings(), 30)


def test_while_it_is_away_nothing_of_ray_gets_in(manager, tenant, config):
    good = ray_cluster(config.platform, config.tenants[0])
    assert tenant.create(good, dry_run=True).ok
    manager.manager.stop()
    try:
        assert "failed calling webhook" in tenant.create(good, dry_run=True).message
    finally:
        manager.start()
    until("it judges again", lambda: tenant.create(good, dry_run=True).ok, 60)
    assert {"require-tenant-nodes"} == broken(tenant.create(elsewhere(config), dry_run=True))


def done(*words: str | Path) -> str:
    """What a command printed that went well."""
    result = rayfence(*words)
    assert 0 == result.exit_code, result.stderr
    return result.stdout


def elsewhere(config):
    """A RayCluster with its head on another tenant's nodes."""
    value = ray_cluster(config.platform, config.tenants[0])
    value["spec"]["headGroupSpec"]["template"]["spec"]["nodeSelector"] = {config.platform.node_label: "another"}
    return value


def findings() -> set[str]:
    found = json.loads(rayfence("doctor", *TENANTS, "--format", "json").stdout)["findings"]
    return {each["id"] for each in found} - NOT_ON_THE_PLANE


def _lowered(name: str) -> str:
    return name.replace("-", "")
