"""Results as SARIF 2.1.0, the format of code scanning services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from rayfence.model.outcome import Result, Verdict
from rayfence.report.data import dump
from rayfence.report.remarks import PSEUDO_RULES, Level, Remark, remarks

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(results: Sequence[Result], rules: Mapping[str, str]) -> str:
    """One SARIF run. `rules` gives a rule id its short description; only rules that were broken are listed."""
    verdicts = {each.verdict for each in results}
    complete = Verdict.ERROR not in verdicts and verdicts != {Verdict.NOT_JUDGED}
    return of_remarks(list(remarks(results)), rules, complete=complete)


def of_remarks(found: Sequence[Remark], rules: Mapping[str, str], *, complete: bool) -> str:
    """One SARIF run of these remarks; `complete`: there were objects with rules, and all of them were checked.

    What is about no broken rule is a notification, which no service takes for an alert.
    """
    broken = [(remark, rule) for remark in found if remark.level is not Level.NOTE for rule in remark.rules]
    notes = [_notification(remark) for remark in found if remark.level is Level.NOTE]
    ids = sorted({rule for _, rule in broken})
    invocation = {"executionSuccessful": complete, **({"toolExecutionNotifications": notes} if notes else {})}
    run = {
        "tool": {"driver": {"name": "rayfence", "rules": [_rule(id, {**PSEUDO_RULES, **rules}) for id in ids]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": [_result(remark, rule, ids.index(rule)) for remark, rule in broken],
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(id: str, descriptions: Mapping[str, str]) -> dict[str, Any]:
    return {"id": id, "shortDescription": {"text": descriptions.get(id, id)}}


def _notification(remark: Remark) -> dict[str, Any]:
    return {"level": remark.level.value, "message": {"text": remark.text}, "locations": [_location(remark)]}


def _result(remark: Remark, rule: str, rule_index: int) -> dict[str, Any]:
    return {
        "ruleId": rule,
        "ruleIndex": rule_index,
        "level": remark.level.value,
        "message": {"text": remark.text},
        "locations": [_location(remark)],
    }


def _location(remark: Remark) -> dict[str, Any]:
    location: dict[str, Any] = {}
    # What comes from the API server stands in no file.
    if remark.file:
        region = {"startLine": remark.line}
        location["physicalLocation"] = {"artifactLocation": _artifact(remark.file), "region": region}
    resource = {"fullyQualifiedName": remark.resource, "kind": "resource"}
    path = {"fullyQualifiedName": remark.path, "kind": "property"}
    if logical := [place for place in (resource, path) if place["fullyQualifiedName"]]:
        location["logicalLocations"] = logical
    return location


def _artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix(), errors="surrogateescape"), "uriBaseId": "%SRCROOT%"}
