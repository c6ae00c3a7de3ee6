"""A new backend is a folder and a line in a table: every command knows it, and no other code does."""

from __future__ import annotations

import re

import pytest
from docs import command_line

from rayfence import admission, tenants
from rayfence.audit.installed import backends
from rayfence.backends import BACKENDS
from rayfence.backends.resources import kinds, resource_of, why_not_ready
from rayfence.doctor import examine
from rayfence.gotool import KYVERNO
from rayfence.installation import dry_run, install
from rayfence.installation.desired import desired_objects
from rayfence.installation.removing import ours
from rayfence.manifests import bundle
from rayfence.manifests.static_file import NAME as ENGINELESS
from rayfence.model.subjects import RAY
from rayfence.suite import manifests
from rayfence.suite.coverage import compare_scopes
from rayfence.suite.engines import engine_of, tool_of

from ..command_line import contents, rayfence, tenant, write
from ..fake_cluster import FakeCluster
from ..healthy_cluster import healthy
from ..saved_cluster import CONFIG, saved
from .toy import BACKEND

OTHERS = tuple(BACKENDS)


@pytest.fixture(autouse=True)
def toy(monkeypatch):
    """The one line."""
    monkeypatch.setitem(BACKENDS, BACKEND.name, BACKEND)


@pytest.fixture
def place(tmp_path, monkeypatch):
    write(tmp_path / "tenants", a=tenant("team-a"), b=tenant("team-b"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def silent(said: str) -> None:
    """Nobody is told."""


def installed(cluster: FakeCluster) -> list[str]:
    return sorted({kind for _, kind, _, _ in cluster.there if kind.endswith(("Policy", "Template", "Binding"))})


def test_a_build_writes_its_folder_beside_the_others(place):
    assert 0 == rayfence("build").exit_code
    found = contents(place / "policies")

    assert {"README.md", "tenants", "toy", *OTHERS} == {path.partition("/")[0] for path in found}
    assert b"kind: ToyPolicy" in found["toy/guard-pods.yaml"]
    assert b"- guard-pods.yaml\n" in found["toy/kustomization.yaml"]
    assert f"toy/{ENGINELESS}" in found
    assert 0 == rayfence("build", "--check").exit_code


def test_it_can_be_built_alone(place):
    assert 0 == rayfence("build", "--backend", "toy").exit_code
    assert {"README.md", "tenants", "toy"} == {path.partition("/")[0] for path in contents(place / "policies")}

    result = rayfence("build", "--backend", "toy", "--check")
    assert (0, True) == (result.exit_code, "up to date" in result.stdout)


OPTIONS = {"build": "backend", "test": "backend", "check": "engine", "install": "backend", "mutation-test": "backend"}


@pytest.mark.parametrize(("command", "option"), OPTIONS.items())
def test_each_command_that_asks_for_a_backend_offers_it(command, option):
    result = rayfence(command, f"--{option}", "tpy")

    assert (2, True) == (result.exit_code, "did you mean toy?" in result.stderr)


def test_the_page_of_the_command_line_names_it():
    choices = re.findall(r"`--(?:backend|engine) ([a-z|\\]+)`", command_line())

    assert len(OPTIONS) == len(choices)
    assert all("toy" in re.split(r"[|\\]+", each) for each in choices)


def test_its_kind_is_known_wherever_kinds_are_asked_for():
    (manifest, *_) = BACKEND.files(CONFIG)["guard-pods.yaml"]

    assert BACKEND.policy_kind == resource_of(manifest)
    assert BACKEND.kinds[0] in kinds()
    assert "" == why_not_ready(manifest)
    assert "it fell" == why_not_ready(manifest | {"status": {"broken": "it fell"}})


def test_an_audit_and_an_examination_list_it():
    cluster = saved(*healthy("toy"))
    findings = [each.id for each in examine(CONFIG, cluster).findings if each.id.startswith("policy")]

    assert (["toy"], []) == (backends(cluster), findings)


def test_an_examination_finds_what_is_wrong_with_its_policies():
    values = [each for each in healthy("toy") if each["metadata"]["name"] != "guard-exposure"]
    for each in values:
        if each["kind"] == "ToyPolicy" and each["metadata"]["name"] == RAY.name:
            each["status"] = {"broken": "it fell"}
    found = {(each.id, each.where) for each in examine(CONFIG, saved(*values)).findings if "ToyPolicy" in each.where}

    missing, fallen = ("policy-missing", "ToyPolicy/guard-exposure"), ("policy-not-ready", f"ToyPolicy/{RAY.name}")
    assert {missing, fallen} == found


@pytest.mark.parametrize("gone", OTHERS)
def test_a_build_without_one_of_the_others_leaves_the_rest_as_it_is(gone, monkeypatch):
    before = bundle.files(CONFIG)
    monkeypatch.delitem(BACKENDS, gone)

    assert {path: text for path, text in before.items() if not path.startswith(f"{gone}/")} == bundle.files(CONFIG)


@pytest.mark.parametrize("other", OTHERS)
def test_an_installation_puts_it_in_place_of_another_and_prunes_it_again(other):
    cluster = FakeCluster(CONFIG)
    install(cluster, desired_objects(CONFIG, other), silent, cluster.clock)
    before = installed(cluster)
    gone = {each.name for each in dry_run(cluster, desired_objects(CONFIG, "toy")) if each.what == "remove"}
    install(cluster, desired_objects(CONFIG, "toy"), silent, cluster.clock)

    assert gone
    assert ["NetworkPolicy", "ToyPolicy"] == installed(cluster)
    assert desired_objects(CONFIG, "toy").keys == set(ours(cluster))

    install(cluster, desired_objects(CONFIG, other), silent, cluster.clock)
    assert before == installed(cluster)


def test_the_suite_knows_its_engine_and_reads_its_policies():
    files = bundle.files(CONFIG, ["toy"])
    policies, found = admission.policies(CONFIG), manifests.of(files, "toy")

    assert KYVERNO == tool_of("toy")
    assert engine_of(CONFIG, "toy", found, tenants.__file__)
    assert [] == compare_scopes(found, BACKEND.offline, policies)

    path = "toy/guard-pods.yaml"
    text = files[path].replace("'ray-a'", "'ray-x'").replace("pods/resize", "pods/x")
    broken = manifests.of({**files, path: text}, "toy")
    assert {
        "policy guard-pods does not cover namespace ray-a",
        "policy guard-pods covers namespace ray-x",
        "policy guard-pods does not look at UPDATE /pods/resize",
        "policy guard-pods looks at UPDATE /pods/x",
    } <= set(compare_scopes(broken, BACKEND.offline, policies))
