"""What an audit finds in a cluster that was saved."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from rayfence.admission.evaluate import Part
from rayfence.audit import DriftKind, audit
from rayfence.cluster.objects import name_of, unwritten_part
from rayfence.manifests.retired import retired_objects
from rayfence.model.config import Config, Enforcement, Network, Platform, RoleRules, Tenant
from rayfence.model.outcome import Verdict
from rayfence.model.subjects import Resource

from ..saved_cluster import (
    BOUNDS,
    CONFIG,
    as_served,
    generated_policies,
    named,
    namespace,
    object_of,
    pod,
    ray_cluster,
    read_back,
    report,
    saved,
    static_policies,
    tenants_part,
    write,
)

SAID = "limit-resources: [limit-resources] spec.x: 40 is above the maximum of team-a, 4"


def rules(found) -> list[list[str]]:
    return [sorted({finding.rule for finding in each.result.findings}) for each in found.audited]


def deviations(found) -> list[tuple[str, str, str]]:
    return [(str(each.what), each.namespace, each.name) for each in found.layer]


def network_policy(name: str, namespace: str = "ray-a", **spec):
    return object_of("networking.k8s.io/v1", "NetworkPolicy", name, namespace, spec={"podSelector": {}, **spec})


def test_a_healthy_cluster_gives_nothing():
    found = audit(CONFIG, read_back(*tenants_part()))

    assert ((), (), (), True) == (found.audited, found.layer, found.disagreements, found.ok)
    assert 2 == found.reported


def test_everything_that_a_rule_speaks_of_is_judged():
    objects = tenants_part()
    ours = [each for each in objects if each["kind"] in ("RayCluster", "Pod", "NetworkPolicy")]

    assert len(ours) == audit(CONFIG, saved(*objects)).judged


def test_a_cluster_that_came_before_the_policies_is_found():
    found = audit(CONFIG, saved(*tenants_part(), ray_cluster("old", cpu="40")))

    assert [["limit-resources"]] == rules(found)
    assert (Verdict.DENY, "ray-a", "old") == (
        found.audited[0].result.verdict,
        found.audited[0].result.namespace,
        found.audited[0].result.name,
    )
    assert not found.ok


def test_a_ray_object_in_nobodys_namespace_is_found():
    assert [["restrict-namespace"]] == rules(audit(CONFIG, saved(*tenants_part(), ray_cluster("x", "elsewhere"))))


def test_a_pod_in_nobodys_namespace_is_nobodys_business():
    stranger = pod(ray_cluster("x", "elsewhere"), hostNetwork=True)

    assert [] == rules(audit(CONFIG, saved(*tenants_part(), stranger)))


def test_a_pod_that_runs_may_have_a_node_and_a_privileged_one_is_found():
    assert [] == rules(audit(CONFIG, saved(*tenants_part(), pod(ray_cluster("two")))))
    assert [["guard-pods"]] == rules(audit(CONFIG, saved(*tenants_part(), pod(ray_cluster("two"), hostPID=True))))


def test_a_service_that_opens_to_the_outside_is_found():
    service = object_of("v1", "Service", "open", "ray-a", spec={"type": "LoadBalancer", "ports": [{"port": 80}]})

    assert [["restrict-exposure"]] == rules(audit(CONFIG, saved(*tenants_part(), service)))


def test_what_breaks_a_rule_under_audit_is_a_warning():
    lenient = Config(Platform(), (Tenant("team-a", ("ray-a",), BOUNDS, Enforcement.AUDIT, network=Network(False)),))
    found = audit(lenient, saved(namespace("ray-a"), ray_cluster(cpu="40")))

    assert (0, 1, True) == (found.denied, found.warned, found.ok)


def test_what_kuberay_made_without_a_label_is_a_warning_and_what_somebody_else_wrote_is_not():
    made = ray_cluster("made")
    del made["metadata"]["labels"]
    by_hand = audit(CONFIG, saved(*tenants_part(), made))
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "nightly", "uid": "7", "controller": True}
    ]
    by_kuberay = audit(CONFIG, saved(*tenants_part(), made))

    assert [["require-tenant-label"]] == rules(by_hand) == rules(by_kuberay)
    assert [(1, 0), (0, 1)] == [(each.denied, each.warned) for each in (by_hand, by_kuberay)]


def test_an_owner_excuses_nothing_but_the_label():
    made = ray_cluster("made", cpu="40")
    del made["metadata"]["labels"]
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "ray.io/v1", "kind": "RayJob", "name": "nightly", "uid": "7", "controller": True}
    ]

    assert 1 == audit(CONFIG, saved(*tenants_part(), made)).denied


def test_an_object_that_cannot_be_judged_is_counted_as_such():
    odd = object_of(
        "ray.io/v1", "RayCluster", "odd", "ray-a", spec=["a list"], metadata={"labels": {"tenant": "team-a"}}
    )

    assert 1 == audit(CONFIG, saved(*tenants_part(), odd)).unreadable


@pytest.mark.parametrize(
    "each", static_policies(), ids=lambda each: f"{each['metadata']['namespace']}/{each['metadata']['name']}"
)
def test_a_policy_of_the_layer_that_is_gone_is_missing(each):
    metadata = each["metadata"]
    left = [it for it in tenants_part() if it["kind"] != "NetworkPolicy" or it["metadata"] != metadata]

    assert [("missing", metadata["namespace"], metadata["name"])] == deviations(audit(CONFIG, saved(*left)))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        pytest.param({"ingress": [{}]}, "spec.ingress", id="open to everybody"),
        pytest.param({"policyTypes": ["Ingress"]}, "spec.policyTypes", id="one direction left open"),
        pytest.param(
            {"podSelector": {"matchLabels": {"a": "b"}}}, "spec.podSelector.matchLabels", id="other pods selected"
        ),
        pytest.param({"egress": [{"to": [{"podSelector": {}}]}]}, "spec.egress", id="a way out"),
    ],
)
def test_a_policy_of_the_layer_that_was_changed_has_drifted(change, path):
    objects = tenants_part()
    named(objects, "NetworkPolicy", "rayfence-default-deny", "ray-a")["spec"] |= change
    (found,) = audit(CONFIG, saved(*objects)).layer

    assert (DriftKind.DRIFTED, "ray-a", "rayfence-default-deny", path) == (
        found.what,
        found.namespace,
        found.name,
        found.path,
    )


def test_the_line_of_a_drifted_policy_is_told(tmp_path):
    objects = tenants_part()
    named(objects, "NetworkPolicy", "rayfence-dns", "ray-a")["spec"]["egress"][0]["ports"][0]["port"] = 54
    lines = write(tmp_path / "cluster.yaml", *objects).read_text().splitlines()
    (found,) = audit(CONFIG, read_back(*objects)).layer

    assert ("spec.egress[0].ports[0].port", "is 54, must be 53") == (found.path, found.message)
    assert ("cluster.yaml", "port: 54") == (found.file, lines[found.line - 1].strip(" -"))


def test_a_generated_policy_that_is_gone_is_missing():
    left = [each for each in tenants_part() if each["metadata"]["name"] != "rayfence-one-head"]

    assert [("missing", "ray-a", "rayfence-one-head")] == deviations(audit(CONFIG, saved(*left)))


def test_a_generated_policy_that_was_opened_has_drifted():
    objects = tenants_part()
    named(objects, "NetworkPolicy", "rayfence-one-worker")["spec"]["ingress"].append({})

    assert [("drifted", "ray-a", "rayfence-one-worker")] == deviations(audit(CONFIG, saved(*objects)))


def test_a_generated_policy_without_kyvernos_labels_is_no_longer_kept():
    objects = tenants_part()
    labels = named(objects, "NetworkPolicy", "rayfence-one-head")["metadata"]["labels"]
    for label in [each for each in labels if each.startswith("generate.kyverno.io/")]:
        del labels[label]
    (found,) = audit(CONFIG, saved(*objects)).layer

    assert (DriftKind.DRIFTED, "metadata.labels") == (found.what, found.path)


def test_a_generated_policy_of_a_cluster_that_is_gone_is_stray():
    left = [each for each in tenants_part() if each["kind"] not in ("RayCluster", "Pod", "PolicyReport")]

    assert [("stray", "ray-a", "rayfence-one-head"), ("stray", "ray-a", "rayfence-one-worker")] == sorted(
        deviations(audit(CONFIG, saved(*left)))
    )


@pytest.mark.parametrize("space", ["ray-a", "elsewhere"])
def test_a_policy_that_bears_our_name_and_is_none_of_ours_is_stray(space):
    found = audit(CONFIG, saved(*tenants_part(), network_policy("rayfence-extra", space, ingress=[{}])))

    assert [("stray", space, "rayfence-extra")] == deviations(found)


RETIRED = Config(Platform(retired=("ray-old",)), CONFIG.tenants)


def test_what_closes_a_retired_namespace_is_as_it_must_be():
    layer = [as_served(each) for each in retired_objects(["ray-old"]) if each["kind"] == "NetworkPolicy"]
    there = [*tenants_part(), namespace("ray-old")]
    opened = {**layer[0], "spec": {**layer[0]["spec"], "ingress": [{}]}}
    more = network_policy("rayfence-dns", "ray-old", podSelector={}, policyTypes=["Egress"], egress=[{}])

    assert [] == deviations(audit(RETIRED, saved(*there, *layer)))
    assert [("missing", "ray-old", name_of(each)) for each in layer] == deviations(audit(RETIRED, saved(*there)))
    assert [("drifted", "ray-old", name_of(opened))] == deviations(audit(RETIRED, saved(*there, opened, layer[1])))
    assert [("stray", "ray-old", "rayfence-dns")] == deviations(audit(RETIRED, saved(*there, *layer, more)))
    assert [] == deviations(audit(RETIRED, saved(*tenants_part())))


def test_what_closes_a_namespace_that_no_tenant_has_is_told_and_not_to_be_deleted():
    layer = [as_served(each) for each in retired_objects(["ray-old"]) if each["kind"] == "NetworkPolicy"]
    found = audit(CONFIG, saved(*tenants_part(), namespace("ray-old"), *layer))
    half = {**layer[0], "spec": {**layer[0]["spec"], "policyTypes": ["Ingress"]}}
    (stray,) = audit(CONFIG, saved(*tenants_part(), namespace("ray-old"), half)).layer

    assert ([], True) == (deviations(found), found.ok)
    assert ["ray-old"] == [note.split()[0] for note in found.notes if "spec.retired" in note]
    assert "delete it when no pods run there" in stray.message


def test_a_policy_of_another_name_is_judged_by_the_rule():
    opening = network_policy("mine", ingress=[{}])
    found = audit(CONFIG, saved(*tenants_part(), opening, network_policy("closed", ingress=[])))

    assert [["guard-network-policies"]] == rules(found)
    assert [] == deviations(found)


def test_a_tenant_without_a_network_layer_is_owed_none_and_what_is_left_is_stray():
    config = Config(Platform(), (Tenant("team-a", ("ray-a",), BOUNDS, network=Network(enforce=False)),))
    cluster = ray_cluster()

    assert [] == deviations(audit(config, saved(namespace("ray-a"), cluster)))
    assert ["stray", "stray"] == [
        str(each.what) for each in audit(config, saved(namespace("ray-a"), cluster, *generated_policies(cluster))).layer
    ]


def test_a_namespace_that_is_not_there_is_one_note_and_not_many_missing_policies():
    left = [
        each for each in tenants_part() if "ray-b" not in (each["metadata"]["name"], each["metadata"].get("namespace"))
    ]
    found = audit(CONFIG, saved(*left))

    assert [] == deviations(found)
    assert "there is no namespace ray-b; create it, and apply the bundle" in found.notes


GENERATED = ["rayfence-one-head", "rayfence-one-worker"]
INSTEAD = ["rayfence-dashboard", "rayfence-ray"]
"""What backends without an engine bring instead; team-b closes one direction, and needs both as well."""


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        pytest.param(("policies.kyverno.io/v1", "ValidatingPolicy"), GENERATED, id="Kyverno"),
        pytest.param(("kyverno.io/v1", "ClusterPolicy"), GENERATED, id="Kyverno's older kind"),
        pytest.param(("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy"), INSTEAD, id="without an engine"),
    ],
)
def test_what_is_owed_follows_what_is_installed(policy, missing):
    objects = [each for each in tenants_part() if not each["metadata"]["name"].startswith("rayfence-one-")]
    found = audit(CONFIG, saved(*objects, object_of(*policy, "enforce-tenant-isolation")))

    assert missing == sorted(each.name for each in found.layer if each.namespace == "ray-a")


def test_a_job_that_selects_a_cluster_is_owed_its_own_policy():
    made = ray_cluster("nightly")
    spec = {
        "clusterSelector": {"ray.io/cluster": "one"},
        "submitterPodTemplate": made["spec"]["headGroupSpec"]["template"],
    }
    job = object_of("ray.io/v1", "RayJob", "nightly", "ray-a", metadata={"labels": {"tenant": "team-a"}}, spec=spec)
    (deviation,) = audit(CONFIG, saved(*tenants_part(), job)).layer

    assert ("missing", True) == (str(deviation.what), deviation.name.startswith("rayfence-nightly-"))
    assert "RayJob nightly needs it" in deviation.message


def test_defaults_that_the_server_fills_in_are_no_drift():
    rule = {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": []}}], "ports": [{"port": 443}]}
    own = Network(head=RoleRules(egress=(rule,)))
    config = Config(Platform(), (Tenant("team-a", ("ray-a",), BOUNDS, network=own),))
    objects = [namespace("ray-a"), *static_policies(config)]
    rule = named(objects, "NetworkPolicy", "rayfence-head")["spec"]["egress"][0]
    rule["ports"] = [{"port": 443, "protocol": "TCP"}]
    del rule["to"][0]["ipBlock"]["except"]

    assert [] == deviations(audit(config, saved(*objects)))


def test_kyvernos_word_stands_beside_a_finding():
    old = ray_cluster("old", cpu="40")
    found = audit(CONFIG, saved(*tenants_part(), old, report(old, result="fail", message=SAID)))

    assert ["fail: limit-resources"] == [str(each.kyverno) for each in found.audited]
    assert () == found.disagreements


def test_what_kyverno_never_reported_on_has_no_word():
    assert [None] == [
        each.kyverno for each in audit(CONFIG, saved(*tenants_part(), ray_cluster("old", cpu="40"))).audited
    ]


@pytest.mark.parametrize(
    ("cpu", "result", "message", "ours"),
    [
        pytest.param("40", "pass", "", {"limit-resources"}, id="it passed what we refuse"),
        pytest.param("2", "fail", SAID, set(), id="it refuses what we pass"),
        pytest.param("2", "error", "failed to evaluate", set(), id="it could not answer"),
    ],
)
def test_where_kyverno_says_something_else_it_is_told(cpu, result, message, ours):
    cluster = ray_cluster("other", cpu=cpu)
    found = audit(CONFIG, saved(*tenants_part(), cluster, report(cluster, result=result, message=message)))

    assert [("other", ours)] == [(each.name, each.rayfence) for each in found.disagreements]


def test_the_node_of_a_running_pod_is_no_news():
    running = pod(ray_cluster("two"))
    said = "guard-pods: [guard-pods] spec.nodeName: must be left out"
    found = audit(CONFIG, saved(*tenants_part(), running, report(running, "guard-pods", "fail", said)))

    assert () == found.disagreements


def test_another_fault_beside_its_node_is():
    running = pod(ray_cluster("two"))
    said = "guard-pods: [guard-pods] spec.nodeName: must be left out; [guard-pods] spec.hostPID: is set"
    found = audit(CONFIG, saved(*tenants_part(), running, report(running, "guard-pods", "fail", said)))

    assert ["two-head-x7x2p"] == [each.name for each in found.disagreements]


def test_reports_by_other_policies_are_not_ours():
    objects = tenants_part()
    other = report(named(objects, "RayCluster", "one"), "somebodys-policy", "fail", "no")
    found = audit(CONFIG, saved(*objects, other))

    assert (2, ()) == (found.reported, found.disagreements)


def test_reports_of_the_newer_group_count_as_well():
    old = ray_cluster("old", cpu="40")
    newer = report(old, result="fail", message=SAID) | {"apiVersion": "openreports.io/v1alpha1", "kind": "Report"}

    assert ["fail: limit-resources"] == [
        str(each.kyverno) for each in audit(CONFIG, saved(*tenants_part(), old, newer)).audited
    ]


class Endless:
    """A source that makes its pods as they are asked for."""

    def __init__(self, pods: int) -> None:
        self._pods = pods
        self._saved = saved(*tenants_part())

    def serves(self, resource: Resource) -> bool:
        return self._saved.serves(resource)

    def of(self, resource: Resource) -> Iterator[Part]:
        yield from self._saved.of(resource)
        if resource.kind == "Pod":
            yield from (unwritten_part(pod(ray_cluster(f"c{number}"))) for number in range(self._pods))

    def one(self, resource: Resource, namespace: str, name: str) -> Part | None:
        return self._saved.one(resource, namespace, name)


def peak(pods: int) -> int:
    source = Endless(pods)
    tracemalloc.start()
    try:
        assert audit(CONFIG, source).judged > pods
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_objects():
    peak(10)  # what is loaded and compiled once
    few, many = peak(100), peak(2000)

    assert many < few + 100_000
