"""What would be admitted, and every violation with its file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rayfence import yamlio
from rayfence.admission.evaluate import Evaluator, concerns_us, parts
from rayfence.cases.good import good
from rayfence.model.config import Config, Enforcement, Network, Platform, Provider, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.outcome import Finding, Result, Verdict
from rayfence.model.subjects import PODS, SUBJECTS, Subject
from rayfence.rules import OF
from rayfence.workload import ROOT, SERVED, Request
from rayfence.yamlio import Document

from ..builders import BOUNDS

TEAM_A = Tenant("team-a", ("ray-a",), BOUNDS)
AUDITED = Tenant("team-b", ("ray-b",), BOUNDS, enforcement=Enforcement.AUDIT)
WARNED = Tenant("team-c", ("ray-c",), BOUNDS, enforcement=Enforcement.WARN)
CONFIG = Config(Platform(), (TEAM_A, AUDITED, WARNED))

GOOD = """\
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: good
  namespace: ray-a
  labels: {tenant: team-a}
spec:
  headGroupSpec:
    template:
      metadata:
        labels: {tenant: team-a}
      spec:
        nodeSelector: {tenant: team-a}
        tolerations:
          - {key: tenant, operator: Equal, value: team-a, effect: NoSchedule}
        containers:
          - name: ray-head
            resources:
              requests: {cpu: "1", memory: 2Gi}
              limits: {cpu: "1", memory: 2Gi}
"""
BAD = GOOD.replace("name: good", "name: bad").replace("nodeSelector: {tenant: team-a}", "nodeSelector: {tenant: other}")


def indented(text: str) -> str:
    first, *rest = text.splitlines()
    return "\n".join([f"  - {first}", *(f"    {line}" for line in rest)]) + "\n"


def list_of(*manifests: str, head: str = "apiVersion: v1\nkind: List\n") -> str:
    return head + "items:\n" + "".join(map(indented, manifests))


def judged(text: str, namespace: str = "", config: Config = CONFIG, username: str = "") -> list[Result]:
    documents = [document for document in yamlio.read(text, "ray.yaml") if isinstance(document, Document)]
    return list(Evaluator(config, Request(username)).results(documents, namespace))


def summary(results: list[Result]) -> list[tuple[str, str, set[str]]]:
    return [(each.name, each.verdict.value, {finding.rule for finding in each.findings}) for each in results]


def test_a_good_object_is_admitted() -> None:
    assert [
        Result("ray.yaml", 1, "RayCluster", "ray-a", "good", "team-a", Verdict.ADMIT),
    ] == judged(GOOD)


def test_a_broken_rule_denies_and_is_found_at_its_line() -> None:
    (result,) = judged("---\n" + BAD)
    (finding,) = result.findings
    path = "spec.headGroupSpec.template.spec.nodeSelector.tenant"

    assert Verdict.DENY == result.verdict
    assert ("require-tenant-nodes", path, 14) == (finding.rule, finding.path, finding.line)
    assert "other" in finding.message
    assert "team-a" in finding.message


def test_what_is_missing_is_found_at_its_nearest_ancestor() -> None:
    (result,) = judged(GOOD.replace("        nodeSelector: {tenant: team-a}\n", ""))

    assert [("require-tenant-nodes", 12)] == [(each.rule, each.line) for each in result.findings]


def test_every_document_has_a_verdict_of_its_own() -> None:
    assert [("good", "admit", set()), ("bad", "deny", {"require-tenant-nodes"})] == summary(judged(f"{GOOD}---\n{BAD}"))
    assert [1, 22] == [each.line for each in judged(f"{GOOD}---\n{BAD}")]


LIST_HEADS = {
    "List": "apiVersion: v1\nkind: List\n",
    "RayClusterList": "apiVersion: ray.io/v1\nkind: RayClusterList\n",
}


@pytest.mark.parametrize("head", LIST_HEADS.values(), ids=LIST_HEADS)
def test_items_of_a_list_are_judged_one_by_one(head: str) -> None:
    assert [("good", "admit", set()), ("bad", "deny", {"require-tenant-nodes"})] == summary(
        judged(list_of(GOOD, BAD, head=head))
    )


def test_violations_in_a_list_have_their_path_and_line_in_the_file() -> None:
    good, bad = judged(list_of(GOOD, BAD))
    (finding,) = bad.findings

    assert [4, 24] == [good.line, bad.line]
    assert "items[1].spec.headGroupSpec.template.spec.nodeSelector.tenant" == finding.path
    assert 36 == finding.line


def test_items_of_a_typed_list_need_not_say_what_they_are() -> None:
    bare = "\n".join(BAD.splitlines()[2:]) + "\n"

    assert [("bad", "deny", {"require-tenant-nodes"})] == summary(
        judged(list_of(bare, head=LIST_HEADS["RayClusterList"]))
    )
    assert [("bad", "error", set())] == summary(judged(list_of(bare)))


def test_lists_may_stand_in_lists() -> None:
    assert [("bad", "deny", {"require-tenant-nodes"})] == summary(judged(list_of(list_of(BAD))))


def test_an_empty_list_has_no_objects() -> None:
    assert [] == judged("apiVersion: v1\nkind: List\nitems: []\n")


@pytest.mark.parametrize(("version", "kind"), SERVED, ids=[" ".join(each) for each in SERVED])
def test_every_kind_that_kuberay_serves_is_judged(version: str, kind: str) -> None:
    foreign = GOOD.replace("tenant: team-a}", "tenant: other}", 1)
    (result,) = judged(foreign.replace("ray.io/v1", version).replace("RayCluster", kind))

    assert (kind, Verdict.DENY, "team-a") == (result.kind, result.verdict, result.tenant)
    assert "require-tenant-label" in {finding.rule for finding in result.findings}


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        ("v1", "NodeList"),
        ("v1", "ConfigMap"),
        ("orchestration.aibrix.ai/v1alpha1", "RayClusterFleet"),
        ("cluster.ray.io/v1", "RayCluster"),
        ("batch.volcano.sh/v1alpha1", "Job"),
        ("apps/v1", "ControllerRevision"),
    ],
)
def test_a_kind_that_no_rule_is_about_is_not_judged(version: str, kind: str) -> None:
    (result,) = judged(BAD.replace("ray.io/v1", version).replace("RayCluster", kind))

    assert (kind, Verdict.NOT_JUDGED, None, ()) == (result.kind, result.verdict, result.tenant, result.findings)
    assert f"no rule is about {version} {kind}" == result.reason


SLIPS = {
    ("ray.io/v1", "Raycluster"): (2, "ray.io/v1 RayCluster"),
    ("ray.io/v1", "RayClusters"): (2, "ray.io/v1 RayCluster"),
    ("ray.io/v1alpha1", "RayJobs"): (2, "ray.io/v1alpha1 RayJob"),
    ("ray.io/v1alpha1", "RayCronJob"): (1, "ray.io/v1 RayCronJob"),
    ("ray.io/v2", "RayCluster"): (1, "ray.io/v1 RayCluster"),
    ("ray.io/v1beta1", "rayservice"): (1, "ray.io/v1 RayService"),
    ("ray.io", "RayCluster"): (1, "ray.io/v1 RayCluster"),
    ("Ray.io/v1", "RayCluster"): (1, "ray.io/v1 RayCluster"),
    ("rayio/v1", "RayClusters"): (1, "ray.io/v1 RayCluster"),
    ("kuberay.io/v1", "RayJob"): (1, "ray.io/v1 RayJob"),
    ("v1", "RayCluster"): (1, "ray.io/v1 RayCluster"),
    ("batch/v1", "RayCluster"): (1, "ray.io/v1 RayCluster"),
    ("networking.k8s.io/v1", "RayService"): (1, "ray.io/v1 RayService"),
}


@pytest.mark.parametrize(("version", "kind"), SLIPS, ids=[" ".join(each) for each in SLIPS])
def test_a_slip_in_a_kind_of_kuberays_is_an_error_that_says_what_was_meant(version: str, kind: str) -> None:
    line, meant = SLIPS[version, kind]
    (result,) = judged(GOOD.replace("ray.io/v1", version).replace("RayCluster", kind))

    assert (Verdict.ERROR, line) == (result.verdict, result.line)
    assert f"there is no {version} {kind}; did you mean {meant}?" == result.error


def test_a_kind_of_the_group_that_is_like_none_is_an_error_that_names_all() -> None:
    (result,) = judged(GOOD.replace("RayCluster", "Widget"))

    assert "there is no ray.io/v1 Widget; KubeRay has RayCluster, RayJob, RayService, RayCronJob in ray.io/v1" == (
        result.error
    )


def test_a_slip_in_a_list_of_kuberays_is_found_in_each_item() -> None:
    bare = "\n".join(GOOD.splitlines()[2:]) + "\n"
    (result,) = judged(list_of(bare, head="apiVersion: ray.io/v1\nkind: RayClustersList\n"))

    assert (Verdict.ERROR, "RayClusters") == (result.verdict, result.kind)


POD = """\
metadata:
  labels: {app: web}
spec:
  hostNetwork: true
  containers:
    - name: web
      image: web
"""


def workload(version: str, kind: str, namespace: str = "ray-a", pod: str = POD) -> str:
    """A workload whose pod template begins at line 7, or at line 9 of a CronJob."""
    way = ["spec", "jobTemplate", "spec", "template"] if kind == "CronJob" else ["spec", "template"]
    head = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: web, namespace: {namespace}}}\n"
    steps = "".join(f"{'  ' * depth}{step}:\n" for depth, step in enumerate(way))
    return head + steps + "".join(f"{'  ' * len(way)}{line}\n" for line in pod.splitlines())


WORKLOADS = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "ReplicationController": "v1",
}


@pytest.mark.parametrize("kind", WORKLOADS)
def test_a_workload_is_judged_as_the_pod_it_becomes(kind: str) -> None:
    text = workload(WORKLOADS[kind], kind)
    (result,) = judged(text)
    (finding,) = result.findings
    path = "spec.jobTemplate.spec.template" if kind == "CronJob" else "spec.template"

    assert (kind, "web", "team-a", Verdict.DENY, 1) == (
        result.kind,
        result.name,
        result.tenant,
        result.verdict,
        result.line,
    )
    assert ("guard-pods", f"{path}.spec.hostNetwork") == (finding.rule, finding.path)
    assert text.splitlines()[finding.line - 1].endswith("hostNetwork: true")
    assert [("web", "admit", set())] == summary(judged(text.replace("hostNetwork: true", "hostNetwork: false")))


def test_a_workload_in_a_list_has_its_own_path_and_line() -> None:
    (_, result) = judged(list_of(GOOD, workload("apps/v1", "Deployment")))

    assert ["items[1].spec.template.spec.hostNetwork"] == [finding.path for finding in result.findings]


def test_a_workload_takes_the_given_namespace_and_not_its_templates() -> None:
    own = workload("apps/v1", "Deployment").replace(", namespace: ray-a", "")
    elsewhere = own.replace("labels: {app: web}", "namespace: ray-a")

    assert [Verdict.DENY] == [each.verdict for each in judged(own, "ray-a")]
    assert [Verdict.NOT_JUDGED] == [each.verdict for each in judged(elsewhere)]


def test_who_creates_the_pods_of_a_workload_is_not_known() -> None:
    label = POD.replace("app: web", "ray.io/cluster: one")
    one, other = (
        judged(workload("apps/v1", "Deployment", pod=label), username=username)
        for username in ("", CONFIG.platform.operator.username)
    )

    assert one == other


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (POD, "", "spec.template: no template where a mapping belongs"),
        (POD, "[]", "spec.template: a list where a mapping belongs"),
        ("labels: {app: web}", "[a]", "spec.template.metadata: a list where a mapping belongs"),
        ("labels: {app: web}", "labels: [a]", "spec.template.metadata.labels: a list where a mapping belongs"),
    ],
)
def test_a_workload_without_a_pod_template_is_an_error(old: str, new: str, said: str) -> None:
    (result,) = judged(workload("apps/v1", "Deployment", pod=POD.replace(old, new)))

    assert (Verdict.ERROR, f"{said}; write a mapping there") == (result.verdict, result.error)


@pytest.mark.parametrize("kind", ["Pod", "Service", "NetworkPolicy", "Ingress"])
def test_what_only_tenants_are_asked_about_is_not_judged_elsewhere(kind: str) -> None:
    version = "networking.k8s.io/v1" if kind in ("NetworkPolicy", "Ingress") else "v1"
    text = f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: x, namespace: nobodys}}\n"

    assert ["no tenant has namespace nobodys"] == [each.reason for each in judged(text)]
    assert [f"this {kind} names no namespace"] == [
        each.reason for each in judged(text.replace(", namespace: nobodys", ""))
    ]
    assert Verdict.NOT_JUDGED not in [each.verdict for each in judged(text.replace("nobodys", "ray-a"))]


def test_where_every_rule_is_disabled_nothing_is_judged() -> None:
    config = Config(Platform(disabled_rules=tuple(rule.ID for rule in OF[PODS])), (TEAM_A,))
    (result,) = judged(workload("apps/v1", "Deployment"), config=config)

    assert (Verdict.NOT_JUDGED, "the platform disables every rule about Pod") == (result.verdict, result.reason)


def test_a_deletion_that_no_policy_looks_at_is_not_judged() -> None:
    evaluator = Evaluator(CONFIG, Request(operation="DELETE"))
    documents = [each for each in yamlio.read(BAD, "x") if isinstance(each, Document)]

    assert ["no rule is about DELETE of RayCluster"] == [each.reason for each in evaluator.results(documents)]


def test_each_object_may_be_asked_for_in_its_own_way() -> None:
    part = next(parts(next(each for each in yamlio.read(BAD, "x") if isinstance(each, Document))))
    before = {**part.value, "metadata": {**part.value["metadata"], "finalizers": ["x"]}}
    evaluator = Evaluator(CONFIG)

    assert [Verdict.DENY, Verdict.ADMIT] == [
        evaluator.result(part, request).verdict for request in (None, Request(operation="UPDATE", old=before))
    ]


def test_findings_come_in_the_order_of_the_lines() -> None:
    text = GOOD.replace("tenant: team-a", "tenant: x").replace("ray-a\n", "ray-a\n  annotations: {maxCpu: '99'}\n")
    (result,) = judged(text)
    lines = [finding.line for finding in result.findings]

    assert 4 == len(lines)
    assert sorted(lines) == lines
    assert "honor-declared-bounds" == result.findings[0].rule


@pytest.mark.parametrize("text", ["just text", "5", "[1, 2]", "{kind: 5}", "{apiVersion: v1, kind: [RayCluster]}"])
def test_what_is_no_object_is_an_error_that_says_what_to_write(text: str) -> None:
    said = "no Kubernetes object; write its apiVersion and kind"

    assert [Result("ray.yaml", 1, "", "", "", None, Verdict.ERROR, error=said)] == judged(text)


@pytest.mark.parametrize("version", ["v1", "v1alpha1"])
def test_every_served_version_is_judged(version: str) -> None:
    assert concerns_us({"apiVersion": f"ray.io/{version}", "kind": "RayCluster"})


def without_namespace(text: str) -> str:
    return text.replace("  namespace: ray-a\n", "")


def test_a_namespace_is_given_to_objects_that_name_none() -> None:
    (result,) = judged(without_namespace(GOOD), "ray-a")

    assert ("ray-a", "team-a", Verdict.ADMIT) == (result.namespace, result.tenant, result.verdict)


def test_without_one_nobody_has_the_namespace() -> None:
    (result,) = judged(without_namespace(GOOD))

    assert ("", None, Verdict.DENY) == (result.namespace, result.tenant, result.verdict)
    assert ["restrict-namespace"] == [finding.rule for finding in result.findings]


def test_an_objects_own_namespace_is_kept() -> None:
    assert [("good", "admit", set())] == summary(judged(GOOD, "ray-b"))


def test_metadata_that_is_missing_can_be_given_a_namespace() -> None:
    (result,) = judged("apiVersion: ray.io/v1\nkind: RayCluster\n", "ray-a")

    assert ("ray-a", "", "team-a") == (result.namespace, result.name, result.tenant)


def test_reading_does_not_change_a_document() -> None:
    (document,) = (each for each in yamlio.read(without_namespace(GOOD), "x") if isinstance(each, Document))
    list(parts(document, "ray-a"))

    assert "namespace" not in document.value["metadata"]


@pytest.mark.parametrize("tenant", [AUDITED, WARNED], ids=lambda tenant: tenant.enforcement.value)
def test_under_audit_and_warn_an_object_is_admitted_with_its_violations(tenant: Tenant) -> None:
    text = BAD.replace("ray-a", tenant.namespaces[0]).replace("team-a", tenant.name)

    assert [("bad", "admit", {"require-tenant-nodes"})] == summary(judged(text))


@pytest.mark.parametrize("enforcement", Enforcement)
def test_an_unclaimed_namespace_goes_by_the_platforms_enforcement(enforcement: Enforcement) -> None:
    config = Config(Platform(enforcement=enforcement), (TEAM_A,))
    verdict = "deny" if enforcement is Enforcement.ENFORCE else "admit"

    assert [("good", verdict, {"restrict-namespace"})] == summary(judged(GOOD.replace("ray-a", "nobodys"), "", config))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("nodeSelector: {tenant: team-a}", "nodeSelector: [tenant]", "spec.headGroupSpec.template.spec.nodeSelector"),
        ("labels: {tenant: team-a}\nspec:", "labels: []\nspec:", "metadata.labels"),
        ("    template:\n", "    template: []\n    other:\n", "spec.headGroupSpec.template"),
    ],
    ids=["nodeSelector", "labels", "template"],
)
def test_a_list_in_a_mappings_place_is_an_error_that_says_where(old: str, new: str, path: str) -> None:
    (result,) = judged(GOOD.replace(old, new, 1))

    assert (Verdict.ERROR, ()) == (result.verdict, result.findings)
    assert f"{path}: a list where a mapping belongs; write a mapping there" == result.error
    assert result.line > 1


def mappings(value: Any, path: FieldPath = ROOT) -> Iterator[FieldPath]:
    """Where mappings stand in a value, itself left out."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in below:
        if isinstance(each, dict):
            yield path / step
        yield from mappings(each, path / step)


def with_list(value: Any, path: FieldPath) -> dict[str, Any]:
    """A copy with a list at a path."""
    copy = target = json.loads(json.dumps(value))
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = ["x"]
    return dict(copy)


BY_KUBERAY = Tenant("team-k", ("ray-k",), BOUNDS, network=Network(provider=Provider.KUBERAY))


@pytest.mark.parametrize("tenant", [TEAM_A, BY_KUBERAY], ids=lambda tenant: tenant.name)
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
@pytest.mark.slow
def test_a_list_in_a_mappings_place_is_told_at_its_own_path_and_line(subject: Subject, tenant: Tenant) -> None:
    config = Config(Platform(), (TEAM_A, BY_KUBERAY))
    for value in good(subject, config.platform, tenant):
        places = list(mappings(value))
        documents = list(yamlio.read(yamlio.dump([with_list(value, place) for place in places]), "x"))
        found = [Evaluator(config).result(next(parts(each))) for each in documents if isinstance(each, Document)]
        errors = [
            (place, document, result)
            for place, document, result in zip(places, documents, found, strict=True)
            if result.verdict is Verdict.ERROR
        ]

        assert errors
        assert [] == [
            result.error
            for place, document, result in errors
            if not str(result.error).startswith(f"{place}: a list")
            or not isinstance(document, Document)
            or document.line_of(place) != result.line
        ]


def test_the_operator_may_leave_out_the_label() -> None:
    text = GOOD.replace("  labels: {tenant: team-a}\n", "", 1)

    assert [("good", "deny", {"require-tenant-label"})] == summary(judged(text))
    assert [("good", "admit", set())] == summary(judged(text, username=CONFIG.platform.operator.username))


def test_a_finding_holds_rule_path_line_and_message() -> None:
    (result,) = judged(GOOD.replace("ray-a", "nobodys"))
    (finding,) = result.findings

    assert Finding("restrict-namespace", "metadata.namespace", 5, finding.message) == finding
    assert "nobodys" in finding.message


ODD: list[Any] = [None, 5, 1.5, True, "x", {}, {"a": None}, ["x"], [None], [[]], [{}]]
PLACES = ["metadata", "metadata.labels", "spec", "spec.headGroupSpec", "spec.workerGroupSpecs"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_stands_somewhere_there_is_a_verdict_and_never_a_yes(place: str, odd: Any) -> None:
    (document,) = (each for each in yamlio.read(BAD, "x") if isinstance(each, Document))
    *way, last = place.split(".")
    target = document.value
    for step in way:
        target = target[step]
    target[last] = odd
    (result,) = Evaluator(CONFIG).results([document])

    assert Verdict.ADMIT != result.verdict
