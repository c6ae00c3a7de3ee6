"""What gator is believed: only what it says of a policy that it has demonstrably evaluated for an object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rayfence import gator
from rayfence.gator import EngineError, PolicyResult
from rayfence.gotool import GATOR, find
from rayfence.workload import NOBODY, Request

pytestmark = pytest.mark.engine

SOMEBODY = Request("somebody", ("people",))


@pytest.fixture(scope="session")
def engine() -> Path:
    return find(GATOR, print).path


def template(expression: str = "object.data.key == 'good'", **source: Any) -> dict[str, Any]:
    validation = {"expression": expression, "messageExpression": "'it is ' + string(object.?data.?key.orValue('gone'))"}
    code = {"engine": "K8sNativeValidation", "source": {"failurePolicy": "Fail", "validations": [validation], **source}}
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {"name": "probe"},
        "spec": {
            "crd": {"spec": {"names": {"kind": "Probe"}}},
            "targets": [{"target": "admission.k8s.gatekeeper.sh", "code": [code]}],
        },
    }


def constraint(action: str = "deny", kind: str = "ConfigMap", **match: Any) -> dict[str, Any]:
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": "Probe",
        "metadata": {"name": "probe"},
        "spec": {"enforcementAction": action, "match": {"kinds": [{"apiGroups": [""], "kinds": [kind]}], **match}},
    }


def config_map(key: object = "good", name: str = "one") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "here"},
        "data": {"key": key},
    }


def yaml_of(*manifests: Mapping[str, Any]) -> str:
    return "\n---\n".join(json.dumps(each) for each in manifests)


GOOD = yaml_of(template(), constraint())

requests = pytest.mark.parametrize("request_", [NOBODY, SOMEBODY], ids=["an object", "a request"])


@requests
def test_a_pass_and_a_violation_are_both_said(engine: Path, request_: Request):
    objects = [config_map("good", "one"), config_map("bad", "two"), config_map("good", "three")]

    assert [
        PolicyResult("probe", "here/one", "pass", ""),
        PolicyResult("probe", "here/two", "fail", "it is bad"),
        PolicyResult("probe", "here/three", "pass", ""),
    ] == gator.evaluate(engine, GOOD, objects, request_)


@requests
@pytest.mark.parametrize(("action", "result"), [("deny", "fail"), ("warn", "warn"), ("dryrun", "warn")])
def test_a_violation_is_no_more_than_what_the_constraint_makes_of_it(
    engine: Path, request_: Request, action: str, result: str
):
    (judged,) = gator.evaluate(engine, yaml_of(template(), constraint(action)), [config_map("bad")], request_)

    assert result == judged.result


@requests
@pytest.mark.parametrize(
    "policies",
    [
        pytest.param(yaml_of(template(), constraint(kind="ConfigMapp")), id="a kind misspelled"),
        pytest.param(yaml_of(template(), constraint(namespaces=["there"])), id="another namespace"),
        pytest.param(yaml_of(template(), constraint(name="two")), id="another name"),
        pytest.param(
            yaml_of(template(matchCondition=[{"name": "never", "expression": "false"}]), constraint()),
            id="a condition that shuts it off",
        ),
        pytest.param(yaml_of(template(failurePolicy="Ignore"), constraint()), id="errors ignored"),
    ],
)
def test_a_policy_that_would_let_anything_pass_says_nothing(engine: Path, request_: Request, policies: str):
    assert [] == gator.evaluate(engine, policies, [config_map("good")], request_)


@requests
@pytest.mark.parametrize(
    ("expression", "said"),
    [
        pytest.param("object.data.other == 'good'", "no such key: other", id="at run time"),
        pytest.param("object.data.key ==", "compilation failed", id="at compile time"),
    ],
)
def test_an_error_is_a_failure_with_the_engines_own_words(engine: Path, request_: Request, expression: str, said: str):
    (judged,) = gator.evaluate(engine, yaml_of(template(expression), constraint()), [config_map()], request_)

    assert "fail" == judged.result
    assert said in judged.message


@requests
@pytest.mark.parametrize(
    ("policies", "why"),
    [
        pytest.param(yaml_of(template()), "not both a template and a constraint of Probe", id="no constraint"),
        pytest.param(yaml_of(constraint()), "not both a template and a constraint of Probe", id="no template"),
        pytest.param(yaml_of(template(), template(), constraint()), "two templates", id="a template twice"),
        pytest.param(yaml_of(template(), constraint(), constraint()), "two constraints", id="a constraint twice"),
        pytest.param(yaml_of(template(), constraint("denny")), "enforcementAction denny", id="an unknown action"),
        pytest.param(
            yaml_of({**template(), "metadata": {"name": "other"}}, constraint()), '"other"', id="a template misnamed"
        ),
        pytest.param(
            yaml_of(template(), constraint(kindes=[])), "unknown fields: [spec.match.kindes]", id="a field misspelled"
        ),
        pytest.param(yaml_of(template(failurePolicy="Maybe"), constraint()), "Maybe", id="an unknown failurePolicy"),
        pytest.param(
            yaml_of(template(), constraint(namespaceSelector={"matchLabels": {"a": "b"}})),
            "missing Namespace",
            id="a selector of namespaces, which are not there",
        ),
    ],
)
def test_policies_that_gator_cannot_use_are_an_error(engine: Path, request_: Request, policies: str, why: str):
    with pytest.raises(EngineError) as error:
        gator.evaluate(engine, policies, [config_map("bad")], request_)

    assert why in str(error.value)


def test_two_objects_of_one_name_are_an_error(engine: Path):
    with pytest.raises(EngineError, match="same namespace and name"):
        gator.evaluate(engine, GOOD, [config_map(), config_map()])


def test_a_program_that_is_not_gator_is_an_error(tmp_path: Path):
    with pytest.raises(EngineError, match="did not run"):
        gator.evaluate(tmp_path / "gator", GOOD, [config_map()])
    with pytest.raises(EngineError, match="gave no results"):
        gator.evaluate(Path("/bin/echo"), GOOD, [config_map()])


def test_who_asks_for_what_is_known(engine: Path):
    told = template(
        "[request.operation, request.userInfo.username, request.userInfo.groups[0], string(oldObject == null)]"
    )
    told["spec"]["targets"][0]["code"][0]["source"]["validations"] = [
        {
            "expression": "false",
            "messageExpression": "request.operation + ' by ' + request.userInfo.username + ' of '"
            " + request.userInfo.groups.join(',') + ' from ' + (oldObject == null ? '-' : oldObject.data.key)"
            " + ' to ' + (object == null ? '-' : object.data.key)",
        }
    ]

    def said(operation: str, old: dict[str, Any] | None = None) -> str:
        asked = Request("somebody", ("people", "admins"), operation, old)
        (judged,) = gator.evaluate(engine, yaml_of(told, constraint()), [config_map("new")], asked)
        return judged.message

    assert "CREATE by somebody of people,admins from - to new" == said("CREATE")
    assert "UPDATE by somebody of people,admins from old to new" == said("UPDATE", config_map("old"))
    assert "UPDATE by somebody of people,admins from new to new" == said("UPDATE")
    assert "DELETE by somebody of people,admins from new to -" == said("DELETE")


def test_a_creation_by_nobody_in_particular_is_a_creation(engine: Path):
    policies = yaml_of(
        template("request.operation == 'CREATE' && request.?userInfo.?username.orValue('') == ''"), constraint()
    )

    assert [PolicyResult("probe", "here/one", "pass", "")] == gator.evaluate(engine, policies, [config_map()])


@requests
@pytest.mark.parametrize(
    "text",
    [
        "\x7f",
        "\x85",
        "é",
        "\u2028",
        "\ufeff",
        "\ufffd",
        "\uffff",
        "😀",
        "\\ud83d",
        "# no\n---\n#",
        "<<",
        "no",
        '"',
        "\t",
    ],
    ids=ascii,
)
def test_text_arrives_as_it_is(engine: Path, request_: Request, text: str):
    codes = "".join(f"\\U{ord(character):08x}" for character in text)
    policies = yaml_of(template(f"object.data.key == '{codes}' && object.data['{codes}'] == 1"), constraint())
    value = config_map(text)
    value["data"][text] = 1

    assert [PolicyResult("probe", "here/one", "pass", "")] == gator.evaluate(engine, policies, [value], request_)


@requests
@pytest.mark.parametrize(
    ("number", "kind"), [(1, "int"), (1.5, "double"), (2**53 - 1, "int"), (True, "bool"), (None, "null_type")], ids=str
)
def test_a_value_keeps_its_type(engine: Path, request_: Request, number: object, kind: str):
    policies = yaml_of(
        template(f"type(object.data.key) == {kind} && object.data.key == {json.dumps(number)}"), constraint()
    )

    assert [PolicyResult("probe", "here/one", "pass", "")] == gator.evaluate(
        engine, policies, [config_map(number)], request_
    )


def test_a_value_without_a_word_in_json_is_an_error(engine: Path):
    with pytest.raises(EngineError, match="no word"):
        gator.evaluate(engine, GOOD, [config_map(float("nan"))])
