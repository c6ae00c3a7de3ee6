"""The real Kyverno CLI generates exactly what the reading in Python says, and nothing where that says nothing."""

from __future__ import annotations

import os
import subprocess
from collections import defaultdict
from collections.abc import Callable
from itertools import combinations, product
from pathlib import Path
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.backends.clusterpolicy.generate import generate_policies
from rayfence.backends.clusterpolicy.webhooks import without_conditions
from rayfence.backends.kyverno.rbac import rbac
from rayfence.backends.validatingpolicy.generate import generating_policies
from rayfence.gotool import KYVERNO, find
from rayfence.kyverno import strip_kyverno
from rayfence.model.config import Bounds, Config, Container, Mode, Network, Platform, Scope, Tenant
from rayfence.network import generated
from rayfence.network.layer import opens_dashboard
from rayfence.network.tables import MAX_ROWS

BOUNDS = Container(Bounds("1", "8"), Bounds("1Gi", "8Gi"))
BACKENDS = {"clusterpolicy": generate_policies, "validatingpolicy": generating_policies}


def tenant(name: str, *namespaces: str, **network: Any) -> Tenant:
    return Tenant(name, namespaces, BOUNDS, network=Network(**network))


# Names that read as numbers, quantities, booleans or globs are names like any other.
CONFIG = Config(
    Platform(tenant_label="example.com/tenant"),
    (
        tenant("1000", "ray-1000", mode=Mode.DENY_ALL_EGRESS),
        tenant("1k", "ray-1k", mode=Mode.DENY_ALL_INGRESS),
        tenant("apart", "ray-apart", scope=Scope.CLUSTER),
        tenant("audited", "ray-audited", enforce=False),
        tenant("client-only", "ray-client-only", ports=(10001,)),
        tenant("no", "1e3"),
        tenant("team-a", "default", "ray-a", "ray-a-dev"),
        *(
            tenant(f"{scope}-{mode.lower()}", f"{scope}-{mode.lower()}", scope=scope, mode=mode)
            for mode in Mode
            for scope in Scope
        ),
    ),
)
JOB = {"ray.io/originated-from-cr-name": "train", "ray.io/originated-from-crd": "RayJob"}
OWNER = {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "train", "uid": "1", "controller": True}
TEAM_PLACES = {"apart": "ray-apart", "client-only": "ray-client-only", "team-a": "ray-a", "1k": "ray-1k"}


def ray_cluster(namespace: str, tenant: object = None, labels: Any = None, **metadata: Any) -> dict[str, Any]:
    labels = ({} if tenant is None else {"example.com/tenant": tenant}) | (labels or {})
    found = {"namespace": namespace, "labels": labels} | metadata
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": found, "spec": {"rayVersion": "2.9.0"}}


def of_job(namespace: str, tenant: str, labels: dict[str, str], **owner: Any) -> dict[str, Any]:
    return ray_cluster(namespace, tenant, labels, ownerReferences=[OWNER | owner])


def moved(tenant: str, head: Any, *workers: Any, of_job: bool = False, **spec: Any) -> dict[str, Any]:
    """A RayCluster with such `rayStartParams`."""
    job = (JOB, {"ownerReferences": [OWNER]}) if of_job else ({}, {})
    groups = [{"rayStartParams": {"metrics-export-port": each}} for each in workers]
    made = ray_cluster(TEAM_PLACES[tenant], tenant, job[0], **job[1])
    return made | {"spec": {"headGroupSpec": {"rayStartParams": head}, "workerGroupSpecs": groups} | spec}


def ray_job(tenant: str, cluster: Any = "shared", namespace: str = "", **spec: Any) -> dict[str, Any]:
    """A RayJob that selects a cluster."""
    found = ray_cluster(namespace or TEAM_PLACES[tenant], tenant)
    return found | {"kind": "RayJob", "spec": {"clusterSelector": {"ray.io/cluster": cluster}} | spec}


def ports(text: Any) -> dict[str, Any]:
    return {"dashboard-port": text, "metrics-export-port": text}


GENERATED = {
    "own-label": ray_cluster("ray-a", "team-a"),
    "second-namespace": ray_cluster("ray-a-dev", "team-a"),
    "v1alpha1": ray_cluster("ray-a", "team-a") | {"apiVersion": "ray.io/v1alpha1"},
    "default": ray_cluster("ray-a", "team-a"),
    "in-the-namespace-default": ray_cluster("default", "team-a"),
    "c" * 53: ray_cluster("ray-a", "team-a"),
    "0123": ray_cluster("ray-a", "team-a"),
    "names-that-read-as-other-types": ray_cluster("1e3", "no"),
    "ingress-only": ray_cluster("ray-1k", "1k"),
    "egress-only": ray_cluster("ray-1000", "1000"),
    "of-a-job": of_job("ray-a", "team-a", JOB),
    "of-a-job-v1alpha1": of_job("ray-a", "team-a", JOB, apiVersion="ray.io/v1alpha1"),
    "of-a-job-ingress-only": of_job("ray-1k", "1k", JOB),
    "of-a-job-egress-only": of_job("ray-1000", "1000", JOB),
    "owner-without-labels": of_job("ray-a", "team-a", {}),
    "labels-without-owner": ray_cluster("ray-a", "team-a", JOB),
    "owner-of-another-name": of_job("ray-a", "team-a", JOB, name="other"),
    "owner-of-another-kind": of_job("ray-a", "team-a", JOB, kind="RayService"),
    "owner-of-another-group": of_job("ray-a", "team-a", JOB, apiVersion="batch/v1"),
    "owner-that-does-not-control": of_job("ray-a", "team-a", JOB, controller=False),
    "label-of-another-kind": of_job("ray-a", "team-a", JOB | {"ray.io/originated-from-crd": "RayService"}),
    "owner-with-a-variable-as-name": of_job("ray-a", "team-a", JOB, name="{{ request.object }}"),
}
NO_PORTS: tuple[Any, ...] = ("", "0", "08266", "65536", "-1", "8e3", " 8266", "8266\n", 8266, None, True, ["8266"], "*")
NO_PORTS += ("{{ request.object.metadata.name }}", "{{ '8266' }}", "(( '8266' ))", "$(8266)", "8266' || '")
MOVED = {
    "ports-moved": moved("team-a", {"dashboard-port": "8266", "metrics-export-port": "8081"}, "9001", "8080", "9001"),
    "ports-moved-ingress-only": moved("1k", ports("8266"), "10000", "9"),
    "ports-moved-of-a-job": moved("team-a", ports("8266"), "10000", of_job=True),
    "ports-as-usual-of-a-job": moved("team-a", ports("8265"), of_job=True),
    "ports-moved-of-a-job-apart": moved("apart", ports("8266"), of_job=True),
    "ports-as-usual-of-a-job-apart": moved("apart", {}, of_job=True),
    "ports-as-usual-of-a-job-client-only": moved("client-only", {}, of_job=True),
    "ports-the-operator-has": moved("team-a", ports("8000")),
    "ports-lowest": moved("team-a", ports("1"), "1"),
    "ports-highest": moved("team-a", ports("65535"), "65535"),
    "ports-of-no-group": moved("team-a", ports("8266"), workerGroupSpecs=None),
    "ports-of-a-stray-group": moved("team-a", None, workerGroupSpecs={"rayStartParams": ports("9")}),
    "ports-of-odd-groups": moved("team-a", [], workerGroupSpecs=["x", None, [{"rayStartParams": ports("9")}]]),
    "ports-of-no-spec": moved("team-a", {}) | {"spec": None},
    **{f"no-ports-{number}": moved("apart", ports(text), text, of_job=True) for number, text in enumerate(NO_PORTS)},
}
JOBS = {
    "job": ray_job("team-a"),
    "job-apart": ray_job("apart"),
    "job-client-only": ray_job("client-only"),
    "job-ingress-only": ray_job("1k"),
    "job-in-so-many-words": ray_job("apart", submissionMode="K8sJobMode"),
    "job-mode-empty": ray_job("apart", submissionMode=""),
    "job-mode-null": ray_job("apart", submissionMode=None),
    "job-v1alpha1": ray_job("apart") | {"apiVersion": "ray.io/v1alpha1"},
    "job-of-a-numeric-cluster": ray_job("apart", "0"),
    "job-of-the-longest-name": ray_job("apart", "c" * 63),
    "job-of-names-that-read-as-other-types": ray_job("no", "no", "1e3"),
}
NO_JOBS = {
    "job-egress-only": ray_job("1000", namespace="ray-1000"),
    "job-another-tenants": ray_job("1k", namespace="ray-a"),
    "job-without-the-layer": ray_job("audited", namespace="ray-audited"),
    "job-elsewhere": ray_job("team-a", namespace="elsewhere"),
    "job-http": ray_job("apart", submissionMode="HTTPMode"),
    "job-glob-mode": ray_job("apart", submissionMode="*"),
    "job-of-its-own-cluster": ray_job("apart", clusterSelector=None, rayClusterSpec={}),
    "job-of-another-label": ray_job("apart", clusterSelector={"app": "shared"}),
    "job-of-a-text": ray_job("apart", clusterSelector="ray.io/cluster"),
    **{
        f"job-of-no-name-{number}": ray_job("apart", name)
        for number, name in enumerate(
            (
                "",
                "One",
                "-one",
                "one.two",
                "o" * 64,
                "one\n",
                "*",
                "?",
                1,
                None,
                "{{ element }}",
                "(( 'one' ))",
                "a' || '",
            )
        )
    },
}
# KubeRay copies no label from a RayCronJob to its jobs, nor from them to their clusters.
CRON = {"ray.io/cronjob-name": "nightly"}
CRON_OWNER = {"apiVersion": "ray.io/v1", "kind": "RayCronJob", "name": "nightly", "uid": "1", "controller": True}


def of_cron_job(labels: dict[str, str], *, tenant: str | None = None, **owner: Any) -> dict[str, Any]:
    found = ray_job("apart")
    metadata = ray_cluster("ray-apart", tenant, labels, ownerReferences=[CRON_OWNER | owner])["metadata"]
    return found | {"metadata": metadata}


MADE = {
    "made-of-a-job": ray_cluster("ray-apart", None, JOB, ownerReferences=[OWNER]),
    "made-of-a-cron-job": of_cron_job(CRON),
}
NOT_MADE = {
    "made-label-of-another-tenant": ray_cluster("ray-apart", "team-a", JOB, ownerReferences=[OWNER]),
    "made-label-empty": ray_cluster("ray-apart", "", JOB, ownerReferences=[OWNER]),
    "made-labels-without-owner": ray_cluster("ray-apart", None, JOB),
    "made-owner-without-labels": ray_cluster("ray-apart", None, {}, ownerReferences=[OWNER]),
    "made-of-a-cron-job-itself": ray_cluster("ray-apart", None, CRON, ownerReferences=[CRON_OWNER]),
    "made-elsewhere": ray_cluster("elsewhere", None, JOB, ownerReferences=[OWNER]),
    "made-without-the-layer": ray_cluster("ray-audited", None, JOB, ownerReferences=[OWNER]),
    "made-of-a-cron-job-of-another-name": of_cron_job(CRON, name="other"),
    "made-of-a-cron-job-that-does-not-control": of_cron_job(CRON, controller=False),
    "made-of-a-cron-job-of-another-version": of_cron_job(CRON, apiVersion="batch/v1"),
    "made-of-a-cron-job-without-label": of_cron_job({}),
    "made-of-a-cron-job-of-another-tenant": of_cron_job(CRON, tenant="team-a"),
}
# One name twice, for a cluster and for a job; and names that end, or begin, like a role.
NAMED = ["default", "head", "worker", "submitter", "dns", "tenant", "x", "x-head", "x-submitter", "d" * 47]
NOTHING = {
    "no-labels": ray_cluster("ray-a", labels=None),
    "labels-that-are-null": ray_cluster("ray-a") | {"metadata": {"namespace": "ray-a"}},
    "other-labels-only": ray_cluster("ray-a", labels={"tenant": "team-a"}),
    "empty-label": ray_cluster("ray-a", ""),
    "another-tenants-label": ray_cluster("ray-a", "1k"),
    "glob-label": ray_cluster("ray-a", "*"),
    "label-as-number": ray_cluster("ray-1000", 1000),
    "same-quantity-one-way": ray_cluster("ray-1k", "1000"),
    "same-quantity-other-way": ray_cluster("ray-1000", "1k"),
    "unknown-namespace": ray_cluster("elsewhere", "team-a"),
    "unknown-namespace-empty-label": ray_cluster("elsewhere", ""),
    "namespace-with-a-suffix": ray_cluster("ray-a-evil", "team-a"),
    "row-as-label": ray_cluster("ray-a", "team-a|DenyAll"),
    "without-the-layer": ray_cluster("ray-audited", "audited"),
    "job-in-another-tenants-namespace": of_job("ray-1k", "team-a", JOB),
}


def named(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {**value, "metadata": {"name": name} | value["metadata"]}


CASES = {
    name: named(name, value) for name, value in (GENERATED | NOTHING | MOVED | JOBS | NO_JOBS | MADE | NOT_MADE).items()
}
for mode, scope in product(Mode, Scope):
    where = f"{scope}-{mode.lower()}"
    cluster = moved("apart", ports("8266"), "8082", of_job=True)
    cluster["metadata"] |= {"namespace": where, "labels": {"example.com/tenant": where} | JOB}
    CASES |= {
        f"cluster in {where}": named("one", cluster),
        f"job in {where}": named("one", ray_job(where, "one", where)),
    }
CASES |= {f"cluster named {name}": named(name, ray_cluster("ray-apart", "apart")) for name in NAMED}
CASES |= {f"job named {name}": named(name, ray_job("apart", name)) for name in NAMED}


@pytest.fixture(scope="module")
def apply(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, list[Any]]]:
    """Policies and manifests in, what the engine generated out, by what it is for."""
    kyverno = find(KYVERNO, lambda sentence: None).path

    def run(policies: list[dict[str, Any]], manifests: list[dict[str, Any]]) -> dict[str, list[Any]]:
        folder = tmp_path_factory.mktemp("kyverno")
        # Of the conditions of a ClusterPolicy's webhook the command line breaks down.
        (folder / "policies.yaml").write_text(yamlio.dump(map(without_conditions, policies)))
        (folder / "manifests.yaml").write_text(yamlio.dump(manifests))
        return _by_trigger(kyverno, folder)

    return run


def _by_trigger(kyverno: Path, folder: Path) -> dict[str, list[Any]]:
    command = [kyverno, "apply", "policies.yaml", "-r", "manifests.yaml", "-o", "out.yaml"]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=True, env=os.environ | {"HOME": str(folder)}
    )
    counts = dict(part.split(": ") for part in done.stdout.strip().splitlines()[-1].split(", "))
    assert {"0"} == {counts["fail"], counts["warn"], counts["error"].strip()}, done.stdout
    found = defaultdict(list)
    out = folder / "out.yaml"
    for document in yamlio.read(out.read_bytes() if out.exists() else "", "out.yaml"):
        assert isinstance(document, yamlio.Document)
        labels = document.value["metadata"]["labels"]
        job = labels.get("ray.io/originated-from-cr-name")
        kind, name = ("RayJob", job) if job else ("RayCluster", labels["ray.io/cluster"])
        found[f"{kind} {document.value['metadata']['namespace']}/{name}"].append(strip_kyverno(document.value))
    return found


@pytest.fixture(scope="module", params=BACKENDS)
def policies(request: pytest.FixtureRequest) -> Callable[..., list[dict[str, Any]]]:
    """Platform and tenants in, one backend's policies out."""
    return BACKENDS[request.param]


@pytest.fixture(scope="module")
def engine(
    apply: Callable[..., dict[str, list[Any]]], policies: Callable[..., list[dict[str, Any]]]
) -> dict[str, list[Any]]:
    return apply(policies(CONFIG.platform, CONFIG.tenants), list(CASES.values()))


def whole_name(value: dict[str, Any]) -> str:
    return f"{value['kind']} {value['metadata']['namespace']}/{value['metadata']['name']}"


def in_python(cluster: dict[str, Any]) -> list[dict[str, Any]]:
    owner = CONFIG.by_namespace().get(cluster["metadata"]["namespace"])
    return generated(CONFIG.platform, owner, cluster) if owner else []


@pytest.mark.engine
@pytest.mark.parametrize("case", CASES)
def test_the_engine_generates_what_python_says(case: str, engine: dict[str, list[Any]]) -> None:
    assert in_python(CASES[case]) == engine.get(whole_name(CASES[case]), [])


@pytest.mark.engine
def test_the_engine_generates_for_nothing_else_and_no_name_twice(engine: dict[str, list[Any]]) -> None:
    made = [(each["metadata"]["namespace"], each["metadata"]["name"]) for one in engine.values() for each in one]

    assert set() == set(engine) - set(map(whole_name, CASES.values()))
    assert len(made) == len(set(made))


SUBSETS = [modes for number in (1, 2) for modes in combinations(Mode, number)]


@pytest.mark.engine
@pytest.mark.parametrize("modes", SUBSETS, ids="+".join)
def test_where_tenants_have_some_modes_only_they_get_theirs(
    modes: tuple[Mode, ...], apply: Callable[..., Any], policies: Callable[..., Any]
) -> None:
    tenants = [each for each in CONFIG.tenants if each.network.generates and each.network.mode in modes]

    assert_they_get_theirs(tenants, apply, policies)


OPEN = [each for each in CONFIG.tenants if each.network.generates and opens_dashboard(each.network)]
CLOSED = [each for each in CONFIG.tenants if each.network.generates and not opens_dashboard(each.network)]


@pytest.mark.engine
@pytest.mark.parametrize("tenants", [OPEN, CLOSED, [*CLOSED, OPEN[0]]], ids=["all open", "none open", "one open"])
def test_where_few_tenants_reach_the_dashboard_they_get_theirs(
    tenants: list[Tenant], apply: Callable[..., Any], policies: Callable[..., Any]
) -> None:
    assert_they_get_theirs(tenants, apply, policies)


def assert_they_get_theirs(tenants: list[Tenant], apply: Callable[..., Any], policies: Callable[..., Any]) -> None:
    theirs = {place for each in tenants for place in each.namespaces}
    cases = [case for case in CASES.values() if case["metadata"]["namespace"] in theirs]
    wanted = {whole_name(case): found for case in cases if (found := in_python(case))}

    assert 3 < len(wanted)
    assert wanted == apply(policies(CONFIG.platform, tenants), cases)


@pytest.mark.parametrize("make", BACKENDS.values(), ids=BACKENDS)
def test_a_policy_has_no_text_for_a_mode_that_none_of_its_tenants_has(make: Callable[..., Any]) -> None:
    written = str(make(CONFIG.platform, [each for each in CONFIG.tenants if each.name == "1000"]))

    assert "'Egress'" in written.replace('"', "'")
    assert "'Ingress', 'Egress'" not in written.replace('"', "'")


@pytest.mark.parametrize("case", [*JOBS, *(f"job named {name}" for name in NAMED)])
def test_a_job_that_selects_a_cluster_gets_one_policy(case: str) -> None:
    assert 1 == len(in_python(CASES[case]))


@pytest.mark.parametrize(("mode", "scope"), list(product(Mode, Scope)))
def test_every_mode_and_scope_is_tried(mode: Mode, scope: Scope) -> None:
    found = {kind: in_python(CASES[f"{kind} in {scope}-{mode.lower()}"]) for kind in ("cluster", "job")}

    assert 2 == len(found["cluster"])
    assert (0 if mode is Mode.DENY_ALL_EGRESS else 1) == len(found["job"])


@pytest.mark.parametrize(("case", "expected"), [("made-of-a-job", 2), ("made-of-a-cron-job", 1)])
def test_what_kuberay_makes_without_a_label_gets_its_policies(case: str, expected: int) -> None:
    assert expected == len(in_python(CASES[case]))


@pytest.mark.parametrize("case", [*NO_JOBS, *NOT_MADE])
def test_what_does_not_clearly_ask_for_a_policy_gets_none(case: str) -> None:
    assert [] == in_python(CASES[case])


@pytest.mark.parametrize("case", [*GENERATED, *MOVED, *(f"cluster named {name}" for name in NAMED)])
def test_a_cluster_with_its_tenants_label_gets_two_policies(case: str) -> None:
    assert 2 == len(in_python(CASES[case]))


@pytest.mark.parametrize("case", NOTHING)
def test_a_cluster_that_is_not_clearly_its_tenants_gets_none(case: str) -> None:
    assert [] == in_python(CASES[case])


@pytest.mark.engine
def test_an_empty_table_generates_nothing(
    apply: Callable[..., dict[str, list[Any]]], policies: Callable[..., list[dict[str, Any]]]
) -> None:
    assert {} == apply(policies(CONFIG.platform, ()), [CASES["own-label"]])


@pytest.mark.engine
def test_a_namespace_of_the_second_table_is_served_once(
    apply: Callable[..., dict[str, list[Any]]], policies: Callable[..., list[dict[str, Any]]]
) -> None:
    many = [tenant(f"team-{number:03}", f"ray-{number:03}") for number in range(MAX_ROWS + 1)]
    last = ray_cluster(f"ray-{MAX_ROWS}", f"team-{MAX_ROWS}", name="last")

    found = apply(policies(CONFIG.platform, many), [last])

    assert {whole_name(last): generated(CONFIG.platform, many[-1], last)} == found


def policies_for(count: int) -> list[dict[str, Any]]:
    return generate_policies(Platform(), [tenant(f"team-{number}", f"ray-{number}") for number in range(count)])


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, ["generate-network-policies"]),
        (MAX_ROWS, ["generate-network-policies"]),
        (MAX_ROWS + 1, ["generate-network-policies", "generate-network-policies-2"]),
        (2 * MAX_ROWS + 1, [f"generate-network-policies{suffix}" for suffix in ("", "-2", "-3")]),
    ],
)
def test_tenants_are_rows_and_only_full_tables_make_policies(count: int, expected: list[str]) -> None:
    assert expected == [policy["metadata"]["name"] for policy in policies_for(count)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_longest_names_keep_a_full_table_under_80_000_characters(backend: str) -> None:
    names = [f"{number:063}" for number in range(MAX_ROWS)]
    (policy,) = BACKENDS[backend](Platform(), [tenant(name, name, mode=Mode.DENY_ALL_INGRESS) for name in names])

    assert 80_000 > max(len(text) for text in texts(policy))


def texts(value: Any) -> list[str]:
    """A CEL expression is one text of a manifest, and a table of a ClusterPolicy is given as one."""
    match value:
        case {"name": "namespaces", "variable": {"value": table}}:
            return ["\n".join(f"{namespace}: {row}" for namespace, row in table.items())]
        case dict():
            return [text for each in value.values() for text in texts(each)]
        case list():
            return [text for each in value for text in texts(each)]
        case _:
            return [str(value)]


@pytest.mark.parametrize("count", [0, 1, MAX_ROWS + 1])
def test_both_backends_give_the_same_names_to_the_same_namespaces(count: int) -> None:
    # Kyverno lets a policy take over only what one of its own name has generated.
    many = [tenant(f"team-{number:03}", f"ray-{number:03}") for number in range(count)]

    old, new = ([policy["metadata"]["name"] for policy in make(Platform(), many)] for make in BACKENDS.values())

    assert old == new


def test_a_new_tenant_changes_nothing_that_a_server_holds_fixed() -> None:
    def fixed(policy: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            rule | {"generate": {key: value for key, value in rule["generate"].items() if key != "foreach"}}
            for rule in policy["spec"]["rules"]
        ]

    before, after = policies_for(1)[0], policies_for(2)[0]

    assert fixed(before) == fixed(after)
    assert before != after


def test_a_deletion_is_no_operation_to_match() -> None:
    resources = [rule["match"]["any"][0]["resources"] for rule in policies_for(1)[0]["spec"]["rules"]]

    assert [{"kinds"}, {"kinds"}] == [set(each) for each in resources]


@pytest.mark.parametrize("kind", ["RayCluster", "RayJob"])
def test_each_status_that_the_operator_writes_is_another_chance_to_generate(kind: str) -> None:
    written = [f"ray.io/{version}/{kind}" for version in ("v1", "v1alpha1")]
    of_clusters = [rule["match"]["any"][0]["resources"]["kinds"] for rule in policies_for(1)[0]["spec"]["rules"]]
    (policy,) = generating_policies(CONFIG.platform, CONFIG.tenants)

    assert [*written, *(f"{each}/status" for each in written)] in of_clusters
    assert {f"{kind.lower()}s", f"{kind.lower()}s/status"} <= set(
        policy["spec"]["matchConstraints"]["resourceRules"][0]["resources"]
    )


@pytest.mark.parametrize("number", [0, 1])
def test_no_operator_of_kyvernos_ever_reads_a_tenants_text(number: int) -> None:
    rule = policies_for(1)[0]["spec"]["rules"][number]
    conditions = rule["preconditions"]["all"] + rule["generate"]["foreach"][0]["preconditions"]["all"]

    assert [("Equals", True)] * 2 == [(each["operator"], each["value"]) for each in conditions]


ROLES = {role["metadata"]["name"]: role for role in rbac()}


@pytest.mark.parametrize("controller", ["admission", "background", "reports"])
def test_each_of_kyvernos_controllers_collects_its_role(controller: str) -> None:
    labels = ROLES[f"rayfence:kyverno-{controller}-controller"]["metadata"]["labels"]

    assert "true" == labels[f"rbac.kyverno.io/aggregate-to-{controller}-controller"]


@pytest.mark.parametrize("controller", ["admission", "background", "reports"])
def test_kyverno_may_read_every_kind_that_something_is_generated_for(controller: str) -> None:
    rules = ROLES[f"rayfence:kyverno-{controller}-controller"]["rules"]
    read = {
        name
        for rule in rules
        if rule["apiGroups"] == ["ray.io"] and "watch" in rule["verbs"]
        for name in rule["resources"]
    }
    (policy,) = generating_policies(CONFIG.platform, CONFIG.tenants)
    watched = policy["spec"]["matchConstraints"]["resourceRules"][0]["resources"]

    assert (
        {"rayclusters", "rayjobs"} == {name.partition("/")[0] for name in watched} == read & {"rayclusters", "rayjobs"}
    )


def test_only_the_background_controller_may_write_and_only_network_policies() -> None:
    writers = [
        (name, rule["resources"])
        for name, role in ROLES.items()
        for rule in role["rules"]
        if set(rule["verbs"]) - {"get", "list", "watch"}
    ]

    assert [("rayfence:kyverno-background-controller", ["networkpolicies"])] == writers
