"""The bundle: the same bytes for the same input, and something `kubectl apply -k` can install."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import unified_diff
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from rayfence.backends import BACKENDS
from rayfence.backends.clusterpolicy.webhooks import conditions, patch
from rayfence.gotool import KUSTOMIZE, find
from rayfence.manifests import bundle, overview
from rayfence.model.config import Allow, Bounds, Config, Enforcement, Network, Platform, Quota, Tenant
from rayfence.model.subjects import SUBJECTS

from ..builders import BOUNDS


def tenant(name: str, *namespaces: str, enforcement: Enforcement = Enforcement.ENFORCE) -> Tenant:
    network = Network(enforce=enforcement is Enforcement.ENFORCE)
    return Tenant(name, namespaces, BOUNDS, enforcement, network=network)


CONFIG = Config(
    Platform(),
    (
        tenant("team-a", "ray-a", "ray-a2"),
        tenant("team-b", "ray-b", enforcement=Enforcement.AUDIT),
        tenant("team-c", "ray-c", enforcement=Enforcement.WARN),
    ),
)


@cache
def written() -> Mapping[str, str]:
    """The files of CONFIG."""
    return bundle.files(CONFIG)


def manifests(text: str) -> list[dict[str, Any]]:
    return [value for value in yaml.load_all(text, yaml.CSafeLoader) if value]


def test_the_same_tenants_give_the_same_bytes():
    assert list(bundle.files(CONFIG).items()) == list(bundle.files(CONFIG).items())


def test_every_file_says_that_it_was_written_by_rayfence():
    files = written()

    assert {f"{folder}/kustomization.yaml" for folder in ("tenants", *BACKENDS)} <= files.keys()
    assert [] == [path for path, text in files.items() if not text.startswith(bundle.HEADER)]
    assert bundle.HEADER.startswith("---\n")


def test_the_folder_has_the_manifests_and_one_page_that_is_none():
    folder = dict(bundle.each(CONFIG))
    page = folder.pop(overview.NAME)

    assert written() == folder
    assert {".yaml"} == {Path(path).suffix for path in folder}
    assert page.startswith(overview.MARK)
    assert "/" not in overview.NAME
    assert [] == [path for path, text in folder.items() if overview.NAME in text]


def test_files_one_after_the_other_are_a_stream():
    """`cat *.yaml | kubectl apply -f -` has every object: a separator stands before each file's first."""
    texts = written().values()

    assert [value for text in texts for value in manifests(text)] == manifests("".join(texts))


def test_every_file_is_named_by_a_kustomization():
    files = written()
    named = {
        f"{path.rpartition('/')[0]}/{resource}"
        for path in files
        if path.endswith(bundle.KUSTOMIZATION)
        for resource in manifests(files[path])[0]["resources"]
    }

    assert {path for path in files if not path.endswith(bundle.KUSTOMIZATION)} <= named


def test_a_tenant_without_a_network_layer_has_no_file():
    assert "tenants/team-b.yaml" not in written()


def test_retired_namespaces_are_closed_by_every_backend():
    config = replace(CONFIG, platform=Platform(retired=("ray-z", "ray-y")))
    files = bundle.files(config)
    found = manifests(files["tenants/retired.yaml"])
    kept = {"kind": "NetworkPolicy", "name": "rayfence-default-deny"}

    assert ["ray-y", "ray-z"] == [
        each["metadata"]["namespace"]  # type: ignore[index]
        for each in found
        if kept == {"kind": each["kind"], "name": each["metadata"]["name"]}  # type: ignore[index]
    ]
    assert [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}] * 4 + [{"hard": {"pods": "0"}}] * 2 == sorted(
        (each["spec"] for each in found), key=len, reverse=True
    )
    assert "- retired.yaml\n" in files["tenants/kustomization.yaml"]
    assert all("../tenants" in files[f"{backend}/kustomization.yaml"] for backend in BACKENDS)


def test_nothing_is_written_where_no_namespace_is_retired():
    assert "tenants/retired.yaml" not in written()


def test_each_enforcement_has_a_policy_of_its_own():
    policies = manifests(written()["clusterpolicy/enforce-tenant-isolation.yaml"])
    actions = {
        policy["metadata"]["name"]: (
            policy["spec"]["rules"][0]["validate"]["failureAction"],
            policy["spec"].get("emitWarning", False),
        )
        for policy in policies
    }

    assert {
        "enforce-tenant-isolation": ("Enforce", False),
        "enforce-tenant-isolation-audit": ("Audit", False),
        "enforce-tenant-isolation-warn": ("Audit", True),
    } == actions


def test_policies_fail_closed_and_forgive_nothing_that_was_there_before():
    for policy in manifests(written()["clusterpolicy/enforce-tenant-isolation.yaml"]):
        spec = policy["spec"]

        assert "Fail" == spec["webhookConfiguration"]["failurePolicy"]
        assert spec["rules"][0]["validate"]["allowExistingViolations"] is False


@pytest.mark.slow
def test_a_thousand_tenants_are_as_few_policies_as_their_rows_need():
    many = Config(Platform(), tuple(tenant(f"team-{number:04}", f"ray-{number:04}") for number in range(1000)))
    files = bundle.files(many)

    assert 2 == len(manifests(files["clusterpolicy/enforce-tenant-isolation.yaml"]))
    assert 2 == len(manifests(files["clusterpolicy/generate-network-policies.yaml"]))


@pytest.mark.engine
@pytest.mark.parametrize("backend", BACKENDS)
def test_kustomize_renders_everything_to_be_installed(tmp_path: Path, backend: str):
    files = bundle.files(CONFIG, [backend])
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    kustomize = find(KUSTOMIZE, print).path

    done = subprocess.run([kustomize, "build", tmp_path / backend], capture_output=True, check=True, text=True)

    rendered = sorted(f"{value['kind']}/{value['metadata']['name']}" for value in manifests(done.stdout))
    written = sorted(
        f"{value['kind']}/{value['metadata']['name']}"
        for path, text in files.items()
        if not path.endswith(bundle.KUSTOMIZATION)
        for value in manifests(text)
    )
    assert written == rendered
    assert "NetworkPolicy/rayfence-default-deny" in rendered

    # What is installed from the folder is what `rayfence install` installs.
    whole = [each for found in BACKENDS[backend].files(CONFIG).values() for each in found]
    installed = {name_of(value): value for value in manifests(done.stdout)}
    assert whole == [installed[name_of(each)] for each in whole]


def name_of(value: Mapping[str, Any]) -> tuple[str, str]:
    return value["kind"], value["metadata"]["name"]


def test_a_cluster_policys_file_is_one_that_kyvernos_command_line_can_read():
    files = bundle.files(CONFIG, ["clusterpolicy"])
    kustomization = files.pop(f"clusterpolicy/{bundle.KUSTOMIZATION}")
    asking = [each for found in BACKENDS["clusterpolicy"].files(CONFIG).values() for each in found if conditions(each)]

    # What the command line reads as a ValidatingPolicy may have them.
    clusters = [each for text in files.values() for each in manifests(text) if each["kind"] == "ClusterPolicy"]
    assert clusters
    assert not any("matchConditions" in str(each) for each in clusters)
    assert [patch(each) for each in asking] == [
        manifests(each["patch"])[0] for each in manifests(kustomization)[0]["patches"]
    ]
    assert {"guard-pods", "guard-pods-audit", "guard-exposure-warn", "generate-network-policies"} < {
        each["metadata"]["name"] for each in asking
    }


@pytest.mark.slow
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_thousand_tenants_names_stand_in_a_guard_once_more_than_in_its_table(backend: str):
    many = Config(Platform(), tuple(tenant(f"team-{number:04}", f"ray-{number:04}") for number in range(1000)))
    files = bundle.files(many, [backend])
    # The table names the namespace once. A ClusterPolicy's webhook has its names in the kustomization,
    # but for the kinds that open the network, which are a ValidatingPolicy's there too.
    here = 2 * len(GUARDS)
    beside = len(GUARDS) - 1 if backend == "clusterpolicy" else 0

    assert here == sum(files[f"{backend}/{guard}.yaml"].count("ray-0777") for guard in GUARDS)
    assert beside == files[f"{backend}/{bundle.KUSTOMIZATION}"].count("ray-0777")


GUARDS = tuple(subject.name for subject in SUBJECTS if not subject.everywhere)


QUOTA = Quota("64", "256Gi", 4, 16)
TEAM = replace(
    tenant("team-d", "ray-d", "ray-d2"),
    quota=QUOTA,
    allow=Allow(volumes=("nfs",), queues={"k": ("a" * 60, "b" * 60)}),
)
CHANGES = {
    "cpu minimum": (lambda team: replace(team, container=replace(team.container, cpu=Bounds("2", "4"))), 4),
    "cpu maximum": (lambda team: replace(team, container=replace(team.container, cpu=Bounds("1", "8"))), 8),
    "cpu quota": (lambda team: replace(team, quota=replace(QUOTA, cpu="96")), 4),
    "accelerators": (lambda team: replace(team, quota=replace(QUOTA, accelerators=0)), 4),
    "workers": (lambda team: replace(team, quota=replace(QUOTA, workers=None)), 4),
    "volumes": (lambda team: replace(team, allow=replace(team.allow, volumes=("nfs", "csi"))), 8),
    "queues": (lambda team: replace(team, allow=replace(team.allow, queues={"k": ("a" * 60, "b" * 60, "c")})), 8),
}


def with_team(team: Tenant) -> dict[str, str]:
    return bundle.files(replace(CONFIG, tenants=(*CONFIG.tenants, team)))


@cache
def before_a_change() -> dict[str, str]:
    return with_team(TEAM)


@pytest.mark.parametrize(("change", "lines"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_one_field_is_a_line_in_each_object_that_reads_it(
    change: Callable[[Tenant], Tenant], lines: int
) -> None:
    """For a tenant with two namespaces, in all four kinds of policy together."""
    before, after = before_a_change(), with_team(change(TEAM))
    found = [
        line
        for path in before
        if before[path] != after[path]
        for line in unified_diff(before[path].splitlines(), after[path].splitlines(), n=0, lineterm="")
        if line.startswith("+") and not line.startswith("+++")
    ]

    assert lines == len(found)


_NUMBERED = re.compile(r"(?:variables\.tenants?\w*|\brow)\[\d|\|[A-Z]\w+\|")
"""A field of a row that is known by its place: where it is read, or where it stands."""


def test_no_field_of_a_tenant_is_known_by_its_place() -> None:
    assert [] == [path for path, text in written().items() if _NUMBERED.search(text)]


@pytest.mark.parametrize("line", ["key: variables.tenant[9]", "key: row[0] != ''", "  ray-a: team-a|DenyAll|open"])
def test_a_field_that_is_known_by_its_place_is_noticed(line: str) -> None:
    assert _NUMBERED.search(line)
