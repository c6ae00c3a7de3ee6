"""What would be admitted, and every violation with its file and line."""

from __future__ import annotations

from typing import Any

import pytest

from rayfence import yamlio
from rayfence.config import Bounds, Config, Container, Enforcement, Platform, Tenant
from rayfence.evaluate import Judge, concerns_us, parts
from rayfence.outcome import Finding, Result, Verdict
from rayfence.workload import SERVED, Request
from rayfence.yamlio import Document

BOUNDS = Container(Bounds("1", "4"), Bounds("2Gi", "8Gi"))
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
    return list(Judge(config, Request(username)).results(documents, namespace))


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
        ("apps/v1", "Deployment"),
        ("batch/v1", "RayCluster"),
        ("ray.io/v2", "RayCluster"),
        ("ray.io/v1alpha1", "RayCronJob"),
        ("v1", "NodeList"),
    ],
)
def test_a_kind_that_no_rule_speaks_of_is_admitted_with_no_tenant(version: str, kind: str) -> None:
    (result,) = judged(BAD.replace("ray.io/v1", version).replace("RayCluster", kind))

    assert (kind, Verdict.ADMIT, None, ()) == (result.kind, result.verdict, result.tenant, result.findings)


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
    (result,) = Judge(CONFIG).results([document])

    assert Verdict.ADMIT != result.verdict
