"""What a good tenant config means, which files it is read from, and that the samples are one."""

from __future__ import annotations

import pathlib

import pytest

from rayfence.model.config import (
    Bounds,
    Config,
    Container,
    Dns,
    Enforcement,
    Mode,
    Network,
    Peer,
    Platform,
    Quota,
    RoleRules,
    Scope,
    Tenant,
)
from rayfence.tenants import ConfigError, load, parse

ROOT = pathlib.Path(__file__).parents[2]
GOOD = (ROOT / "tests/tenants/bad/base-tenant.yaml").read_text("utf-8")
SAMPLES = sorted((ROOT / "tenants").glob("*.yaml"))
TEAM_A = Tenant(
    name="team-a",
    namespaces=("ray-a",),
    container=Container(cpu=Bounds("1", "4"), memory=Bounds("2Gi", "8Gi")),
)


def tenant(fields: str, *others: str) -> Tenant:
    """The good tenant with further fields in its spec, in a config with other documents."""
    return parse([("t.yaml", "---\n".join((GOOD + fields, *others)))]).tenants[0]


def platform(fields: str) -> Platform:
    text = f"apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {{name: p}}\nspec: {fields}\n---\n{GOOD}"
    return parse([("t.yaml", text)]).platform


def test_the_smallest_config_has_every_default() -> None:
    assert Config(Platform(), (TEAM_A,)) == parse([("t.yaml", GOOD)])


def test_a_platform_without_fields_is_the_default_one() -> None:
    assert Platform(name="p") == platform("{}")


def test_tenants_come_in_order_of_their_names() -> None:
    texts = [GOOD.replace("team-a", name).replace("ray-a", f"ray-{name}") for name in ("b", "c", "a")]

    assert ["a", "b", "c"] == [t.name for t in parse([("t.yaml", "---\n".join(texts))]).tenants]


def test_a_tenant_has_the_platforms_enforcement_unless_it_has_its_own() -> None:
    audit = "apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {enforcement: Audit}\n"

    assert Enforcement.AUDIT is tenant("", audit).enforcement
    assert Enforcement.WARN is tenant("  enforcement: Warn\n", audit).enforcement


@pytest.mark.parametrize(
    ("enforcement", "expected"),
    [("Enforce", True), ("Audit", False), ("Warn", False)],
    ids=["Enforce", "Audit", "Warn"],
)
def test_the_network_layer_is_written_only_for_a_tenant_that_is_enforced(enforcement: str, expected: bool) -> None:
    assert expected is tenant(f"  enforcement: {enforcement}\n").network.enforce


@pytest.mark.parametrize("said", [True, False], ids=["on", "off"])
def test_the_network_layer_can_be_asked_for_by_itself(said: bool) -> None:
    fields = f"  enforcement: Audit\n  network: {{enforce: {str(said).lower()}}}\n"

    assert said is tenant(fields).network.enforce


def test_quantities_may_be_numbers() -> None:
    fields = "  quota: {cpu: 64, memory: 1e12, workers: 16.0}\n"

    assert Quota(cpu="64", memory="1000000000000", workers=16) == tenant(fields).quota


def test_a_quota_without_accelerators_allows_none() -> None:
    assert 0 == tenant("  quota: {cpu: 64}\n").quota.accelerators


def test_an_empty_namespace_quota_is_none() -> None:
    assert tenant("  namespaceQuota: {}\n").namespace_quota is None


@pytest.mark.parametrize("name", ["'1000'", "'1e3'", "1k", "'no'", "A.b_c-d", "a" * 63])
def test_odd_names_are_fine(name: str) -> None:
    text = GOOD.replace("team-a", name)

    assert name.strip("'") == parse([("t.yaml", text)]).tenants[0].name


def test_one_field_of_a_section_leaves_the_others_at_their_defaults() -> None:
    assert Dns(Peer("kube-system", {"a": "b"})) == platform("{dns: {podLabels: {a: b}}}").dns
    assert Dns(cidrs=("169.254.20.10/32",)) == platform("{dns: {cidrs: [169.254.20.10/32]}}").dns
    assert "system:serviceaccount:ray:kuberay-operator" == platform("{operator: {namespace: ray}}").operator.username
    assert "monitoring" == platform("{monitoring: {}}").monitoring
    assert platform("{monitoring: null}").monitoring is None


def test_every_field_of_a_network_is_read() -> None:
    fields = (
        "  network: {enforce: true, mode: DenyAllIngress, scope: cluster, ports: [1, 65535],"
        " head: {egress: [{to: [{podSelector: {}}]}]}, worker: {ingress: [{from: [{podSelector: {}}]}]}}\n"
    )

    assert (
        Network(
            enforce=True,
            mode=Mode.DENY_ALL_INGRESS,
            scope=Scope.CLUSTER,
            ports=(1, 65535),
            head=RoleRules(egress=({"to": [{"podSelector": {}}]},)),
            worker=RoleRules(ingress=({"from": [{"podSelector": {}}]},)),
        )
        == tenant(fields).network
    )


GOOD_PEERS = {
    "pods of the own namespace": "{podSelector: {matchLabels: {app: x}}}",
    "a namespace that is no tenant's": "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: nginx}}}",
    "an own namespace": "{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ray-a}}}",
    "namespaces in a list": "{namespaceSelector: {matchExpressions: "
    "[{key: kubernetes.io/metadata.name, operator: In, values: [x, ray-a]}]}}",
    "a named namespace, narrowed further": "{namespaceSelector: {matchLabels: "
    "{kubernetes.io/metadata.name: x, team: b}}}",
    "the widest private range": "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}",
    "an IPv6 range": "{ipBlock: {cidr: 'fc00::/7'}}",
}


@pytest.mark.parametrize("peer", GOOD_PEERS.values(), ids=GOOD_PEERS)
def test_ingress_may_be_opened_to(peer: str) -> None:
    assert 1 == len(tenant(f"  network: {{head: {{ingress: [{{from: [{peer}]}}]}}}}\n").network.head.ingress)


GOOD_EGRESS = {
    "the internet": "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16, 168.0.0.0/7, 100.64.0.0/10,"
    " 192.0.0.0/16]}}]}",
    "a link-local address": "{to: [{ipBlock: {cidr: 169.254.170.23/32}}]}",
    "a private range": "{to: [{ipBlock: {cidr: 10.0.0.0/8}}]}",
    "pods of the own namespace": "{to: [{podSelector: {}}]}",
    "a namespace that is no tenant's": "{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}]}",
    "a range of ports": "{to: [{podSelector: {}}],"
    " ports: [{port: 80, endPort: 80, protocol: UDP}, {port: http}, {protocol: SCTP}]}",
}


@pytest.mark.parametrize("rule", GOOD_EGRESS.values(), ids=GOOD_EGRESS)
def test_egress_may_be_opened_to(rule: str) -> None:
    assert 1 == len(tenant(f"  network: {{head: {{egress: [{rule}]}}}}\n").network.head.egress)


# Files and folders.


def test_a_folder_is_read_at_any_depth_in_order(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tenants/deep").mkdir(parents=True)
    (tmp_path / "tenants/.hidden").mkdir()
    for name in ("b.yml", "deep/a.yaml", ".c.yaml", ".hidden/d.yaml", "e.json", "f.yaml"):
        (tmp_path / "tenants" / name).write_text("kind: x\n", "utf-8")

    with pytest.raises(ConfigError) as caught:
        load([pathlib.Path("tenants")])

    assert ["tenants/b.yml", "tenants/deep/a.yaml", "tenants/f.yaml"] == list(
        dict.fromkeys(problem.file for problem in caught.value.problems)
    )


def test_a_file_that_is_named_twice_is_read_once() -> None:
    folder = ROOT / "tenants"

    assert load([folder]) == load([folder, folder / "team-a.yaml"])


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        load([pathlib.Path("nowhere/tenants")])

    assert "nowhere/tenants: there is no such file or folder; write the tenants there" == str(caught.value)


def test_an_empty_folder_has_no_tenants(tmp_path: pathlib.Path) -> None:
    with pytest.raises(ConfigError, match="there is no Tenant; write at least one document with `kind: Tenant`"):
        load([tmp_path])


# The samples.


def test_the_samples_are_a_config() -> None:
    config = load([ROOT / "tenants"])

    assert ["team-a", "team-b", "team-c"] == [t.name for t in config.tenants]
    assert ["ray-namespace", "ray-team-b", "ray-team-b-dev", "ray-team-c"] == list(config.by_namespace())


def test_the_sample_of_the_documented_ray_cluster_has_room_for_it() -> None:
    team_a = load([ROOT / "tenants"]).tenants[0]

    assert Container(cpu=Bounds("1", "4"), memory=Bounds("2Gi", "8Gi")) == team_a.container
    assert Quota() == team_a.quota


def test_the_sample_platform_is_the_default_one() -> None:
    assert Platform() == load([ROOT / "tenants"]).platform


def test_the_last_tenant_may_leave_a_namespace_that_is_closed() -> None:
    text = "apiVersion: rayfence/v1alpha1\nkind: Platform\nmetadata: {name: p}\nspec: {retired: [ray-old]}\n"
    config = parse([("platform.yaml", text)])

    assert (("ray-old",), ()) == (config.platform.retired, config.tenants)
