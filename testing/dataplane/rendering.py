"""Reports as text for people, and as JSON values for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from dataplane.cast import shown
from dataplane.report import Attempt, Report, Verdict
from rayfence.reach.topology import Endpoint

_MOST_PORTS = 6


def text(report: Report, verdict: Verdict) -> str:
    """One scenario: its verdict, what is wrong, and a row for each pair of pods."""
    lines = [f"{report.name}: {verdict.sentence} ({report.seconds:.0f} s)"]
    lines += [f"  - {sentence}" for sentence in report.wrong[:12]]
    lines += [f"  - and {len(report.wrong) - 12} more"] * (len(report.wrong) > 12)
    return "\n".join([*lines, *(f"  {row}" for row in _table(report.attempts))])


def summary(rows: Sequence[tuple[Report, Verdict]]) -> str:
    """One line for each scenario."""
    width = max(len(report.name) for report, _ in rows)
    return "\n".join(
        f"{report.name:{width}}  {len(report.attempts):4} connections tried, {_through(report):4} got through, "
        f"{len(report.dropped):3} of the cluster's own flows dropped  {verdict.sentence}"
        for report, verdict in rows
    )


def values(report: Report, verdict: Verdict) -> dict[str, Any]:
    """One scenario with every connection that was tried."""
    return {
        "scenario": report.name,
        "as wanted": verdict.as_wanted,
        "verdict": verdict.sentence,
        "wrong": list(report.wrong),
        "dropped": [shown(flow) for flow in report.dropped],
        "seconds": report.seconds,
        "facts": dict(report.facts),
        "attempts": [_value(each) for each in report.attempts],
    }


def _through(report: Report) -> int:
    return sum(each.got_through for each in report.attempts)


def _value(attempt: Attempt) -> dict[str, Any]:
    flow = attempt.flow
    ends = {"source": str(flow.source), "target": str(flow.target), "port": flow.port}
    return ends | {"expected": attempt.expected, "result": attempt.result}


def _table(attempts: Sequence[Attempt]) -> Iterator[str]:
    pairs: dict[tuple[Endpoint, Endpoint], list[Attempt]] = {}
    for each in attempts:
        pairs.setdefault((each.flow.source, each.flow.target), []).append(each)
    if pairs:
        yield f"{'source':30} {'target':24} {'tried':>5}  got through"
    for (source, target), tried in pairs.items():
        yield f"{source!s:30} {target!s:24} {len(tried):5}  {_ports(tried)}"


def _ports(tried: Sequence[Attempt]) -> str:
    through = [each.flow.port for each in tried if each.got_through]
    if len(through) == len(tried) > _MOST_PORTS:
        return f"all {len(tried)}"
    more = f" and {len(through) - _MOST_PORTS} more" if len(through) > _MOST_PORTS else ""
    return " ".join(map(str, through[:_MOST_PORTS])) + more or "none"
