"""What `rayfence check` and `rayfence test` say, in each format, to people and to programs."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from junitparser import JUnitXml

from rayfence.model.outcome import Finding, Outcome, Result, SuiteReport, Verdict
from rayfence.report import CheckFormat, SuiteFormat, check_report, suite_report
from rayfence.report.check_text import summary_of
from rayfence.report.terminal import paint

CPU = "spec.workerGroupSpecs[1].template.spec.containers[0].resources.limits.cpu"
TOO_MUCH_CPU = Finding("limit-resources", CPU, 31, "40 is above team-a's maximum 8")
NO_LABEL = Finding("require-tenant-label", "metadata.labels.tenant", 4, "must be team-a")
ESCAPE = "\x1b"


def result(verdict: Verdict, *findings: Finding, file: str = "ray.yaml", error: str | None = None) -> Result:
    return Result(file, 3, "RayCluster", "ray-team-a", "ray", "team-a", verdict, findings, error)


ADMITTED = result(Verdict.ADMIT)
AUDITED = result(Verdict.ADMIT, NO_LABEL)
DENIED = result(Verdict.DENY, NO_LABEL, TOO_MUCH_CPU)
NOT_JUDGED = Result("other.yaml", 9, "Pod", "", "p", None, Verdict.NOT_JUDGED, reason="no rule is about v2 Pod")
UNREADABLE = Result("broken.yaml", 7, "", "", "", None, Verdict.ERROR, error="a tab starts this line; use spaces")


def outcome(
    case: str = "documented/ray-test-invalid",
    *,
    backend: str = "clusterpolicy",
    operation: str = "CREATE",
    expected: tuple[str, ...] = (),
    found: tuple[str, ...] = (),
    problems: tuple[str, ...] = (),
) -> Outcome:
    validation = "fail" if found else "pass"
    rules = frozenset(expected), frozenset(found)
    return Outcome(backend, case, "testcases/a.yaml", 12, operation, *rules, validation, "pass", problems)


def suite(*outcomes: Outcome, problems: tuple[str, ...] = (), rules_loaded: int = 2) -> SuiteReport:
    return SuiteReport(outcomes, problems, "Kyverno 1.19.1", rules_loaded, 31.24)


REFUSED = outcome(expected=("limit-resources",), found=("limit-resources",))
HOLE = outcome("limit-resources/above", expected=("limit-resources",), problems=("admitted, and should not be",))


# rayfence check, text


def test_a_violation_is_one_line_with_file_line_rule_path_and_message():
    text = check_report([result(Verdict.DENY, TOO_MUCH_CPU)], CheckFormat.TEXT)

    assert (
        f"ray.yaml:31: [limit-resources] {CPU}: 40 is above team-a's maximum 8\n"
        "0 admitted, 1 denied, 0 not judged, 0 errors\n"
    ) == text


def test_a_violation_of_an_admitted_object_is_a_warning():
    text = check_report([AUDITED], CheckFormat.TEXT)

    assert (
        "ray.yaml:4: warning: [require-tenant-label] metadata.labels.tenant: must be team-a\n"
        "1 admitted (1 with warnings), 0 denied, 0 not judged, 0 errors\n"
    ) == text


def test_a_document_without_a_verdict_says_why():
    text = check_report([UNREADABLE, ADMITTED], CheckFormat.TEXT)

    assert (
        "broken.yaml:7: error: a tab starts this line; use spaces\n1 admitted, 0 denied, 0 not judged, 1 error\n"
    ) == text


def test_a_violation_without_a_path_is_its_message():
    text = check_report([result(Verdict.DENY, Finding("restrict-namespace", "", 1, "no tenant"))], CheckFormat.TEXT)

    assert "ray.yaml:1: [restrict-namespace] no tenant" == text.splitlines()[0]


def test_what_is_not_judged_is_told_once_for_each_reason_and_counted():
    other = replace(NOT_JUDGED, reason="no tenant has namespace x", line=20)
    text = check_report([NOT_JUDGED, ADMITTED, other, NOT_JUDGED, NOT_JUDGED], CheckFormat.TEXT)

    assert (
        "other.yaml:9: not judged: no rule is about v2 Pod (and 2 more)\n"
        "other.yaml:20: not judged: no tenant has namespace x\n"
        "1 admitted, 0 denied, 4 not judged, 0 errors\n"
    ) == text


@pytest.mark.parametrize(
    ("results", "style"),
    [
        ((ADMITTED,), "green"),
        ((ADMITTED, NOT_JUDGED), "yellow"),
        ((NOT_JUDGED,), "bold red"),
        ((ADMITTED, NOT_JUDGED, DENIED), "bold red"),
        ((ADMITTED, UNREADABLE), "bold red"),
    ],
)
def test_only_what_is_admitted_as_a_whole_is_green(results: tuple[Result, ...], style: str):
    last = check_report(results, CheckFormat.TEXT, colour=True).splitlines()[-1]

    assert last == paint(summary_of(results), style, colour=True)


TEMPLATE = "spec.submitterPodTemplate"
MISSING = tuple(
    Finding(rule, f"{TEMPLATE}.{path}", 7, "is missing; paste it", TEMPLATE)
    for rule, path in (("require-pod-tenant-label", "metadata.labels.tenant"), ("require-tenant-nodes", "spec.x"))
)


def test_one_mistake_that_breaks_several_rules_is_one_line_with_all_of_them():
    text = check_report([result(Verdict.DENY, *MISSING, TOO_MUCH_CPU)], CheckFormat.TEXT)

    assert [
        f"ray.yaml:7: [require-pod-tenant-label, require-tenant-nodes] {TEMPLATE}: is missing; paste it",
        f"ray.yaml:31: [limit-resources] {CPU}: 40 is above team-a's maximum 8",
    ] == text.splitlines()[:-1]


def test_findings_with_the_same_words_at_places_of_their_own_stay_apart():
    alike = replace(TOO_MUCH_CPU, path="spec.y")

    assert 3 == len(check_report([result(Verdict.DENY, TOO_MUCH_CPU, alike)], CheckFormat.TEXT).splitlines())


def test_no_documents_are_not_reported_as_admitted():
    assert "no documents to check\n" == check_report([], CheckFormat.TEXT)


def test_people_s_own_letters_stay_as_they_are():
    finding = Finding("require-tenant-nodes", "spec.x", 2, "must be équipe-日本")

    text = check_report([result(Verdict.DENY, finding, file="ray/é 日本.yaml")], CheckFormat.TEXT)

    assert "ray/é 日本.yaml:2: [require-tenant-nodes] spec.x: must be équipe-日本" == text.splitlines()[0]


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        pytest.param(f"{ESCAPE}[2J", r"\x1b[2J", id="clears the screen"),
        pytest.param("x\n::error::y", r"x\n::error::y", id="starts a workflow command on a new line"),
        pytest.param("x\ry", r"x\ry", id="overwrites the line"),
        pytest.param("a\u202eb", r"a\u202eb", id="turns the reading direction"),
        pytest.param("\u009b31m", r"\x9b31m", id="one-byte escape"),
        pytest.param("no [red]markup[/red]", "no [red]markup[/red]", id="looks like markup"),
    ],
)
def test_hostile_text_stays_on_its_line_and_is_shown(hostile: str, shown: str):
    finding = Finding("r", f"path {hostile}", 1, f"message {hostile}")

    text = check_report([result(Verdict.DENY, finding, file=f"file {hostile}")], CheckFormat.TEXT)

    assert (
        f"file {shown}:1: [r] path {shown}: message {shown}\n0 admitted, 1 denied, 0 not judged, 0 errors\n"
    ) == text


# rayfence check, json


def check_json(*results: Result) -> Any:
    return json.loads(check_report(results, CheckFormat.JSON))


def test_json_of_check_keeps_its_contract():
    assert {
        "results": [
            {
                "file": "ray.yaml",
                "line": 3,
                "kind": "RayCluster",
                "namespace": "ray-team-a",
                "name": "ray",
                "tenant": "team-a",
                "verdict": "deny",
                "violations": [
                    {"rule": "limit-resources", "path": CPU, "line": 31, "message": "40 is above team-a's maximum 8"}
                ],
            }
        ],
        "summary": {"admit": 0, "deny": 1, "not-judged": 0, "error": 0},
    } == check_json(result(Verdict.DENY, TOO_MUCH_CPU))


def test_json_says_why_there_is_no_verdict():
    found = check_json(UNREADABLE)["results"][0]

    assert ("error", "a tab starts this line; use spaces", None) == (found["verdict"], found["error"], found["tenant"])


def test_json_says_why_no_rule_was_asked():
    found = check_json(NOT_JUDGED, ADMITTED)

    assert ("not-judged", "no rule is about v2 Pod") == tuple(found["results"][0][key] for key in ("verdict", "reason"))
    assert {"admit": 1, "deny": 0, "not-judged": 1, "error": 0} == found["summary"]
    assert "reason" not in found["results"][1]


def test_json_has_each_rule_at_the_place_that_people_are_shown():
    found = check_json(result(Verdict.DENY, *MISSING))["results"][0]["violations"]

    assert [(each.rule, TEMPLATE) for each in MISSING] == [(each["rule"], each["path"]) for each in found]


def test_json_of_nothing_is_empty_and_counts_zero():
    assert {"results": [], "summary": {"admit": 0, "deny": 0, "not-judged": 0, "error": 0}} == check_json()


def test_json_keeps_letters_readable_and_ends_its_last_line():
    text = check_report([result(Verdict.ADMIT, file="é.yaml")], CheckFormat.JSON)

    assert '"file": "é.yaml"' in text
    assert "}\n" == text[-2:]


# rayfence check, sarif


def sarif_run(*results: Result, rules: dict[str, str] | None = None) -> Any:
    document = json.loads(check_report(results, CheckFormat.SARIF, rules=rules or {}))
    assert "2.1.0" == document["version"]
    (run,) = document["runs"]
    return run


def test_a_sarif_result_points_at_the_line_the_object_and_the_path():
    run = sarif_run(result(Verdict.DENY, TOO_MUCH_CPU))

    assert [
        {
            "ruleId": "limit-resources",
            "ruleIndex": 0,
            "level": "error",
            "message": {"text": f"{CPU}: 40 is above team-a's maximum 8"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "ray.yaml", "uriBaseId": "%SRCROOT%"},
                        "region": {"startLine": 31},
                    },
                    "logicalLocations": [
                        {"fullyQualifiedName": "ray-team-a/RayCluster/ray", "kind": "resource"},
                        {"fullyQualifiedName": CPU, "kind": "property"},
                    ],
                }
            ],
        }
    ] == run["results"]


def test_sarif_lists_each_broken_rule_once_with_its_description():
    run = sarif_run(DENIED, DENIED, rules={"limit-resources": "Bounds.", "not-broken": "Not listed."})

    assert [
        {"id": "limit-resources", "shortDescription": {"text": "Bounds."}},
        {"id": "require-tenant-label", "shortDescription": {"text": "require-tenant-label"}},
    ] == run["tool"]["driver"]["rules"]


def test_every_sarif_result_names_a_rule_of_its_own_table():
    run = sarif_run(DENIED, UNREADABLE, AUDITED, result(Verdict.DENY))

    ids = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    expected = [
        "require-tenant-label",
        "limit-resources",
        "unreadable",
        "require-tenant-label",
        "unexplained",
    ]
    assert expected == [found["ruleId"] for found in run["results"]]
    assert expected == [ids[found["ruleIndex"]] for found in run["results"]]


def test_sarif_warns_where_the_object_is_admitted_all_the_same():
    assert ["warning"] == [found["level"] for found in sarif_run(AUDITED)["results"]]


def test_an_unreadable_document_is_a_sarif_result_and_a_failed_run():
    run = sarif_run(UNREADABLE)

    assert [("unreadable", "error")] == [(found["ruleId"], found["level"]) for found in run["results"]]
    assert [{"executionSuccessful": False}] == run["invocations"]


def test_sarif_has_a_result_for_each_rule_that_one_mistake_breaks():
    run = sarif_run(result(Verdict.DENY, *MISSING))

    assert [each.rule for each in MISSING] == [found["ruleId"] for found in run["results"]]
    assert {f"{TEMPLATE}: is missing; paste it"} == {found["message"]["text"] for found in run["results"]}


def test_what_is_not_judged_is_a_notification_in_sarif_and_no_alert():
    run = sarif_run(ADMITTED, NOT_JUDGED)
    (invocation,) = run["invocations"]
    (note,) = invocation["toolExecutionNotifications"]

    assert ([], True) == (run["results"], invocation["executionSuccessful"])
    assert ("note", "no rule is about v2 Pod") == (note["level"], note["message"]["text"])
    assert "other.yaml" == note["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_sarif_of_nothing_judged_did_not_succeed():
    assert not sarif_run(NOT_JUDGED)["invocations"][0]["executionSuccessful"]


def test_sarif_of_admitted_objects_has_no_results_and_succeeded():
    run = sarif_run(ADMITTED)

    assert ([], [{"executionSuccessful": True}]) == (run["results"], run["invocations"])


@pytest.mark.parametrize(
    ("file", "artifact"),
    [
        pytest.param("a b/é#1%.yaml", {"uri": "a%20b/%C3%A9%231%25.yaml", "uriBaseId": "%SRCROOT%"}, id="odd letters"),
        pytest.param("c:d.yaml", {"uri": "c%3Ad.yaml", "uriBaseId": "%SRCROOT%"}, id="no scheme"),
        pytest.param("/srv/a b.yaml", {"uri": "file:///srv/a%20b.yaml"}, id="absolute"),
        pytest.param(os.fsdecode(b"\xff.yaml"), {"uri": "%FF.yaml", "uriBaseId": "%SRCROOT%"}, id="no UTF-8"),
    ],
)
def test_a_sarif_uri_is_percent_encoded(file: str, artifact: dict[str, str]):
    (found,) = sarif_run(result(Verdict.DENY, TOO_MUCH_CPU, file=file))["results"]

    assert artifact == found["locations"][0]["physicalLocation"]["artifactLocation"]


def test_a_sarif_line_is_never_zero():
    (found,) = sarif_run(result(Verdict.DENY, Finding("r", "", 0, "m")))["results"]

    assert {"startLine": 1} == found["locations"][0]["physicalLocation"]["region"]


# rayfence check, github


def test_a_denial_is_an_error_annotation_and_an_audited_one_a_warning():
    judged = [result(Verdict.DENY, TOO_MUCH_CPU), AUDITED, UNREADABLE, NOT_JUDGED]
    text = check_report(judged, CheckFormat.GITHUB)

    label = "metadata.labels.tenant: must be team-a"
    assert [
        f"::error file=ray.yaml,line=31,title=rayfence limit-resources::{CPU}: 40 is above team-a's maximum 8",
        f"::warning file=ray.yaml,line=4,title=rayfence require-tenant-label::{label}",
        "::error file=broken.yaml,line=7,title=rayfence unreadable::a tab starts this line; use spaces",
        "::notice file=other.yaml,line=9,title=rayfence not-judged::no rule is about v2 Pod",
        "1 admitted (1 with warnings), 1 denied, 1 not judged, 1 error",
    ] == text.splitlines()


def test_nothing_in_a_manifest_can_end_an_annotation_or_start_another():
    finding = Finding("r", "", 1, "100%0A, a: b\r\n::stop-commands::x")

    text = check_report([result(Verdict.DENY, finding, file="a:b,c=d%\n.yaml")], CheckFormat.GITHUB)

    assert [
        "::error file=a%3Ab%2Cc=d%25%0A.yaml,line=1,title=rayfence r::100%250A, a: b%0D%0A::stop-commands::x",
        "0 admitted, 1 denied, 0 not judged, 0 errors",
    ] == text.splitlines()


# every format of rayfence check


@pytest.mark.parametrize("format", CheckFormat)
def test_a_refusal_without_a_named_rule_is_not_passed_over(format: CheckFormat):
    refused, admitted = result(Verdict.DENY), result(Verdict.ADMIT)

    assert check_report([admitted], format) != check_report([refused], format)
    assert "ray.yaml" in check_report([refused], format)


@pytest.mark.parametrize("format", CheckFormat)
def test_a_file_name_that_is_no_utf8_can_be_printed(format: CheckFormat):
    text = check_report([result(Verdict.DENY, NO_LABEL, file=os.fsdecode(b"\xff.yaml"))], format)

    assert text == text.encode("utf-8").decode("utf-8")
    assert "\ufffd" not in text


@pytest.mark.parametrize("format", CheckFormat)
def test_a_check_carries_no_colour_codes_unless_asked(format: CheckFormat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert ESCAPE not in check_report([ADMITTED, AUDITED, DENIED, NOT_JUDGED, UNREADABLE], format)


def test_a_check_in_colour_says_the_same_words():
    plain = check_report([AUDITED, DENIED, UNREADABLE], CheckFormat.TEXT)

    coloured = check_report([AUDITED, DENIED, UNREADABLE], CheckFormat.TEXT, colour=True)

    assert plain != coloured
    assert plain == without_codes(coloured)


def without_codes(text: str) -> str:
    first, *others = text.split(f"{ESCAPE}[")
    return first + "".join(other.partition("m")[2] for other in others)


# rayfence test, text


def test_a_short_suite_is_a_table_of_both_policies_and_a_last_line():
    admitted = outcome("documented/ray-tenant-team-a")

    assert (
        "clusterpolicy: cases\n"
        "case                          enforce-tenant-isolation  generate-network-policies  as expected\n"
        "documented/ray-tenant-team-a  pass                      pass                       yes\n"
        "documented/ray-test-invalid   fail                      pass                       yes\n"
        "                              limit-resources\n"
        "\n"
        "clusterpolicy: 2 cases as expected, 0 not; 2 rules loaded; Kyverno 1.19.1; 31.2 s\n"
    ) == suite_report(suite(admitted, REFUSED), SuiteFormat.TEXT)


def test_on_eighty_columns_no_line_is_longer_and_no_word_is_cut():
    text = suite_report(suite(REFUSED), SuiteFormat.TEXT, width=80)

    assert (
        "clusterpolicy: cases\n"
        "                  enforce-          generate-         as\n"
        "case              tenant-isolation  network-policies  expected\n"
        "documented/       fail              pass              yes\n"
        "ray-test-invalid  limit-resources\n"
        "\n"
        "clusterpolicy: 1 case as expected, 0 not; 2 rules loaded; Kyverno 1.19.1; 31.2 s\n"
    ) == text


def test_a_long_case_name_is_folded_and_nothing_of_it_is_lost():
    name = "x" * 200

    text = suite_report(suite(outcome(name)), SuiteFormat.TEXT, width=80)

    assert 200 == text.count("x") - text.count("expected")
    assert all(len(line) <= 80 for line in text.splitlines()[:-1])


def test_a_plain_table_is_plain_ascii():
    assert suite_report(suite(REFUSED, HOLE), SuiteFormat.TEXT, width=80).isascii()


def test_a_long_suite_is_counted_by_backend_and_group():
    outcomes = [outcome(f"limit-resources/{n}") for n in range(30)]

    text = suite_report(suite(REFUSED, *outcomes, outcome("one", backend="gatekeeper")), SuiteFormat.TEXT)

    assert (
        "cases by group\n"
        "backend        group            cases  as expected  not\n"
        "clusterpolicy  documented           1            1    0\n"
        "clusterpolicy  limit-resources     30           30    0\n"
        "gatekeeper     one                  1            1    0\n"
        "\n"
        "clusterpolicy: 31 cases as expected, 0 not; gatekeeper: 1 case as expected, 0 not; "
        "2 rules loaded; Kyverno 1.19.1; 31.2 s\n"
    ) == text


@pytest.mark.parametrize(
    ("count", "verbose", "listed"),
    [
        pytest.param(30, False, True, id="thirty are read"),
        pytest.param(31, False, False, id="thirty-one are counted"),
        pytest.param(31, True, True, id="verbose lists all"),
    ],
)
def test_cases_are_listed_while_they_can_be_read(count: int, verbose: bool, listed: bool):
    outcomes = [outcome(f"limit-resources/{n}") for n in range(count)]

    text = suite_report(suite(*outcomes), SuiteFormat.TEXT, verbose=verbose)

    assert listed == ("limit-resources/7 " in text)


@pytest.mark.parametrize("others", [0, 40], ids=["short suite", "long suite"])
def test_an_unexpected_outcome_is_told_in_full(others: int):
    outcomes = [outcome(f"documented/{n}") for n in range(others)]

    text = suite_report(suite(*outcomes, HOLE), SuiteFormat.TEXT)

    assert (
        "testcases/a.yaml:12: limit-resources/above (clusterpolicy) NOT AS EXPECTED\n"
        "  expected: fail: limit-resources\n"
        "  found:    pass\n"
        "  problem:  admitted, and should not be\n"
        "\n"
        f"FAILED: clusterpolicy: {others} cases as expected, 1 not; 2 rules loaded; Kyverno 1.19.1; 31.2 s\n"
    ) == text[text.index("testcases/") :]


def test_problems_of_the_suite_come_first_and_turn_the_last_line_red():
    text = suite_report(suite(REFUSED, problems=("rule x was not loaded",), rules_loaded=1), SuiteFormat.TEXT)

    assert "PROBLEM: rule x was not loaded" == text.splitlines()[0]
    assert (
        "FAILED: clusterpolicy: 1 case as expected, 0 not; 1 problem with the suite itself; "
        "1 rule loaded; Kyverno 1.19.1; 31.2 s"
    ) == text.splitlines()[-1]


def test_a_case_of_another_operation_says_so():
    text = suite_report(suite(outcome(operation="UPDATE")), SuiteFormat.TEXT, width=120)

    assert "documented/ray-test-invalid (UPDATE)  pass" in text


def test_a_case_name_is_not_read_as_markup():
    assert "[red]x[/red] " in suite_report(suite(outcome("[red]x[/red]")), SuiteFormat.TEXT)


def test_what_was_left_out_is_said_and_is_no_failure():
    text = suite_report(replace(suite(REFUSED), notes=("3 cases cannot be asked",)), SuiteFormat.TEXT)

    assert "note: 3 cases cannot be asked" in text.splitlines()
    assert not text.splitlines()[-1].startswith("FAILED")


def test_a_suite_in_colour_says_the_same_words():
    plain = suite_report(suite(REFUSED, HOLE), SuiteFormat.TEXT)

    coloured = suite_report(suite(REFUSED, HOLE), SuiteFormat.TEXT, colour=True)

    assert f"{ESCAPE}[1;31m" in coloured
    assert plain.split() == without_codes(coloured).replace("─", "").split()


# rayfence test, json


def test_json_of_a_suite_tells_everything():
    assert {
        "ok": False,
        "engine": "Kyverno 1.19.1",
        "rulesLoaded": 2,
        "seconds": 31.24,
        "problems": ["rule x was not loaded"],
        "notes": [],
        "summary": {"clusterpolicy": {"asExpected": 0, "notAsExpected": 1}},
        "outcomes": [
            {
                "backend": "clusterpolicy",
                "case": "limit-resources/above",
                "file": "testcases/a.yaml",
                "line": 12,
                "operation": "CREATE",
                "expected": ["limit-resources"],
                "found": [],
                "validation": "pass",
                "generation": "pass",
                "ok": False,
                "problems": ["admitted, and should not be"],
            }
        ],
    } == json.loads(suite_report(suite(HOLE, problems=("rule x was not loaded",)), SuiteFormat.JSON))


def test_rule_ids_in_json_are_sorted():
    rules = tuple(f"rule-{letter}" for letter in "qwertyuiopasdfghjkl")

    document = json.loads(suite_report(suite(outcome(expected=rules, found=rules)), SuiteFormat.JSON))

    assert [sorted(rules), sorted(rules)] == [document["outcomes"][0][key] for key in ("expected", "found")]


# rayfence test, junit


def junit(report: SuiteReport) -> JUnitXml:
    return JUnitXml.fromstring(suite_report(report, SuiteFormat.JUNIT).encode())


def test_junit_has_one_testsuite_per_backend():
    xml = junit(suite(REFUSED, HOLE, outcome(backend="gatekeeper")))

    assert [("clusterpolicy", 2, 1), ("gatekeeper", 1, 0)] == [(each.name, each.tests, each.failures) for each in xml]
    assert (3, 1, 31.24) == (xml.tests, xml.failures, xml.time)


def test_a_junit_failure_says_what_was_expected_and_found():
    ((case,),) = junit(suite(HOLE))

    (failure,) = case.result
    assert ("limit-resources/above", "clusterpolicy") == (case.name, case.classname)
    assert "admitted, and should not be" == failure.message
    assert "expected: fail: limit-resources\nfound: pass\nadmitted, and should not be" == failure.text


def test_a_junit_case_as_expected_has_no_failure():
    ((case,),) = junit(suite(REFUSED))

    assert [] == case.result


def test_junit_says_where_a_case_is_written():
    root = ElementTree.fromstring(suite_report(suite(REFUSED), SuiteFormat.JUNIT).encode())

    assert [("testcases/a.yaml", "12")] == [(case.get("file"), case.get("line")) for case in root.iter("testcase")]


def test_problems_of_the_suite_are_failing_junit_cases():
    xml = junit(suite(REFUSED, problems=("rule x was not loaded", "rule y was not loaded")))

    assert [("rayfence", 2, 2), ("clusterpolicy", 1, 0)] == [(each.name, each.tests, each.failures) for each in xml]


@pytest.mark.parametrize(
    ("hostile", "read_back"),
    [
        pytest.param("<b> & </failure>", "<b> & </failure>", id="markup"),
        pytest.param("x ]]> y", "x ]]> y", id="end of CDATA"),
        pytest.param("a\x00b\x1b[31m\x08", r"a\x00b\x1b[31m\x08", id="control characters"),
        pytest.param("\ufffe\uffff", r"\ufffe\uffff", id="non-characters"),
        pytest.param(os.fsdecode(b"\xff"), r"\udcff", id="no UTF-8"),
        pytest.param("équipe 日本 \U0001f600", "équipe 日本 \U0001f600", id="letters"),
        pytest.param("a\nb\tc", "a\nb\tc", id="line break and tab"),
        pytest.param("\"quoted'", "\"quoted'", id="quotes"),
    ],
)
def test_junit_is_well_formed_whatever_a_message_holds(hostile: str, read_back: str):
    report = suite(outcome(f"case {hostile}", problems=(hostile,)), problems=(hostile,))

    (problem,), (case,) = junit(report)

    assert (f"case {read_back}", read_back, read_back) == (case.name, case.result[0].message, problem.result[0].message)


# rayfence test, markdown


def test_markdown_of_a_suite_is_a_heading_two_tables_and_the_last_line():
    assert (
        "## rayfence test: as expected\n"
        "\n"
        "| backend | group | cases | as expected | not |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| clusterpolicy | documented | 1 | 1 | 0 |\n"
        "\n"
        "| backend | case | enforce-tenant-isolation | generate-network-policies | as expected |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| clusterpolicy | documented/ray-test-invalid | fail: limit-resources | pass | yes |\n"
        "\n"
        "clusterpolicy: 1 case as expected, 0 not; 2 rules loaded; Kyverno 1.19.1; 31.2 s\n"
    ) == suite_report(suite(REFUSED), SuiteFormat.MARKDOWN)


def test_markdown_of_a_long_suite_lists_only_what_went_wrong():
    text = suite_report(suite(*(outcome(f"a/{n}") for n in range(40)), HOLE), SuiteFormat.MARKDOWN)

    row = "| clusterpolicy | limit-resources/above | pass | pass | NO: admitted, and should not be |"
    assert row in text.splitlines()
    assert "a/7" not in text


def test_problems_of_the_suite_stand_under_the_heading_in_markdown():
    text = suite_report(suite(REFUSED, problems=("rule x was not loaded",)), SuiteFormat.MARKDOWN)

    assert ["## rayfence test: FAILED", "", "- **problem:** rule x was not loaded"] == text.splitlines()[:3]


def test_nothing_in_a_message_can_leave_its_markdown_cell():
    hostile = outcome("a|b", problems=("`x` | <img src=y>\n[z](w) *s*\x1b",))

    text = suite_report(suite(hostile), SuiteFormat.MARKDOWN)

    cells = (
        r"| clusterpolicy | a\|b | pass | pass "
        r"| NO: \`x\` \| &lt;img src=y&gt;<br>\[z\](w) \*s\*\\x1b |"
    )
    assert cells in text.splitlines()


# rayfence test, github


def test_an_unexpected_outcome_is_an_annotation_on_its_case():
    report = suite(REFUSED, HOLE, problems=("rule x: 50% loaded,\nno more",))

    text = suite_report(report, SuiteFormat.GITHUB)

    place = "file=testcases/a.yaml,line=12"
    assert [
        "::error title=rayfence test::rule x: 50%25 loaded,%0Ano more",
        f"::error {place},title=clusterpolicy limit-resources/above::admitted, and should not be",
        "FAILED: clusterpolicy: 1 case as expected, 1 not; 1 problem with the suite itself; "
        "2 rules loaded; Kyverno 1.19.1; 31.2 s",
    ] == text.splitlines()


def test_a_suite_as_expected_has_no_annotations():
    assert "::" not in suite_report(suite(REFUSED), SuiteFormat.GITHUB)


# every format of rayfence test


@pytest.mark.parametrize("format", SuiteFormat)
def test_an_empty_suite_is_a_failure_and_says_so(format: SuiteFormat):
    assert "no case was run: a suite without cases proves nothing" in suite_report(suite(), format)


def test_an_empty_suite_is_red_for_programs_too():
    assert json.loads(suite_report(suite(), SuiteFormat.JSON))["ok"] is False
    assert 1 == junit(suite()).failures
    assert suite_report(suite(), SuiteFormat.TEXT).splitlines()[-1].startswith("FAILED: no cases;")


@pytest.mark.parametrize("format", SuiteFormat)
@pytest.mark.parametrize(
    "report",
    [pytest.param(suite(HOLE), id="a hole"), pytest.param(suite(REFUSED, problems=("rule x",)), id="a suite problem")],
)
def test_a_failure_shows_in_every_format(report: SuiteReport, format: SuiteFormat):
    sign = {SuiteFormat.JSON: '"ok": false', SuiteFormat.JUNIT: 'failures="1"'}.get(format, "FAILED")

    assert sign in suite_report(report, format)
    assert sign not in suite_report(suite(REFUSED), format)


@pytest.mark.parametrize("format", SuiteFormat)
def test_a_suite_carries_no_colour_codes_unless_asked(format: SuiteFormat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")

    report = suite(REFUSED, HOLE, problems=("x",))

    assert ESCAPE not in suite_report(report, format)


@pytest.mark.parametrize("format", SuiteFormat)
def test_a_suite_with_odd_bytes_in_it_can_be_printed(format: SuiteFormat):
    odd = outcome(os.fsdecode(b"\xff"), problems=(os.fsdecode(b"\xff"),))

    text = suite_report(suite(odd), format)

    assert text == text.encode("utf-8").decode("utf-8")
