"""`rayfence check`: files, folders and stdin in; a verdict, its reasons and an exit code out."""

from __future__ import annotations

import json
import os

import pytest

from ..command_line import CPU_LINE, cluster, rayfence, tenant, write

BROKEN = "kind: RayCluster\n  metadata: {\n"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ray-team-a}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: ray-team-a, labels: {ray.io/cluster: x}}\n"
RESERVED = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {generateName: rayfence-, namespace: ray-team-a}
spec: {podSelector: {}}
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ray-team-a}
spec:
  template:
    spec:
      hostNetwork: true
      containers: [{name: web, image: web}]
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder to stand in, with one tenant."""
    write(tmp_path / "tenants", a=tenant())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        pytest.param(0, [cluster()], id="admitted"),
        pytest.param(0, [cluster(), CONFIG_MAP], id="admitted, and something not judged"),
        pytest.param(3, [CONFIG_MAP, CONFIG_MAP], id="nothing judged"),
        pytest.param(1, [CONFIG_MAP, cluster(cpu="5")], id="denied, and something not judged"),
        pytest.param(2, [cluster().replace("RayCluster", "RayClusters")], id="a kind that KubeRay has not"),
        pytest.param(2, [cluster(), cluster(cpu="5"), CONFIG_MAP, cluster().replace("io/v1", "io/v2")], id="all four"),
        pytest.param(1, [cluster(), cluster(cpu="5")], id="denied"),
        pytest.param(1, [cluster(namespace="elsewhere")], id="nobody's namespace"),
        pytest.param(2, [cluster(), BROKEN], id="unreadable"),
        pytest.param(2, [cluster(cpu="5"), BROKEN], id="unreadable weighs more than denied"),
    ],
)
def test_the_exit_code_is_the_worst_verdict(place, code, texts):
    write(place / "manifests", **{f"m{number}": text for number, text in enumerate(texts)})

    assert code == rayfence("check", "manifests").exit_code


def test_a_violation_has_its_line_and_what_is_allowed(place):
    write(place, bad=cluster(cpu="5"))
    said = rayfence("check", "bad.yaml").stdout

    where = "spec.headGroupSpec.template.spec.containers[0].resources.limits.cpu"
    assert said.startswith(f"bad.yaml:{CPU_LINE}: [limit-resources] {where}: 5 ")
    assert said.endswith("0 admitted, 1 denied, 0 not judged, 0 errors\n")


def test_a_document_that_cannot_be_read_does_not_hide_the_others(place):
    write(place, a=cluster(cpu="5"), b=BROKEN, c=cluster())
    results = json.loads(rayfence("check", "a.yaml", "b.yaml", "c.yaml", "--format", "json").stdout)["results"]

    assert [("a.yaml", "deny"), ("b.yaml", "error"), ("c.yaml", "admit")] == [
        (each["file"], each["verdict"]) for each in results
    ]


def test_documents_before_a_mistake_in_their_file_are_judged(place):
    write(place, all=f"{cluster()}---\n{BROKEN}")
    result = rayfence("check", "all.yaml")

    assert (2, "1 admitted, 0 denied, 0 not judged, 1 error") == (result.exit_code, result.stdout.splitlines()[-1])


def test_a_folder_is_searched_in_order_for_every_kind_of_manifest(place):
    write(place / "m" / "b", x=cluster())
    write(place / "m", c=cluster(), a=cluster())
    (place / "m" / "b" / "y.yml").write_text(cluster())
    (place / "m" / "b" / "z.json").write_text('{"kind": "ConfigMap"}')
    (place / "m" / "notes.txt").write_text(BROKEN)
    os.mkfifo(place / "m" / "pipe.yaml")
    results = json.loads(rayfence("check", "m", "--format", "json").stdout)["results"]

    assert ["m/a.yaml", "m/b/x.yaml", "m/b/y.yml", "m/b/z.json", "m/c.yaml"] == [each["file"] for each in results]


def test_a_file_that_is_named_twice_is_checked_once(place):
    write(place / "m", a=cluster())

    assert rayfence("check", "m", "m/a.yaml", "./m").stdout.startswith("1 admitted")


def test_a_file_of_any_name_is_read_when_it_is_named(place):
    (place / "manifest.txt").write_text(cluster())

    assert 0 == rayfence("check", "manifest.txt").exit_code


def test_stdin_is_a_dash(place):
    result = rayfence("check", "-", input=cluster(cpu="5"))

    assert 1 == result.exit_code
    assert result.stdout.startswith(f"<stdin>:{CPU_LINE}: [limit-resources]")


@pytest.mark.parametrize(
    ("paths", "answer"),
    [
        pytest.param(("none.yaml",), "none.yaml: no such file or folder; check the spelling", id="missing"),
        pytest.param(("bare",), "bare: no *.yaml, *.yml or *.json in this folder", id="a folder without manifests"),
        pytest.param(("void.yaml",), "error: void.yaml: no documents", id="an empty file"),
        pytest.param(("comments.yaml",), "error: comments.yaml: no documents", id="nothing but comments"),
        pytest.param(("-",), "error: -: no documents", id="empty stdin"),
    ],
)
def test_nothing_to_check_is_no_yes(place, paths, answer):
    (place / "bare").mkdir()
    write(place, void="", comments="# later\n---\n---\n# much later\n")
    result = rayfence("check", *paths, input="")

    assert (2, "") == (result.exit_code, result.stdout)
    assert answer in result.stderr


def test_everything_that_is_missing_is_named_at_once(place):
    write(place, good=cluster())
    result = rayfence("check", "good.yaml", "one.yaml", "two.yaml")

    assert (2, "") == (result.exit_code, result.stdout)
    assert ["one.yaml", "two.yaml", "2 problems; nothing was checked"] == [
        line.split(": ")[0] for line in result.stderr.splitlines()
    ]


def test_a_namespace_is_for_objects_that_name_none(place):
    write(place, free=cluster().replace("namespace: ray-team-a, ", ""), taken=cluster(namespace="elsewhere"))

    assert 1 == rayfence("check", "free.yaml").exit_code
    assert 0 == rayfence("check", "free.yaml", "-n", "ray-team-a").exit_code
    assert 1 == rayfence("check", "taken.yaml", "--namespace", "ray-team-a").exit_code


def test_the_operator_may_leave_out_the_label(place):
    write(place, made=cluster().replace(", labels: {tenant: team-a}}\nspec", "}\nspec"))
    operator = "system:serviceaccount:kuberay-operator:kuberay-operator"

    assert 1 == rayfence("check", "made.yaml").exit_code
    assert 0 == rayfence("check", "made.yaml", "--as", operator).exit_code


def test_a_wrong_config_is_told_before_anything_is_read(place):
    write(place / "tenants", a="kind: Tenat\n")
    result = rayfence("check", "-", input=cluster())

    assert (2, "") == (result.exit_code, result.stdout)
    assert result.stderr.endswith("nothing was checked\n")


@pytest.mark.parametrize("format", ["text", "json", "sarif", "github"])
def test_every_format_names_rule_and_file(place, format):
    write(place, bad=cluster(cpu="5"))
    result = rayfence("check", "bad.yaml", "--format", format)

    assert 1 == result.exit_code
    assert "limit-resources" in result.stdout
    assert "bad.yaml" in result.stdout


def test_sarif_says_what_a_rule_is_for(place):
    write(place, bad=cluster(cpu="5"))
    (run,) = json.loads(rayfence("check", "bad.yaml", "--format", "sarif").stdout)["runs"]

    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] != rule["shortDescription"]["text"]


def test_a_name_cannot_move_the_cursor(place):
    (place / "a\x1b[2J.yaml").write_text(BROKEN)
    result = rayfence("check", "a\x1b[2J.yaml", "b\x1b[2J.yaml")

    assert "\x1b" not in result.output
    assert "b\\x1b[2J.yaml: no such file" in result.stderr


def test_an_engine_that_is_missing_is_three(place):
    write(place, good=cluster())
    result = rayfence("check", "good.yaml", "--engine", "clusterpolicy", RAYFENCE_KYVERNO="/no/such/kyverno")

    assert (3, "") == (result.exit_code, result.stdout)
    assert "$RAYFENCE_KYVERNO is /no/such/kyverno, which is not a program" in result.stderr


@pytest.mark.engine
def test_the_real_engine_says_the_same(place):
    write(place, a=cluster(cpu="5"), b=BROKEN, c=cluster())
    words = ("check", "a.yaml", "b.yaml", "c.yaml", "--format", "json")

    assert rayfence(*words).stdout == rayfence(*words, "--engine", "clusterpolicy").stdout


# what is judged, and what is not


def test_what_is_not_judged_is_told_and_counted(place):
    write(place, all="---\n".join([cluster(), CONFIG_MAP, CONFIG_MAP]))
    said = rayfence("check", "all.yaml").stdout

    assert [
        f"all.yaml:{CPU_LINE + 2}: not judged: no rule is about v1 ConfigMap (and 1 more)",
        "1 admitted, 0 denied, 2 not judged, 0 errors",
    ] == said.splitlines()


def test_a_workload_is_judged_by_its_pod_template(place):
    write(place, web=DEPLOYMENT)
    result = rayfence("check", "web.yaml")

    assert 1 == result.exit_code
    assert result.stdout.startswith("web.yaml:7: [guard-pods] spec.template.spec.hostNetwork: ")


def test_findings_come_in_the_order_of_the_lines(place):
    text = cluster(cpu="5").replace("nodeSelector: {tenant: team-a}", "nodeSelector: {}")
    write(place, bad=text.replace("labels: {tenant: team-a}}\nspec", "labels: {tenant: x}}\nspec"))
    lines = [int(line.split(":")[1]) for line in rayfence("check", "bad.yaml").stdout.splitlines()[:-1]]

    assert 3 == len(lines)
    assert sorted(lines) == lines


JOB = cluster().replace("RayCluster", "RayJob").replace("  headGroupSpec:", "  rayClusterSpec:\n   headGroupSpec:")


def test_a_missing_submitter_is_one_line_and_what_it_says_to_paste_is_admitted(place):
    write(place, job=JOB)
    (line, _) = rayfence("check", "job.yaml").stdout.splitlines()
    write(place, mended=f"{JOB}  {line.partition('paste ')[2]}\n")

    rules = "require-pod-tenant-label, require-tenant-nodes, require-tenant-toleration"
    assert line.startswith(f"job.yaml:4: [{rules}] spec.submitterPodTemplate: is missing")
    assert (0, "1 admitted") == ((result := rayfence("check", "mended.yaml")).exit_code, result.stdout[:10])


def test_a_submitter_without_a_container_is_denied(place):
    spec = "{nodeSelector: {tenant: team-a}, tolerations: [{key: tenant, value: team-a}]}"
    write(place, job=f"{JOB}  submitterPodTemplate: {{metadata: {{labels: {{tenant: team-a}}}}, spec: {spec}}}\n")
    said = rayfence("check", "job.yaml").stdout

    assert "job.yaml:19: [limit-resources] spec.submitterPodTemplate.spec.containers: must hold a container" in said
    assert said.endswith("0 admitted, 1 denied, 0 not judged, 0 errors\n")


def test_a_list_of_requests_is_told_at_its_line(place):
    write(place, bad=cluster().replace('requests: {cpu: "1", memory: 2Gi}', 'requests: [{cpu: "1"}]'))
    result = rayfence("check", "bad.yaml")
    path = "spec.headGroupSpec.template.spec.containers[0].resources.requests"

    assert 2 == result.exit_code
    assert result.stdout.startswith(f"bad.yaml:{CPU_LINE - 1}: error: {path}: a list where a mapping belongs")


def test_a_generated_name_of_rayfences_is_refused(place):
    write(place, policy=RESERVED)
    said = rayfence("check", "policy.yaml").stdout

    assert said.startswith("policy.yaml:3: [guard-network-policies] metadata.generateName: rayfence- is rayfence's own")


def test_a_namespace_of_nobody_is_answered_with_those_there_are(place):
    write(place / "tenants", **{f"t{number}": tenant(f"t{number}", namespace=f"n{number}") for number in range(8)})
    write(place, lost=cluster(namespace="ray-taem-a"))
    said = rayfence("check", "lost.yaml").stdout

    assert "metadata.namespace: no tenant has ray-taem-a; use one of: ray-team-a, n0, n1, n2, n3 and 4 more\n" in said


# operations


def test_an_update_is_judged_with_the_object_as_it_was(place):
    bad = cluster(cpu="5")
    write(place, before=bad.replace("name: good,", "name: good, finalizers: [a],"), after=bad)

    assert 1 == rayfence("check", "after.yaml").exit_code
    assert 0 == rayfence("check", "after.yaml", "--old", "before.yaml").exit_code
    assert 0 == rayfence("check", "after.yaml", "--old", "before.yaml", "--operation", "UPDATE").exit_code
    assert 1 == rayfence("check", "after.yaml", "--old", "after.yaml").exit_code


def test_each_object_has_its_own_old_one(place):
    one, two = cluster("one", cpu="5"), cluster("two", cpu="6")
    olds = [text.replace("metadata: {", "metadata: {finalizers: [a], ", 1) for text in (two, one)]
    write(place, new=f"{one}---\n{two}---\n{CONFIG_MAP}---\n{DEPLOYMENT}", old="---\n".join([CONFIG_MAP, *olds]))
    results = json.loads(rayfence("check", "new.yaml", "--old", "old.yaml", "--format", "json").stdout)["results"]

    assert ["admit", "admit", "not-judged", "deny"] == [each["verdict"] for each in results]


def test_an_old_object_is_found_in_whichever_version_and_without_a_name_but_not_by_another(place):
    bad = cluster(cpu="5")
    older = bad.replace("metadata: {", "metadata: {finalizers: [a], ", 1).replace("ray.io/v1", "ray.io/v1alpha1")
    write(place, new=bad, old=older, other=older.replace("name: good", "name: other"))
    write(place, unnamed=older.replace("name: good", "generateName: go"), elsewhere=older.replace("ray-team-a", "x"))

    assert 0 == rayfence("check", "new.yaml", "--old", "old.yaml").exit_code
    assert 0 == rayfence("check", "new.yaml", "--old", "unnamed.yaml").exit_code
    for wrong in ("other", "elsewhere"):
        assert (
            f"{wrong}.yaml has no ray-team-a/RayCluster/good"
            in rayfence("check", "new.yaml", "--old", f"{wrong}.yaml").stderr
        )


@pytest.mark.parametrize(
    ("texts", "missing"),
    [
        pytest.param([cluster("one"), cluster("two")], ["ray-team-a/RayCluster/two"], id="another name"),
        pytest.param([POD], ["ray-team-a/Pod/p"], id="another kind"),
        pytest.param(
            [cluster("two"), cluster("one", namespace="x")],
            ["ray-team-a/RayCluster/two", "x/RayCluster/one"],
            id="all at once",
        ),
    ],
)
def test_an_object_without_an_old_one_is_told_and_nothing_is_checked(place, texts, missing):
    write(place, new="---\n".join(texts), old=cluster("one"))
    result = rayfence("check", "new.yaml", "--old", "old.yaml")

    assert (2, "") == (result.exit_code, result.stdout)
    assert [f"old.yaml has no {name}; add the object as it was" for name in missing] == [
        line.split(": ")[1] for line in result.stderr.splitlines()[:-1]
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--operation", "UPDATE"), "--operation UPDATE needs --old FILE"),
        (("--operation", "CREATE", "--old", "good.yaml"), "--operation CREATE has no --old"),
        (("--operation", "PATCH"), "there is no PATCH; write CREATE or UPDATE or DELETE"),
        (("--old", "none.yaml"), "none.yaml: no such file"),
        (("--old", "broken.yaml"), "broken.yaml:2: "),
    ],
)
def test_what_does_not_go_together_is_refused(place, words, said):
    write(place, good=cluster(), broken=BROKEN)
    result = rayfence("check", "good.yaml", *words)

    assert (2, "") == (result.exit_code, result.stdout)
    assert said in result.stderr


def test_a_deletion_is_judged_where_a_rule_is_about_deletions(place):
    own = RESERVED.replace("generateName: rayfence-", "name: rayfence-dns")
    write(place, own=own, other=own.replace("rayfence-dns", "mine"), ray=cluster(cpu="5"))
    code = {
        name: rayfence("check", f"{name}.yaml", "--operation", "DELETE").exit_code for name in ("own", "other", "ray")
    }

    assert {"own": 1, "other": 0, "ray": 3} == code


# files


@pytest.mark.parametrize(
    ("globs", "left"),
    [
        (["b"], ["m/a.yaml", "m/c/d.yaml"]),
        (["m/b/"], ["m/a.yaml", "m/c/d.yaml"]),
        (["*.yaml"], []),
        (["d.yaml"], ["m/a.yaml", "m/b/x.yaml"]),
        (["m/*/x.yaml", "./m/a.yaml"], ["m/c/d.yaml"]),
        (["nothing", "x"], ["m/a.yaml", "m/b/x.yaml", "m/c/d.yaml"]),
        (["m/**"], []),
        (["m"], []),
    ],
)
def test_a_glob_leaves_out_files_and_folders(place, globs, left):
    write(place / "m", a=cluster())
    write(place / "m" / "b", x=cluster())
    write(place / "m" / "c", d=cluster())
    words = [word for glob in globs for word in ("--exclude", glob)]
    result = rayfence("check", "m", "--format", "json", *words)

    if not left:
        assert (2, "") == (result.exit_code, result.stdout)
        assert "nothing is left" in result.stderr
        return
    assert left == [each["file"] for each in json.loads(result.stdout)["results"]]


@pytest.mark.parametrize(
    "text",
    [
        "metadata:\n  name: {{ .Release.Name }}-ray\n",
        "{{- if .Values.on }}\nkind: RayCluster\n{{- end }}\n",
        "{% for x in y %}\nkind: RayCluster\n{% endfor %}\n",
    ],
)
def test_a_template_that_is_no_yaml_yet_is_to_be_rendered_first(place, text):
    write(place, chart=text)
    result = rayfence("check", "chart.yaml")

    assert 2 == result.exit_code
    assert "render it first: helm template … | rayfence check -" in result.stdout


def test_what_is_no_template_is_not_said_to_be_one(place):
    write(place, plain=BROKEN, quoted=cluster("'{{ x }}'"))

    assert "render it first" not in rayfence("check", "plain.yaml", "quoted.yaml").stdout


@pytest.mark.engine
@pytest.mark.parametrize("backend", ["clusterpolicy", "validatingpolicy", "validatingadmissionpolicy", "gatekeeper"])
def test_the_real_engine_says_the_same_of_workloads_changes_and_what_is_not_judged(place, backend):
    bad = cluster("one", cpu="5")
    before = bad.replace("metadata: {", "metadata: {finalizers: [a], ", 1)
    own = RESERVED.replace("generateName: rayfence-", "name: rayfence-dns")
    write(place, new="---\n".join([bad, CONFIG_MAP, DEPLOYMENT]), old=before, own=own, generated=RESERVED)

    for words in (
        ("new.yaml", "--old", "old.yaml"),
        ("new.yaml", "own.yaml", "generated.yaml"),
        ("new.yaml", "own.yaml", "--operation", "DELETE"),
    ):
        check = ("check", "--format", "json", *words)
        assert verdicts(rayfence(*check)) == verdicts(rayfence(*check, "--engine", backend))


def verdicts(result):
    """The verdict on each object, and the rules it breaks with their lines."""
    found = json.loads(result.stdout)["results"]
    return [(each["verdict"], [(broken["rule"], broken["line"]) for broken in each["violations"]]) for each in found]
