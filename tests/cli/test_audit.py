"""`rayfence audit` as it is run, on files and without a cluster."""

from __future__ import annotations

import json

import pytest
import yaml

from ..command_line import rayfence, tenant, write
from ..saved_cluster import named, namespace, pod, ray_cluster, static_policies, tenants_part
from ..saved_cluster import write as save

FORMATS = ("text", "json", "sarif", "markdown")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """A folder with the config that the saved cluster is of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    a = (
        tenant("team-a", namespace="ray-a").replace("[ray-a]", "[ray-a, ray-a2]")
        + "  quota: {cpu: '64', memory: 256Gi, workers: 16}\n"
    )
    b = tenant("team-b", namespace="ray-b") + "  network: {mode: DenyAllIngress}\n"
    write(tmp_path / "tenants", a=a, b=b)
    return tmp_path


@pytest.fixture
def broken(place):
    """A saved cluster with an object, a missing policy, a changed one and a stray one."""
    objects = [each for each in tenants_part() if each["metadata"]["name"] != "rayfence-one-head"]
    named(objects, "NetworkPolicy", "rayfence-dns", "ray-a")["spec"]["egress"] = [{}]
    stray = {
        **named(objects, "NetworkPolicy", "rayfence-one-worker"),
        "metadata": {"name": "rayfence-x", "namespace": "ray-a"},
    }
    return save(
        place / "cluster.yaml", *objects, stray, ray_cluster("old", cpu="40"), pod(ray_cluster("two"), hostPID=True)
    )


def test_a_healthy_cluster_is_a_yes(place):
    save(place / "cluster.yaml", *tenants_part())
    result = rayfence("audit", "cluster.yaml")

    assert 0 == result.exit_code
    assert result.stdout.endswith(
        "23 objects: 0 break rules, 0 with warnings; network layer: 0 missing, 0 drifted, 0 stray; "
        "Kyverno reported on 2, and differs on 0\n"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_names_everything_that_is_wrong(broken, format):
    result = rayfence("audit", broken, "--format", format)
    told = ("limit-resources", "guard-pods", "missing-network-policy", "drifted-network-policy", "stray-network-policy")
    words = result.stdout.replace('"what": "missing"', '"missing-network-policy"')
    words = words.replace('"what": "drifted"', '"drifted-network-policy"').replace(
        '"what": "stray"', '"stray-network-policy"'
    )

    assert 1 == result.exit_code
    assert [] == [each for each in told if each not in words]


def test_text_names_object_file_line_and_place(broken):
    lines = rayfence("audit", "cluster.yaml").stdout.splitlines()
    numbered = broken.read_text().splitlines()
    (line,) = [each for each in lines if "[drifted-network-policy]" in each]
    file, number, rest = line.split(":", 2)

    assert ("cluster.yaml", "- {}") == (file, numbered[int(number) - 1].strip())
    assert " ray-a/NetworkPolicy/rayfence-dns: [drifted-network-policy] spec.egress[0].to: is missing" in rest


def test_json_has_the_numbers(broken):
    summary = json.loads(rayfence("audit", broken, "--format", "json").stdout)["summary"]

    assert {"deny": 2, "missing": 3, "drifted": 1, "stray": 1, "ok": False} == {
        key: summary[key] for key in ("deny", "missing", "drifted", "stray", "ok")
    }


def test_json_has_kyvernos_word_or_null(broken):
    results = json.loads(rayfence("audit", broken, "--format", "json").stdout)["results"]

    assert [None, None] == [each["kyverno"] for each in results]


def test_sarif_explains_what_is_no_rule(broken):
    (run,) = json.loads(rayfence("audit", broken, "--format", "sarif").stdout)["runs"]
    texts = {rule["id"]: rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"]}

    assert "A NetworkPolicy that isolates a tenant was changed." == texts["drifted-network-policy"]
    assert [] == [id for id, text in texts.items() if id == text]


def test_a_report_goes_into_a_file(broken, place):
    result = rayfence("audit", broken, "--format", "markdown", "--output", "audit.md")

    assert (1, "") == (result.exit_code, result.stdout)
    assert (place / "audit.md").read_text().startswith("## rayfence audit: NOT AS IT SHOULD BE\n")


def test_stdin_is_a_dash(broken):
    assert 1 == rayfence("audit", "-", input=broken.read_text()).exit_code


def test_json_of_kubectl_is_read_as_well(place):
    objects = {"apiVersion": "v1", "kind": "List", "items": tenants_part()}
    (place / "cluster.json").write_text(json.dumps(objects))

    assert 0 == rayfence("audit", "cluster.json").exit_code


def test_typed_lists_are_read_as_well(place):
    policies = [
        {key: value for key, value in each.items() if key not in ("apiVersion", "kind")} for each in static_policies()
    ]
    found = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": policies}
    spaces = {"apiVersion": "v1", "kind": "List", "items": [namespace(each) for each in ("ray-a", "ray-a2", "ray-b")]}
    (place / "both.yaml").write_text(f"{yaml.safe_dump(found)}---\n{yaml.safe_dump(spaces)}")

    assert 0 == rayfence("audit", "both.yaml").exit_code


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        pytest.param("a: [", "cluster.yaml:2: a value is missing", id="no YAML"),
        pytest.param("a: b\n", "cluster.yaml:1: no Kubernetes object; write its apiVersion and kind", id="no object"),
        pytest.param("", "error: cluster.yaml: no documents", id="nothing"),
    ],
)
def test_what_cannot_be_read_is_no_audit(place, text, answer):
    (place / "cluster.yaml").write_text(text)
    result = rayfence("audit", "cluster.yaml")

    assert (2, "") == (result.exit_code, result.stdout)
    assert answer in result.stderr


def test_an_object_that_no_rule_can_read_is_two(place):
    odd = ray_cluster("odd") | {"spec": ["a list"]}
    save(place / "cluster.yaml", *tenants_part(), odd)

    assert 2 == rayfence("audit", "cluster.yaml").exit_code


def test_no_cluster_is_three():
    result = rayfence("audit")

    assert (3, "") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("error: no cluster to ask: ")


def test_a_cluster_that_does_not_answer_is_three(place):
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        # Port 9 of this machine: nobody listens there.
        "clusters": [{"name": "here", "cluster": {"server": "http://127.0.0.1:9"}}],
        "users": [{"name": "me", "user": {}}],
    }
    (place / "kubeconfig").write_text(json.dumps(kubeconfig))
    result = rayfence("audit", "--kubeconfig", "kubeconfig")

    assert (3, "") == (result.exit_code, result.stdout)
    assert "http://127.0.0.1:9 does not answer" in result.stderr


def test_a_context_that_is_not_there_is_three(place):
    (place / "kubeconfig").write_text(
        '{"apiVersion": "v1", "kind": "Config", "contexts": [], "clusters": [], "users": []}'
    )
    result = rayfence("audit", "--kubeconfig", "kubeconfig", "--context", "prod")

    assert (3, "") == (result.exit_code, result.stdout)
    assert "prod" in result.stderr


def test_a_wrong_config_is_told_before_anything_is_read(place):
    write(place / "tenants", a="kind: Tenat\n")
    result = rayfence("audit", "-", input="")

    assert 2 == result.exit_code
    assert result.stderr.endswith("nothing was audited\n")
