"""A suite report as JUnit XML, one testsuite per backend. It is well-formed for any text in messages."""

from __future__ import annotations

import re
from io import BytesIO

from junitparser import Attr, Failure, IntAttr, JUnitXml, TestCase, TestSuite

from rayfence.model.outcome import Outcome, SuiteReport
from rayfence.report.tally import by_backend, case_name, problems, verdict

# What XML 1.0 has no way to write, not even as a character reference.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Case(TestCase):
    """A testcase that says where it is written."""

    file = Attr("file")
    line = IntAttr("line")


def render(report: SuiteReport) -> str:
    """One `testsuite` per backend; the suite's own problems are failing cases of a suite called `rayfence`."""
    xml = JUnitXml("rayfence test")
    if wrong := problems(report):
        xml.add_testsuite(_suite("rayfence", report, [_problem(n, text) for n, text in enumerate(wrong, start=1)]))
    for backend in by_backend(report):
        cases = [_case(outcome) for outcome in report.outcomes if outcome.backend == backend]
        xml.add_testsuite(_suite(backend, report, cases))
    xml.update_statistics()  # type: ignore[no-untyped-call]
    xml.time = round(report.seconds, 3)
    written = BytesIO()
    xml.write(written)
    return written.getvalue().decode("utf-8") + "\n"


def _suite(name: str, report: SuiteReport, cases: list[TestCase]) -> TestSuite:
    suite = TestSuite(_xml(name))
    suite.add_property("engine", _xml(report.engine))
    suite.add_property("rulesLoaded", str(report.rules_loaded))
    suite.add_testcases(cases)
    return suite


def _case(outcome: Outcome) -> TestCase:
    case = _Case(_xml(case_name(outcome)), classname=_xml(outcome.backend))
    case.file = _xml(outcome.file)
    case.line = outcome.line
    if not outcome.ok:
        case.result = [_failure(outcome)]
    return case


def _failure(outcome: Outcome) -> Failure:
    failure = Failure(_xml("; ".join(outcome.problems)), "unexpected")
    expected = verdict("fail" if outcome.expected else "pass", outcome.expected)
    found = verdict(outcome.validation, outcome.found)
    failure.text = _xml("\n".join((f"expected: {expected}", f"found: {found}", *outcome.problems)))
    return failure


def _problem(number: int, text: str) -> TestCase:
    case = TestCase(f"problem {number}", classname="rayfence")
    case.result = [Failure(_xml(text), "suite")]
    return case


def _xml(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: match[0].encode("unicode_escape").decode("ascii"), text)
