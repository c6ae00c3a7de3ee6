"""`rayfence check`: files, folders and stdin in; a verdict, its reasons and an exit code out."""

from __future__ import annotations

import json
import os

import pytest

from .command_line import CPU_LINE, cluster, rayfence, tenant, write

BROKEN = "kind: RayCluster\n  metadata: {\n"


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
        pytest.param(0, ["kind: ConfigMap\napiVersion: v1\n"], id="none of our business"),
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
    assert said.endswith("0 admitted, 1 denied, 0 errors\n")


def test_a_document_that_cannot_be_read_does_not_hide_the_others(place):
    write(place, a=cluster(cpu="5"), b=BROKEN, c=cluster())
    results = json.loads(rayfence("check", "a.yaml", "b.yaml", "c.yaml", "--format", "json").stdout)["results"]

    assert [("a.yaml", "deny"), ("b.yaml", "error"), ("c.yaml", "admit")] == [
        (each["file"], each["verdict"]) for each in results
    ]


def test_documents_before_a_mistake_in_their_file_are_judged(place):
    write(place, all=f"{cluster()}---\n{BROKEN}")
    result = rayfence("check", "all.yaml")

    assert (2, "1 admitted, 0 denied, 1 error") == (result.exit_code, result.stdout.splitlines()[-1])


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
