"""install, audit, doctor and uninstall on a real API server, with a real Kyverno beside it."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rayfence import installation
from rayfence.cluster.connecting import connect
from rayfence.cluster.live import Cluster
from rayfence.installation import Clock, NotReady
from rayfence.installation.desired import desired_objects
from rayfence.model.subjects import NETWORK_POLICIES

from ..command_line import process, rayfence, surroundings
from . import isolation

pytest.importorskip("controlplane", reason="testing/controlplane, which starts the servers, is not in this checkout")

pytestmark = pytest.mark.e2e

TOP = Path(__file__).parents[2]
TENANTS = ("--tenants", TOP / "tenants")
BACKENDS = ("validatingpolicy", "clusterpolicy", "validatingadmissionpolicy")

# The plane has no KubeRay, no nodes and no plugin, and Kyverno runs beside it and not in the pods of its Deployments.
# Its tenants may do whatever an attacker would like to, and so write a status.
NOT_ON_THE_PLANE = {"kuberay-missing", "tenant-without-nodes", "kyverno-down", "status-writable"}

# Kyverno's reports controller gathers what it has to scan every thirty seconds, and takes its time about it.
SECONDS_TO_REPORT = 120

NETWORK_POLICY = "networking.k8s.io/v1"


@pytest.fixture
def kubeconfig(controlplane) -> Path:
    """The administrator's."""
    return controlplane.kubeconfig


@pytest.fixture
def strangers(controlplane) -> Path:
    """The kubeconfig of somebody with no rights at all."""
    if controlplane.servers is None:
        pytest.skip("only servers that were started here know users by certificates of their own")
    return controlplane.servers.kubeconfig_of("stranger", "rayfence-e2e-stranger")


@pytest.fixture(scope="module")
def cleared(bundled, controlplane, tenant) -> None:
    """Nothing of rayfence's is on the plane, whatever was left by suites before this one."""
    bundled.remove()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(controlplane.kubeconfig))
        assert 0 == rayfence("uninstall", "--yes").exit_code


@pytest.fixture
def place(cleared, kubeconfig: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The plane as the cluster that kubectl would take, with nothing of rayfence's on it, neither before nor after."""
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    yield
    assert 0 == rayfence("uninstall", "--yes").exit_code


@pytest.fixture
def here(kubeconfig: Path) -> Cluster:
    """The plane as the commands see it."""
    return connect(str(kubeconfig))


def install(*words: str, backend: str = "validatingadmissionpolicy"):
    return rayfence("install", *TENANTS, "--backend", backend, *words)


def audited() -> dict[str, Any]:
    return json.loads(rayfence("audit", *TENANTS, "--format", "json").stdout)


def findings() -> set[str]:
    found = json.loads(rayfence("doctor", *TENANTS, "--format", "json").stdout)["findings"]
    return {each["id"] for each in found}


def managed(admin) -> list[str]:
    """The roles that an installation applies first, which are there."""
    roles = admin.list("rbac.authorization.k8s.io/v1", "ClusterRole")
    names = (each["metadata"] for each in roles)
    return [each["name"] for each in names if each.get("labels", {}).get("app.kubernetes.io/managed-by") == "rayfence"]


def policy(name: str, namespace: str = "ray-namespace", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, **fields.pop("metadata", {})}
    return {"apiVersion": NETWORK_POLICY, "kind": "NetworkPolicy", "metadata": metadata, "spec": fields}


def bad_cluster(name: str = "bad") -> dict[str, Any]:
    container = {"name": "ray-head", "image": "rayproject/ray:2.52.0"}
    template = {"spec": {"containers": [container]}}
    spec = {"headGroupSpec": {"rayStartParams": {}, "template": template}}
    metadata = {"name": name, "namespace": "ray-namespace"}
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": metadata, "spec": spec}


def good_cluster(name: str = "good") -> dict[str, Any]:
    found = bad_cluster(name)
    found["metadata"]["labels"] = {"tenant": "team-a"}
    template = found["spec"]["headGroupSpec"]["template"]
    template["metadata"] = {"labels": {"tenant": "team-a"}}
    amounts = {"cpu": "2", "memory": "4Gi"}
    template["spec"]["containers"][0]["resources"] = {"requests": amounts, "limits": amounts}
    template["spec"]["nodeSelector"] = {"tenant": "team-a"}
    template["spec"]["tolerations"] = [
        {"key": "tenant", "operator": "Equal", "value": "team-a", "effect": "NoSchedule"}
    ]
    return found


def until(holds, seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.5)
    return holds()


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_installed_decides_and_is_found_healthy(place, tenant, backend):
    installed = install(backend=backend)
    refused = tenant.create(bad_cluster(), dry_run=True)

    assert (0, "") == (installed.exit_code, installed.stderr)
    assert "require-tenant-label" in refused.message
    assert True is audited()["summary"]["ok"]
    assert set() == findings() - NOT_ON_THE_PLANE


def test_policies_that_are_ready_and_refuse_nothing_are_no_installation(place, config, here):
    parts = desired_objects(config, "validatingadmissionpolicy")
    judges = tuple(
        {**each, "spec": {**each["spec"], "validationActions": ["Audit"]}}
        if "validationActions" in each["spec"]
        else each
        for each in parts.judges
    )

    with pytest.raises(NotReady, match="enforce-tenant-isolation admits a RayCluster in ray-namespace"):
        installation.install(here, replace(parts, judges=judges), lambda said: None, Clock(3))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_second_installation_changes_nothing(place, backend):
    assert 0 == install(backend=backend).exit_code
    again = install("--dry-run", backend=backend)

    assert (0, "nothing would change\n") == (again.exit_code, again.stdout)
    assert install(backend=backend).stdout.endswith("; 0 removed\n")


def test_a_dry_run_of_the_first_adds_everything_and_changes_nothing(place, config):
    result = install("--dry-run")
    *changes, last = result.stdout.splitlines()
    count = len(list(desired_objects(config, "validatingadmissionpolicy")))

    assert (1, f"{count} changes; nothing was changed") == (result.exit_code, last)
    assert ["add"] * count == [line.split()[0] for line in changes]
    assert "rayfence has nothing installed in this cluster\n" == rayfence("uninstall", "--yes").stdout


def test_what_was_opened_by_hand_is_seen_by_all_and_closed_again(place, admin):
    assert 0 == install().exit_code
    opened = policy("rayfence-default-deny", podSelector={}, policyTypes=["Ingress", "Egress"], ingress=[{}])
    admin.apply(opened, manager="kubectl-client-side-apply").or_raise()
    (deviation,) = audited()["networkLayer"]

    assert ("drifted", "rayfence-default-deny", "spec.ingress") == (
        deviation["what"],
        deviation["name"],
        deviation["path"],
    )
    assert "network-layer-changed" in findings()
    assert "-  ingress:" in install("--dry-run").stdout
    assert 0 == install().exit_code
    assert (True, "nothing would change\n") == (audited()["summary"]["ok"], install("--dry-run").stdout)


def test_a_policy_that_was_weakened_by_hand_is_seen_and_mended(place, admin, tenant):
    assert 0 == install().exit_code
    name = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding"}
    binding = admin.get({**name, "metadata": {"name": "enforce-tenant-isolation"}}).or_raise()
    admin.apply(
        {
            **name,
            "metadata": {"name": "enforce-tenant-isolation"},
            "spec": {**binding["spec"], "validationActions": ["Audit"]},
        },
        manager="kubectl",
    ).or_raise()

    assert "policy-action" in findings()
    assert 0 == install().exit_code
    assert set() == findings() - NOT_ON_THE_PLANE


def test_what_an_earlier_installation_left_is_removed_and_what_tenants_labelled_alike_is_not(place, admin):
    assert 0 == install().exit_code
    ours = {"labels": {"app.kubernetes.io/managed-by": "rayfence"}}
    admin.apply(policy("rayfence-of-old", podSelector={}, metadata=ours)).or_raise()
    admin.apply(policy("tenants-own", podSelector={}, ingress=[], metadata=ours)).or_raise()
    result = install()

    assert "removed NetworkPolicy ray-namespace/rayfence-of-old\n" in result.stdout
    assert result.stdout.endswith("; 1 removed\n")
    assert 0 == rayfence("uninstall", "--yes").exit_code
    assert admin.get(policy("tenants-own")).ok
    admin.delete(policy("tenants-own"))


@pytest.mark.parametrize(("first", "then"), [BACKENDS[:2], BACKENDS[1::-1]], ids=["to the older kind", "and back"])
def test_another_backend_takes_over(place, tenant, first, then):
    assert 0 == install(backend=first).exit_code
    moved = install(backend=then)

    assert (0, True) == (moved.exit_code, moved.stdout.endswith("; 8 removed\n"))
    assert "require-tenant-label" in tenant.create(bad_cluster(), dry_run=True).message
    assert set() == findings() - NOT_ON_THE_PLANE


PAIRS = [(first, then) for first in BACKENDS for then in BACKENDS if first != then]
GENERATING = {"validatingpolicy", "clusterpolicy"}


@pytest.fixture
def clusters(place, admin, config) -> Iterator[list[dict[str, Any]]]:
    """RayClusters from before, between and after; each is seen once by whoever writes a status, as KubeRay does."""
    found = [good_cluster(name) for name in ("before", "between", "after")]
    yield found
    for each in found:
        admin.delete(each)
    # Kyverno 1.19.1 leaves some of those that a ClusterPolicy made of what was there before it.
    assert until(lambda: not [admin.delete(policy(each)) for each in own_policies(admin)])


def own_policies(admin) -> list[str]:
    """The NetworkPolicies that Kyverno has made."""
    policies = (each["metadata"] for each in admin.list(NETWORK_POLICY, "NetworkPolicy"))
    return sorted(each["name"] for each in policies if "generate.kyverno.io/policy-name" in each.get("labels", {}))


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_clusters_from_before_between_and_after_a_move_are_isolated_and_judged(
    clusters, admin, tenant, config, first, then
):
    before, between, after = clusters
    assert until(lambda: admin.apply(before).ok), "the policies of the test before are still at work"
    assert 0 == install(backend=first).exit_code
    tenant.create(between).or_raise()
    isolation.notice(admin, config, between)
    assert until(lambda: audited()["summary"]["ok"]), audited()
    moved = install(backend=then)
    assert 0 == moved.exit_code, moved.stderr
    tenant.create(after).or_raise()
    isolation.notice(admin, config, after)

    assert until(lambda: audited()["summary"]["ok"]), audited()
    names = [f"rayfence-{each['metadata']['name']}-{role}" for each in clusters for role in ("head", "worker")]
    assert (sorted(names) if then in GENERATING else []) == own_policies(admin)
    assert "require-tenant-label" in tenant.create(bad_cluster(), dry_run=True).message
    assert (then in GENERATING) == bool(managed(admin))
    assert until(lambda: set() == findings() - NOT_ON_THE_PLANE), findings()
    assert "nothing would change\n" == install("--dry-run", backend=then).stdout
    assert then in GENERATING or until(lambda: not kyverno_is_asked_about_ray(admin))


def kyverno_is_asked_about_ray(admin) -> bool:
    found = [
        each
        for kind in ("Validating", "Mutating")
        for each in admin.list("admissionregistration.k8s.io/v1", f"{kind}WebhookConfiguration")
    ]
    rules = (rule for each in found for webhook in each.get("webhooks", ()) for rule in webhook.get("rules", ()))
    return any("ray.io" in rule["apiGroups"] for rule in rules)


def test_who_may_write_a_status_is_found(place, tenant):
    found = json.loads(rayfence("doctor", *TENANTS, "--format", "json").stdout)["findings"]
    (writable,) = (each for each in found if each["id"] == "status-writable")

    assert "ClusterRole/edit" == writable["where"]
    assert "User rayfence-e2e-tenant (ray-namespace/RoleBinding/rayfence-e2e-editors)" in writable["message"]


def test_a_dry_run_says_once_that_there_is_no_namespace(place, tmp_path):
    config = tmp_path / "team-x.yaml"
    config.write_text((TOP / "tenants" / "team-a.yaml").read_text().replace("ray-namespace", "ray-nowhere"))
    words = ("--tenants", config, "--backend", "validatingadmissionpolicy")
    tried, done = rayfence("install", *words, "--dry-run"), rayfence("install", *words)

    assert (3, 3) == (tried.exit_code, done.exit_code)
    assert 1 == (tried.stdout + tried.stderr).count("there is no namespace ray-nowhere")
    assert "not found" not in tried.stdout


def test_no_bad_cluster_gets_through_while_a_backend_takes_over(place, tenant):
    assert 0 == install(backend="validatingadmissionpolicy").exit_code
    moving = subprocess.Popen(
        process("install", *TENANTS, "--backend", "validatingpolicy"), env=surroundings(), stdout=subprocess.DEVNULL
    )
    admitted = tried = 0
    while moving.poll() is None:
        answer = tenant.create(bad_cluster(), dry_run=True)
        tried, admitted = tried + 1, admitted + answer.ok

    assert (0, 0) == (moving.returncode, admitted)
    assert tried > 10


def test_an_installation_that_was_interrupted_is_run_again(place, admin):
    begun = subprocess.Popen(process("install", *TENANTS, "--backend", "validatingpolicy"), env=surroundings())
    assert until(lambda: managed(admin))
    begun.send_signal(signal.SIGINT)

    assert 130 == begun.wait(30)
    assert 0 == install(backend="validatingpolicy").exit_code
    assert set() == findings() - NOT_ON_THE_PLANE


def test_who_may_not_install_is_told_so(place, strangers):
    result = install("--kubeconfig", str(strangers))

    assert (3, "") == (result.exit_code, result.stdout)
    assert "ask an administrator of the cluster for this right" in result.stderr


def test_who_may_look_and_not_write_is_told_every_right_that_is_lacking(place, strangers, admin):
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "rayfence-e2e-reader"}
    api = "rbac.authorization.k8s.io/v1"
    reader = {"apiVersion": api, "kind": "ClusterRole", "metadata": {"name": "rayfence-e2e-reader"}}
    everything = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    binding = {"apiVersion": api, "kind": "ClusterRoleBinding", "metadata": {"name": "rayfence-e2e-reader"}}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "rayfence-e2e-stranger"}]
    admin.apply({**reader, "rules": everything}).or_raise()
    admin.apply({**binding, "roleRef": role, "subjects": subjects}).or_raise()
    try:
        assert until(lambda: "you may not" in install("--kubeconfig", str(strangers)).stderr)
        told = install("--kubeconfig", str(strangers)).stderr

        assert "you may not create, patch, update, delete networkpolicies.networking.k8s.io" in told
        assert "you may not create, patch, update, delete validatingadmissionpolicies" in told
        assert told.endswith("nothing was installed\n")
    finally:
        admin.delete(binding)
        admin.delete(reader)


def test_who_may_not_read_is_told_so(place, strangers):
    result = rayfence("audit", *TENANTS, "--kubeconfig", strangers)

    assert (3, "") == (result.exit_code, result.stdout)
    assert "ask an administrator of the cluster for this right" in result.stderr


def test_what_came_before_the_policies_is_found(place, admin):
    assert until(lambda: admin.apply(bad_cluster("old")).ok), "the policies of the test before are still at work"
    try:
        assert 0 == install().exit_code
        (result,) = audited()["results"]

        assert ("old", "deny") == (result["name"], result["verdict"])
    finally:
        admin.delete(bad_cluster("old"))


@pytest.mark.parametrize("backend", ["validatingpolicy", "clusterpolicy"])
def test_what_kyverno_reports_of_it_stands_beside_and_says_the_same(place, admin, backend):
    assert until(lambda: admin.apply(bad_cluster("old")).ok), "the policies of the test before are still at work"
    try:
        assert 0 == install(backend=backend).exit_code
        assert until(lambda: audited()["summary"]["reportedByKyverno"], SECONDS_TO_REPORT)
        found = audited()
        (result,) = found["results"]

        assert [] == found["disagreements"]
        assert "fail" == result["kyverno"]["result"]
        assert {each["rule"] for each in result["violations"]} == set(result["kyverno"]["rules"])
    finally:
        admin.delete(bad_cluster("old"))


def test_a_generated_policy_is_owed_to_each_cluster(place, admin):
    assert 0 == install(backend="validatingpolicy").exit_code
    admin.apply(good_cluster()).or_raise()
    try:
        assert until(lambda: audited()["summary"]["ok"])
        admin.apply(good_cluster()).or_raise()
        assert 2 == sum(
            1 for each in admin.list(NETWORK_POLICY, "NetworkPolicy") if "-good-" in each["metadata"]["name"]
        )
    finally:
        admin.delete(good_cluster())


@pytest.mark.parametrize("page", [1, 2, 7, 500])
def test_pages_hold_everything_once(place, here, page):
    assert 0 == install().exit_code
    pages = Cluster(here._client, page)
    found = [(part.namespace, part.value["metadata"]["name"]) for part in pages.of(NETWORK_POLICIES.resources[0])]

    assert len(found) == len(set(found)) >= 19


def test_uninstalling_leaves_nothing(place, admin):
    assert 0 == install(backend="validatingpolicy").exit_code
    result = rayfence("uninstall", "--yes")

    assert (0, True) == (result.exit_code, result.stdout.startswith("removed: "))
    assert "rayfence has nothing installed in this cluster\n" == rayfence("uninstall", "--yes").stdout
    assert [] == [
        each for each in admin.list(NETWORK_POLICY, "NetworkPolicy") if "rayfence" in each["metadata"]["name"]
    ]


def test_nobody_to_ask_is_no_yes(place, admin):
    assert 0 == install().exit_code
    result = rayfence("uninstall")

    assert 2 == result.exit_code
    assert "say --yes" in result.stderr
    assert True is audited()["summary"]["ok"]
