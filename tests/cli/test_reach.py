"""`rayfence reach`: who reaches whom, three proofs, single questions, and what refutes hand-written policies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rayfence.cli import console

from ..command_line import cluster, rayfence, tenant, write

DATA = Path(__file__).parents[1] / "data" / "reach"
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: mine, namespace: ray-team-a}
spec:
  podSelector: {}
  policyTypes: [Ingress]
  ingress: [{from: [{namespaceSelector: {}}]}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with two tenants."""
    write(tmp_path / "tenants", a=tenant(), b=tenant("team-b"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def found(*words: str | Path) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(rayfence("reach", *words, "--format", "json").stdout)
    return answer


def test_what_rayfence_writes_holds(place: Path) -> None:
    result = rayfence("reach")

    assert 0 == result.exit_code
    assert [
        "runs: Ray can start and run: holds",
        "isolated: nothing else is open: holds",
        "minimal: every rule is needed: holds",
    ] == [line.partition(" (")[0] for line in result.stdout.splitlines()[-3:]]


def test_the_table_says_who_reaches_whom_by_which_rule(place: Path) -> None:
    lines = rayfence("reach", "--full").stdout.splitlines()

    assert "team-a: ray-team-a" == lines[0]
    assert ["from", "to", "ports", "by"] == lines[1].split()
    assert any(
        line.split() == ["every", "pod", "kube-system/dns", "TCP", "53", "rayfence-dns", "egress[0]"] for line in lines
    )


def test_into_a_pipe_goes_a_summary_and_the_tables_where_they_are_asked_for(place: Path) -> None:
    brief, full = rayfence("reach").stdout, rayfence("reach", "--full").stdout

    assert brief == rayfence("reach", "--summary").stdout
    assert ("2 tenants, 2 namespaces, ", 5) == (brief[:25], len(brief.splitlines()))
    assert set(brief.splitlines()[1:]) <= set(full.splitlines())
    assert 20 < len(full.splitlines())


@pytest.mark.slow
def test_a_terminal_and_a_file_get_the_tables(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rayfence("reach", "--output", "reach.txt")
    rayfence("reach", "--summary", "--output", "brief.txt")
    full, brief = (place / "reach.txt").read_text(), (place / "brief.txt").read_text()

    assert (full, brief) == (rayfence("reach", "--full").stdout, rayfence("reach").stdout)
    monkeypatch.setattr(console, "is_read", lambda: True)
    assert "team-a: ray-team-a" in rayfence("reach").stdout
    assert "team-a: ray-team-a" not in rayfence("reach", "--summary").stdout


LENIENT = {
    "audited": ("  enforcement: Audit\n", "enforcement is Audit, network.enforce is false"),
    "warned": ("  enforcement: Warn\n  network: {enforce: true}\n", "enforcement is Warn"),
    "open": ("  network: {enforce: false}\n", "network.enforce is false"),
}


@pytest.mark.parametrize(("settings", "reason"), LENIENT.values(), ids=LENIENT)
@pytest.mark.slow
def test_a_tenant_that_is_not_isolated_is_told_first_and_fails_when_strict(
    place: Path, settings: str, reason: str
) -> None:
    write(place / "tenants", b=tenant("team-b") + settings)
    result = rayfence("reach")

    assert 0 == result.exit_code
    assert f"1 of 2 tenants is not isolated: team-b ({reason})" == result.stdout.splitlines()[0]
    assert [1, 1, 1] == [rayfence("reach", "--strict", "--format", each).exit_code for each in ("text", "json", "html")]
    said = rayfence("reach", "--output", "reach.txt").stderr
    assert "wrote reach.txt: all proofs hold; 1 of 2 tenants is not isolated\n" == said


def test_strict_is_content_where_all_are_isolated(place: Path) -> None:
    result = rayfence("reach", "--strict")

    assert 0 == result.exit_code
    assert "not isolated" not in result.stdout


def test_a_policy_that_opens_too_much_is_refuted_by_its_edge(place: Path) -> None:
    write(place, mine=POLICY)
    result = rayfence("reach", "mine.yaml")
    _, isolated, _ = found("mine.yaml")["proofs"]

    assert 1 == result.exit_code
    assert "isolated: nothing else is open: refuted by " in result.stdout
    line = "stranger/stranger -> ray-team-a/sample-head is open on all ports, and no configuration asks for that"
    expected = {"from": "stranger/stranger", "to": "ray-team-a/sample-head", "port": "TCP 1"}
    assert {"line": f"{line}: ray-team-a/mine ingress[0]"} | expected in isolated["counterexamples"]


# What stood here before, and what KubeRay alone would make: each refuted by name.
REFUTED = {
    "seed": [
        "ray-a/sample-head -> ray-a/sample-small-worker-0 TCP 8080 (and 8 more of its ports) must be open, for Ray, "
        "inside a cluster: egress of ray-a/sample-head is closed by ray-a/sample-isolation, and no rule lets this out",
        "ray-a/sample-small-worker-0 -> kube-system/dns UDP 53 (and 1 more of its ports) must be open, for DNS: egress "
        "of ray-a/sample-small-worker-0 is closed by ray-a/sample-isolation, and no rule lets this out",
        "ray-b/notebook -> ray-a/notebook is open on all ports, and no configuration asks for that: nothing closes it",
    ],
    "kuberay-deny-all": [
        "ray-a/sample-small-worker-0 -> kube-system/dns UDP 53 (and 1 more of its ports) must be open, for DNS: egress "
        "of ray-a/sample-small-worker-0 is closed by ray-a/sample-workers-small, and no rule lets this out",
        "kuberay-operator/kuberay-operator -> ray-a/sample-head TCP 8265 (and 1 more of its ports) must be open, for "
        "the operator: ingress of ray-a/sample-head is closed by ray-a/sample-head, and no rule lets this in",
        "ray-b/notebook -> ray-a/notebook is open on all ports, and no configuration asks for that: nothing closes it",
    ],
}


@pytest.mark.parametrize(("name", "lines"), REFUTED.items(), ids=REFUTED)
def test_policies_that_were_not_enough_are_refuted_by_name(tmp_path: Path, name: str, lines: list[str]) -> None:
    own = write(tmp_path, a=tenant(namespace="ray-a"), b=tenant("team-b", namespace="ray-b"))
    asked = (DATA / "cluster.yaml", "--tenants", own, "--policies", DATA / f"{name}.yaml")

    said = [each["line"] for proof in found(*asked)["proofs"] for each in proof["counterexamples"]]

    assert 1 == rayfence("reach", *asked).exit_code
    assert [] == [line for line in lines if line not in said]


def test_json_has_the_proofs_and_the_graph(place: Path) -> None:
    answer = found()

    assert answer["holds"]
    assert ["runs", "isolated", "minimal"] == [proof["proof"] for proof in answer["proofs"]]
    assert all(proof["holds"] and proof["asked"] > 0 and not proof["counterexamples"] for proof in answer["proofs"])
    assert ["team-a", "team-b", "platform", "outside"] == [group["name"] for group in answer["groups"]]
    edge = {
        "from": "kuberay-operator/kuberay-operator",
        "to": "ray-team-a/sample-head",
        "ports": ["TCP 8000", "TCP 8265"],
        "rules": ["ray-team-a/rayfence-operator ingress[0]"],
        "namedByConfig": True,
    }
    assert edge in answer["edges"]


def test_every_end_of_an_edge_is_a_member(place: Path) -> None:
    answer = found()
    members = {member["id"] for group in answer["groups"] for member in group["members"]}

    assert members >= {edge[end] for edge in answer["edges"] for end in ("from", "to")}


def test_the_same_question_has_the_same_answer_to_the_byte(place: Path) -> None:
    assert rayfence("reach", "--format", "json").stdout == rayfence("reach", "--format", "json").stdout


@pytest.mark.parametrize(("format", "begin"), [("svg", "<svg "), ("html", "<!doctype html>")])
def test_pictures_are_whole_files(place: Path, format: str, begin: str) -> None:
    result = rayfence("reach", "--format", format, "--output", f"reach.{format}")

    assert (0, f"wrote reach.{format}: all proofs hold\n") == (result.exit_code, result.stderr)
    assert (place / f"reach.{format}").read_text().lower().startswith(begin)


def test_objects_of_ones_own_are_looked_at_in_place_of_samples(place: Path) -> None:
    write(place, mine=cluster("mine"))
    groups = found("mine.yaml")["groups"]

    ids = [member["id"] for group in groups for member in group["members"]]
    assert "ray-team-a/mine-head" in ids
    assert "ray-team-a/sample-head" not in ids


def test_an_object_in_nobodys_namespace_is_left_out_aloud(place: Path) -> None:
    write(place, mine=cluster("mine") + "---\n" + cluster("theirs", namespace="elsewhere"))

    said = rayfence("reach", "mine.yaml").stderr
    assert "warning: RayCluster elsewhere/theirs is left out: no tenant has elsewhere\n" == said


@pytest.mark.parametrize(
    ("code", "target"), [(0, "ray-team-a/sample-head"), (1, "ray-team-b/sample-head")], ids=["yes", "no"]
)
def test_one_question_is_answered_by_exit_code(place: Path, code: int, target: str) -> None:
    asked = ("--from", "ray-team-a/notebook", "--to", target, "--port", "8265")
    result = rayfence("reach", *asked)
    answer = json.loads(rayfence("reach", *asked, "--format", "json").stdout)

    assert code == result.exit_code
    word = "no" if code else "yes"
    assert f"ray-team-a/notebook -> {target} TCP 8265: {word}" == result.stdout.splitlines()[0]
    assert (not code, ["ray-team-a/rayfence-tenant egress[0]"] if not code else []) == (
        answer["allowed"],
        answer["egress"]["openedBy"],
    )


WRONG = {
    "half a question": (["--from", "ray-team-a/notebook"], "one question has three parts; add --to and --port"),
    "a picture of one question": (
        ["--from", "ray-team-a/notebook", "--to", "internet", "--port", "1", "--format", "svg"],
        "one question is not answered by svg; write --format text or --format json",
    ),
    "a summary of one question": (
        ["--from", "ray-team-a/notebook", "--to", "internet", "--port", "1", "--summary"],
        "--summary is for the proofs as text; leave it out",
    ),
    "a summary as a page": (["--summary", "--format", "html"], "--summary is for the proofs as text; leave it out"),
    "strict about one question": (
        ["--from", "ray-team-a/notebook", "--to", "internet", "--port", "1", "--strict"],
        "--strict is for the proofs; leave it out",
    ),
    "labels that are no map": (["scalar.yaml"], "scalar.yaml:3: metadata.labels: a text where a mapping belongs"),
    "nobody": (
        ["--from", "ray-team-a/x", "--to", "internet", "--port", "1"],
        "there is no ray-team-a/x; did you mean ",
    ),
    "no such file": (["none.yaml"], "none.yaml: no such file or folder"),
    "nothing of use": (["empty.yaml"], "empty.yaml: no Ray object and no NetworkPolicy; name a file with one in it"),
    "nothing of use among policies": (["--policies", "empty.yaml"], "empty.yaml: no Ray object and no NetworkPolicy"),
    "no policy among policies": (["--policies", "stray.yaml"], "stray.yaml: no NetworkPolicy"),
    "nobody's objects": (["stray.yaml"], "no Ray object is in a tenant's namespace; nothing was proved"),
    "a broken file": (["broken.yaml"], "broken.yaml:2: "),
    "a broken policy": (["wrong.yaml"], "wrong.yaml:5: spec.podSelector: a list where a mapping belongs"),
    "no tenants": (["--tenants", "none"], "nothing was proved"),
}


@pytest.mark.parametrize(("words", "message"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_told(place: Path, words: list[str], message: str) -> None:
    write(
        place,
        empty="kind: ConfigMap\napiVersion: v1\n",
        stray=cluster(namespace="elsewhere"),
        broken="kind: RayCluster\n  metadata: {\n",
        scalar=cluster().replace("labels: {tenant: team-a}}\nspec", "labels: tenant=team-a}\nspec"),
        wrong=POLICY.replace("podSelector: {}", "podSelector: []"),
    )
    result = rayfence("reach", *words)

    assert 2 == result.exit_code
    assert message in result.stderr
    assert "" == result.stdout
