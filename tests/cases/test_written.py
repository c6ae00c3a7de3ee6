"""Cases that people wrote are read from files, with everything that is wrong told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rayfence.cases import GENERATION, CaseError, load
from rayfence.workload import NOBODY, Request

ONE = """\
# What it shows.
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: one
  namespace: ray-a  # fails: restrict-namespace
spec: {}  # fails: limit-resources, require-tenant-nodes
"""
TWO = ONE.replace("name: one", "name: two").replace("  # fails: restrict-namespace", "")


def written(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(CaseError) as raised:
        load([folder])
    return [str(problem).replace(f"{folder}/", "") for problem in raised.value.problems]


def test_a_case_says_which_rules_are_broken_and_on_which_lines(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one=ONE)])

    assert {"restrict-namespace", "limit-resources", "require-tenant-nodes"} == case.fails
    assert {("restrict-namespace", 6), ("limit-resources", 7), ("require-tenant-nodes", 7)} == case.lines
    assert ("one", str(tmp_path / "one.yaml"), 2) == (case.name, case.file, case.line)
    assert NOBODY == case.request


def test_what_is_not_named_must_hold(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one="kind: RayCluster\nmetadata: {name: x, namespace: b}\n")])

    assert (frozenset(), frozenset()) == (case.fails, case.lines)


def test_a_case_is_named_by_its_file_and_by_its_number_where_there_are_several(tmp_path: Path) -> None:
    cases = load([written(tmp_path, alone=ONE, rule__several=f"{ONE}---\n{TWO}")])

    assert ["alone", "rule/several#1", "rule/several#2"] == [case.name for case in cases]
    assert ["one", "one", "two"] == [case.value["metadata"]["name"] for case in cases]


def test_remarks_belong_to_the_document_in_which_they_stand(tmp_path: Path) -> None:
    first, second = load([written(tmp_path, both=f"{ONE}---\n{TWO}")])

    assert "restrict-namespace" in first.fails
    assert {("limit-resources", 15), ("require-tenant-nodes", 15)} == second.lines


def test_generation_may_fail_like_a_rule(tmp_path: Path) -> None:
    (case,) = load(
        [written(tmp_path, one=f"kind: RayCluster  # fails: {GENERATION}\nmetadata: {{name: x, namespace: b}}\n")]
    )

    assert {GENERATION} == case.fails


def test_who_asks_stands_in_a_remark(tmp_path: Path) -> None:
    user = "system:serviceaccount:kuberay-operator:kuberay-operator"
    (case,) = load([written(tmp_path, one=f"# as: {user}\n{ONE}")])

    assert Request(user) == case.request


def test_groups_and_the_operation_stand_in_remarks_too(tmp_path: Path) -> None:
    remarks = "# groups: system:masters, platform team,\n# operation: DELETE\n"
    (case,) = load([written(tmp_path, one=f"# as: jane\n{remarks}{ONE}")])

    assert Request("jane", ("system:masters", "platform team"), "DELETE") == case.request


def test_the_object_as_it_was_stands_before_the_case(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one=f"# old\n{TWO}---\n{ONE}")])

    assert ("UPDATE", "two") == (case.request.operation, case.request.old["metadata"]["name"])
    assert "one" == case.value["metadata"]["name"]


def test_an_update_of_nothing_in_particular_changes_nothing(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one=f"# operation: UPDATE\n{ONE}")])

    assert case.value == case.request.old


def test_an_old_object_without_a_case_is_an_error(tmp_path: Path) -> None:
    assert ["one.yaml:3: # old: no document follows; write the object as it is after the update"] == problems(
        written(tmp_path, one=f"# old\n{TWO}")
    )


def test_an_operation_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    assert ["one.yaml:1: # operation: there is no `PATCH`; write one of CREATE, UPDATE, DELETE"] == problems(
        written(tmp_path, one=f"# operation: PATCH\n{ONE}")
    )


def test_a_remark_inside_a_word_is_none(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one="kind: Nothing#fails:limit-resources\nmetadata: {name: x, namespace: b}\n")])

    assert frozenset() == case.fails


def test_a_single_file_may_be_named(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one=ONE, two=TWO) / "two.yaml"])

    assert "two" == case.name


def test_a_byte_order_mark_is_no_part_of_a_case(tmp_path: Path) -> None:
    (case,) = load([written(tmp_path, one="\ufeff" + ONE)])

    assert "RayCluster" == case.value["kind"]


def test_a_misspelled_rule_is_an_error_that_says_what_was_meant(tmp_path: Path) -> None:
    text = ONE.replace("limit-resources", "limit-resource")

    assert ["one.yaml:7: # fails: there is no rule `limit-resource`; did you mean `limit-resources`?"] == problems(
        written(tmp_path, one=text)
    )


def test_a_word_that_is_no_rule_is_answered_with_all_there_are(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, one=ONE.replace("limit-resources", "everything")))

    assert problem.startswith("one.yaml:7: # fails: there is no rule `everything`; write one of restrict-namespace, ")
    assert problem.endswith(GENERATION)


@pytest.mark.parametrize("remark", ["# fails:", "# fails: limit-resources,"])
def test_a_remark_without_a_rule_is_an_error(tmp_path: Path, remark: str) -> None:
    (problem,) = problems(written(tmp_path, one=f"kind: RayCluster  {remark}\n"))

    assert problem.startswith("one.yaml:1: # fails: there is no rule ``; write one of ")


def test_a_list_is_no_case(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: List\nitems: [{kind: RayCluster}, {kind: RayCluster}]\n"

    assert ["one.yaml:1: a List; write each object as a document of its own"] == problems(written(tmp_path, one=text))


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match=r"no test cases here; write manifests as \*\.yaml, at least one"):
        load([tmp_path])


def test_a_folder_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CaseError, match="no test cases here"):
        load([tmp_path / "missing"])


@pytest.mark.parametrize("text", ["", "# only a remark\n", "---\n---\n", "null\n"], ids=repr)
def test_a_file_without_a_case_is_an_error(tmp_path: Path, text: str) -> None:
    assert ["one.yaml: no test case in this file; write a manifest or remove it"] == problems(
        written(tmp_path, one=text)
    )


def test_broken_yaml_is_an_error_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, one="kind: RayCluster\nspec: [1, 2\n"))

    assert problem.startswith("one.yaml:")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    wrong = ONE.replace("limit-resources", "limit-resource")
    found = problems(written(tmp_path, a=wrong, b="", c=wrong))

    assert ["a.yaml:7", "b.yaml", "c.yaml:7"] == [problem.partition(": ")[0] for problem in found]


def test_who_asks_may_stand_above_a_later_document(tmp_path: Path) -> None:
    first, second = load([written(tmp_path, both=f"{ONE}---\n# as: somebody\n{TWO}")])

    assert (NOBODY, Request("somebody")) == (first.request, second.request)


def test_a_case_without_a_name_or_namespace_is_an_error(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, one="apiVersion: ray.io/v1\nkind: RayCluster\nmetadata: {name: one}\n"))

    assert "metadata.namespace" in problem
