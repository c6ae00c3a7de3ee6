"""Results and suite reports as workflow commands of GitHub, which annotate the lines at fault."""

from __future__ import annotations

from collections.abc import Sequence

from rayfence.model.outcome import Outcome, Result, SuiteReport
from rayfence.report.check_text import summary_of
from rayfence.report.remarks import Level, Remark, remarks
from rayfence.report.tally import case_name, last_line, problems


def check(results: Sequence[Result]) -> str:
    """One `::error` or `::warning` per violation, one `::notice` per reason not to check, then the summary."""
    commands = [_remark(remark) for remark in remarks(results)]
    return _lines([*commands, summary_of(results)])


def suite(report: SuiteReport) -> str:
    """One `::error` per unexpected outcome and per problem of the suite, and the summary for the log."""
    commands = [_command("error", {"title": "rayfence test"}, problem) for problem in problems(report)]
    commands += [_outcome(outcome) for outcome in report.outcomes if not outcome.ok]
    # Encoded as data, so that a summary can never be read as another command.
    return _lines([*commands, _data(last_line(report))])


_COMMANDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def _remark(remark: Remark) -> str:
    place = {"file": remark.file, "line": str(remark.line), "title": f"rayfence {', '.join(remark.rules)}"}
    return _command(_COMMANDS[remark.level], place, remark.text)


def _outcome(outcome: Outcome) -> str:
    place = {"file": outcome.file, "line": str(outcome.line)} if outcome.file else {}
    return _command("error", {**place, "title": f"{outcome.backend} {case_name(outcome)}"}, "\n".join(outcome.problems))


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _lines(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
