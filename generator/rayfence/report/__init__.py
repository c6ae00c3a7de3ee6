"""The output formats of `rayfence check`, `rayfence test` and `rayfence reach`.

Every format is a pure function. Its text can always be encoded as UTF-8, and has terminal codes only if `colour` is
set.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, assert_never

from rayfence.diagram import html, svg
from rayfence.model.outcome import Result, SuiteReport
from rayfence.reach.connectivity import Decision
from rayfence.reach.findings import Findings
from rayfence.report import (
    check_text,
    data,
    github,
    markdown,
    reach_data,
    reach_text,
    sarif,
    suite_text,
)

if TYPE_CHECKING:
    from rayfence.audit import Report

NO_RULES: Mapping[str, str] = MappingProxyType({})


class CheckFormat(StrEnum):
    """How `rayfence check` can answer."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class ReachFormat(StrEnum):
    """How `rayfence reach` can answer."""

    TEXT = "text"
    JSON = "json"
    SVG = "svg"
    HTML = "html"


class SuiteFormat(StrEnum):
    """How `rayfence test` can answer."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"
    MARKDOWN = "markdown"
    GITHUB = "github"


def check_report(
    results: Sequence[Result],
    format: CheckFormat,
    *,
    rules: Mapping[str, str] = NO_RULES,
    colour: bool = False,
) -> str:
    """Whether manifests would be admitted, as one text that ends in a line break.

    `rules` gives a rule id its short description, which only SARIF carries. `colour` is for text alone.
    """
    match format:
        case CheckFormat.TEXT:
            return _encodable(check_text.render(results, colour=colour))
        case CheckFormat.JSON:
            return _encodable(data.check(results))
        case CheckFormat.SARIF:
            return _encodable(sarif.render(results, rules))
        case CheckFormat.GITHUB:
            return _encodable(github.check(results))
        case _:
            assert_never(format)


def suite_report(
    report: SuiteReport,
    format: SuiteFormat,
    *,
    colour: bool = False,
    width: int = 100,
    verbose: bool = False,
) -> str:
    """How the engine decided the cases, as one text that ends in a line break.

    `colour` and `width` (in columns) are for text alone; `verbose` lists every case in text and markdown, however many.
    """
    match format:
        case SuiteFormat.TEXT:
            return _encodable(suite_text.render(report, colour=colour, width=width, verbose=verbose))
        case SuiteFormat.JSON:
            return _encodable(data.suite(report))
        case SuiteFormat.JUNIT:
            # Imported where it is used: junitparser takes as long as checking a file.
            from rayfence.report import junit

            return _encodable(junit.render(report))
        case SuiteFormat.MARKDOWN:
            return _encodable(markdown.render(report, verbose=verbose))
        case SuiteFormat.GITHUB:
            return _encodable(github.suite(report))
        case _:
            assert_never(format)


def reach_report(
    findings: Findings, format: ReachFormat, *, brief: bool = False, colour: bool = False, width: int = 100
) -> str:
    """A report of who can connect to whom, and of the proofs, as one text that ends in a line break.

    `brief` (without the tables), `colour` and `width` (in columns) are for text alone.
    """
    match format:
        case ReachFormat.TEXT if brief:
            return _encodable(reach_text.summarize(findings, colour=colour))
        case ReachFormat.TEXT:
            return _encodable(reach_text.render(findings, colour=colour, width=width))
        case ReachFormat.JSON:
            return _encodable(reach_data.findings(findings))
        case ReachFormat.SVG:
            return _encodable(svg.render(findings))
        case ReachFormat.HTML:
            return _encodable(html.render(findings))
        case _:
            assert_never(format)


def decision_report(decision: Decision, format: ReachFormat) -> str:
    """Whether one connection is allowed, and why or why not, as text or as JSON."""
    return _encodable(reach_data.decision(decision) if format is ReachFormat.JSON else reach_text.decision(decision))


class AuditFormat(StrEnum):
    """How `rayfence audit` can answer."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    MARKDOWN = "markdown"


def audit_report(
    report: Report, format: AuditFormat, *, rules: Mapping[str, str] = NO_RULES, colour: bool = False
) -> str:
    """An audit as one text that ends in a line break. `rules` are for SARIF, `colour` for text."""
    # Imported where it is used: nothing else needs what an audit needs.
    from rayfence.report import audit_text, audited

    match format:
        case AuditFormat.TEXT:
            return _encodable(audit_text.render(report, colour=colour))
        case AuditFormat.JSON:
            return _encodable(audited.as_json(report))
        case AuditFormat.SARIF:
            return _encodable(audited.as_sarif(report, rules))
        case AuditFormat.MARKDOWN:
            return _encodable(audited.as_markdown(report))
        case _:
            assert_never(format)


def _encodable(text: str) -> str:
    # A file name that is no UTF-8 reaches Python as lone surrogates. `\udcff` is also how JSON spells one.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
