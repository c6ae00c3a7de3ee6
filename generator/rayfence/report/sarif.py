"""Results in, SARIF 2.1.0 out: what code scanning services read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from rayfence.outcome import Result, Verdict
from rayfence.report.data import dump
from rayfence.report.remarks import PSEUDO_RULES, Remark, remarks

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render(results: Sequence[Result], rules: Mapping[str, str]) -> str:
    """One SARIF run. `rules` gives a rule id its short description; only rules that were broken are listed."""
    return of_remarks(
        list(remarks(results)), rules, complete=all(each.verdict is not Verdict.ERROR for each in results)
    )


def of_remarks(found: Sequence[Remark], rules: Mapping[str, str], *, complete: bool) -> str:
    """One SARIF run of these remarks; `complete` says that nothing was left without a verdict."""
    ids = sorted({remark.rule for remark in found})
    run = {
        "tool": {"driver": {"name": "rayfence", "rules": [_rule(id, {**PSEUDO_RULES, **rules}) for id in ids]}},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": complete}],
        "results": [_result(remark, ids.index(remark.rule)) for remark in found],
    }
    return dump({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(id: str, descriptions: Mapping[str, str]) -> dict[str, Any]:
    return {"id": id, "shortDescription": {"text": descriptions.get(id, id)}}


def _result(remark: Remark, rule_index: int) -> dict[str, Any]:
    return {
        "ruleId": remark.rule,
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
