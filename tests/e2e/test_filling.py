"""Where KubeRay isolates clusters, whoever leaves out `networkPolicy` has it filled in before any rule looks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from controlplane import access
from controlplane.client import Client
from controlplane.processes import until

from rayfence import tenants
from rayfence.cases.good import good
from rayfence.model.config import Config, Mode, Tenant
from rayfence.model.subjects import RAY
from rayfence.network import filled
from rayfence.network.mutation import FIELD, PLACES
from rayfence.network.tables import FILLING as NAME

from ..command_line import rayfence
from .asking import broken
from .bundled import Bundled
from .conftest import TENANT
from .test_cluster_commands import NOT_ON_THE_PLANE

BACKENDS = ("validatingpolicy", "clusterpolicy")
KINDS = {"clusterpolicy": "ClusterPolicy", "validatingpolicy": "MutatingPolicy"}

TENANT_FILE = """\
apiVersion: rayfence/v1alpha1
kind: Tenant
metadata:
  name: {name}
spec:
  namespaces: [{namespace}]
  container:
    cpu: {{min: "1", max: "4"}}
    memory: {{min: 2Gi, max: 8Gi}}
  network:
    provider: {provider}
    mode: {mode}
"""


def write(folder: Path, **providers: str) -> Path:
    """A folder of tenants, each with a provider of its own; the second one of KubeRay's opens more than the first."""
    folder.mkdir()
    modes = {"wide": Mode.DENY_ALL_INGRESS}
    for name, provider in providers.items():
        mode = modes.get(name, Mode.DENY_ALL)
        text = TENANT_FILE.format(name=name, namespace=f"ray-{name}", provider=provider, mode=mode)
        (folder / f"{name}.yaml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("filling") / "tenants", plain="kuberay", wide="kuberay", own="rayfence")


@pytest.fixture(scope="module")
def owners(folder: Path) -> Config:
    return tenants.load([folder])


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request, bundled: Bundled, admin: Client, tenant: Client, controlplane, owners, folder) -> Iterator[str]:
    """What `rayfence install` puts there for them, and no other bundle."""
    bundled.remove()
    access.let_edit(admin, [each.namespaces[0] for each in owners.tenants], [TENANT])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(controlplane.kubeconfig))
        assert 0 == rayfence("uninstall", "--yes").exit_code
        installed = rayfence("install", "--tenants", folder, "--backend", request.param)
        assert (0, "") == (installed.exit_code, installed.stderr)
        yield request.param
        assert 0 == rayfence("uninstall", "--yes").exit_code


def owner_of(config: Config, name: str) -> Tenant:
    return next(each for each in config.tenants if each.name == name)


def lacking(config: Config, name: str) -> list[dict[str, Any]]:
    """A good object of every kind, which asks KubeRay for nothing."""
    found = [each for each in good(RAY, config.platform, owner_of(config, name)) if each["apiVersion"] == "ray.io/v1"]
    for each in found:
        cluster_of(each).pop(FIELD, None)
    return found


def cluster_of(value: dict[str, Any]) -> dict[str, Any]:
    found = value
    for step in PLACES[value["kind"]]:
        found = found[step]
    return found


@pytest.mark.parametrize("name", ["plain", "wide", "own"])
def test_it_is_filled_in_for_whom_kuberay_isolates_and_for_nobody_else(name, backend, owners, tenant):
    values = lacking(owners, name)

    answers = [tenant.create(each, dry_run=True) for each in values]

    assert set(PLACES) == {each["kind"] for each in values}
    assert [] == [answer.message for answer in answers if not answer.ok]
    wanted = [filled(owner_of(owners, name), each)["spec"] for each in values]
    assert wanted == [answer.value["spec"] for answer in answers]
    assert (name != "own") is all(each != value["spec"] for each, value in zip(wanted, values, strict=True))


def test_what_is_stored_has_it_and_keeps_it(backend, owners, tenant, admin):
    value = lacking(owners, "plain")[0]
    tenant.create(value).or_raise()
    try:
        created = admin.get(value).or_raise()
        replaced = tenant.replace({**deepcopy(created), "spec": value["spec"]}).or_raise()
        applied = tenant.apply(value).or_raise()
        taken_out = tenant.patch(value, {"spec": {FIELD: None}}).or_raise()
    finally:
        admin.delete(value).or_raise()

    asked = [each["spec"][FIELD] for each in (created, replaced, applied, taken_out)]
    assert [{"mode": Mode.DENY_ALL}] * 4 == asked


def test_what_is_written_is_not_touched_and_refused_where_it_opens(backend, owners, tenant):
    right, wrong, empty, older = (lacking(owners, "plain")[0] for _ in range(4))
    right["spec"][FIELD] = {"mode": "DenyAll", "head": {"egressRules": []}}
    wrong["spec"][FIELD] = {"mode": "DenyAllEgress"}
    empty["spec"][FIELD] = {}
    older["apiVersion"] = "ray.io/v1alpha1"

    admitted = [tenant.create(each, dry_run=True) for each in (right, empty)]
    refused = [tenant.create(each, dry_run=True) for each in (wrong, older)]

    assert [right["spec"], empty["spec"]] == [answer.or_raise()["spec"] for answer in admitted]
    assert [{"require-network-policy"}] * 2 == [broken(answer) for answer in refused]


def test_without_what_fills_in_it_is_refused(backend, owners, tenant, admin):
    """So that a server which does not ask Kyverno, or too late, opens nothing."""
    value = lacking(owners, "plain")[0]
    policy = {"apiVersion": api_version(backend), "kind": KINDS[backend], "metadata": {"name": NAME}}
    there = admin.get(policy).or_raise()
    admin.delete(policy).or_raise()
    try:
        until("nothing is filled in", lambda: not tenant.create(value, dry_run=True).ok, 60)
        assert {"require-network-policy"} == broken(tenant.create(value, dry_run=True))
    finally:
        kept = {key: there["metadata"][key] for key in ("name", "labels")}
        admin.apply({**policy, "metadata": kept, "spec": there["spec"]}).or_raise()
    until("it is filled in again", lambda: tenant.create(value, dry_run=True).ok, 60)


def test_doctor_finds_it_healthy(backend, folder):
    found = json.loads(rayfence("doctor", "--tenants", folder, "--format", "json").stdout)["findings"]

    assert set() == {each["id"] for each in found} - NOT_ON_THE_PLANE


def test_it_goes_with_the_last_tenant_that_needs_it(backend, folder, owners, tenant, admin, tmp_path):
    """And comes back before anybody is refused for the lack of it."""
    none = write(tmp_path / "none", plain="rayfence", wide="rayfence", own="rayfence")
    value = lacking(owners, "plain")[0]

    without = rayfence("install", "--tenants", none, "--backend", backend)
    until("nothing is filled in", lambda: FIELD not in tenant.create(value, dry_run=True).or_raise()["spec"], 60)
    left = [each["metadata"]["name"] for each in admin.list(api_version(backend), KINDS[backend])]
    again = rayfence("install", "--tenants", folder, "--backend", backend)

    assert (0, 0) == (without.exit_code, again.exit_code)
    assert NAME not in left
    assert {"mode": Mode.DENY_ALL} == tenant.create(value, dry_run=True).or_raise()["spec"][FIELD]


def api_version(backend: str) -> str:
    return {"clusterpolicy": "kyverno.io/v1", "validatingpolicy": "policies.kyverno.io/v1"}[backend]
