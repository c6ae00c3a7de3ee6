"""What was measured and promised in, one text out: aligned for a terminal, or as Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import assert_never

from benchmarks.load.crowd import Crowd
from benchmarks.load.latency import Measured, NotMeasured, Outcome, Spent
from benchmarks.load.promises import ratio
from benchmarks.load.times import p50, p99
from benchmarks.tables import MIB, Format, Table, aligned, data_of, markdown, promises
from benchmarks.targets import Target

SHOWN = 3

_LATENCY = (
    *("policies", "tenants", "objects", "webhooks", "s to enforce", "s to settle", "requests", "p50 ms", "p99 ms"),
    *("no policy p50", "p99", "p50 ratio", "p99 ratio", "bad refused"),
    *("Kyverno peak MiB", "MiB now", "CPU ms", "API server MiB now", "CPU ms"),
)
_CROWD = (
    *("crowd under", "RayClusters", "admitted", "tries", "lost", "without policies", "s to create", "p50 ms", "p99 ms"),
    *(
        "s more until the last was isolated",
        "Kyverno restarts",
        "admission peak MiB",
        "background peak MiB",
        "API server peak MiB",
    ),
)

Found = tuple[Sequence[Outcome], Sequence[Crowd]]


def render(format: Format, machine: Mapping[str, str], found: Found, targets: Sequence[Target]) -> str:
    """All of it, with a line break at the end; `machine` is what it was measured on."""
    match format:
        case Format.TEXT | Format.MARKDOWN:
            lay_out = aligned if format is Format.TEXT else markdown
            where = ", ".join(f"{key} {value}" for key, value in machine.items())
            tables = [lay_out(table) for table in (*_tables(*found), promises(targets))]
            return "\n\n".join([where, *tables, *_words(*found)]) + "\n"
        case Format.JSON:
            return json.dumps(_data(machine, found, targets), indent=2) + "\n"
        case _:
            assert_never(format)


def _tables(outcomes: Sequence[Outcome], crowds: Sequence[Crowd]) -> Iterator[Table]:
    if outcomes:
        yield [_LATENCY, *(_row(each) for each in outcomes)]
    if crowds:
        yield [_CROWD, *(_crowd_row(each) for each in crowds)]


def _row(outcome: Outcome) -> list[str]:
    of = outcome.setting
    named = [str(of), f"{of.tenants:,}", str(outcome.objects)]
    match outcome:
        case NotMeasured():
            return [*named, *["-"] * (len(_LATENCY) - len(named))]
        case Measured():
            return [*named, *_numbers(outcome)]
        case _:
            assert_never(outcome)


def _numbers(of: Measured) -> Iterator[str]:
    yield from (str(of.webhooks), f"{of.installed:.0f}", f"{of.settled:.0f}", str(len(of.under)))
    yield from (f"{each:.1f}" for each in (p50(of.under), p99(of.under), p50(of.without), p99(of.without)))
    yield from (f"{ratio(of):.2f}", f"{p99(of.under) / p99(of.without):.2f}")
    yield f"{of.refused.count(True)} of {len(of.refused)}"
    kyverno = of.kyverno
    yield from (_mib(kyverno.usage.peak), *_spent(kyverno)) if kyverno else ("", "", "")
    yield from _spent(of.server)


def _spent(of: Spent) -> tuple[str, str]:
    return _mib(of.usage.now), f"{of.per_request:.1f}"


def _mib(size: int) -> str:
    return f"{size / MIB:.0f}"


def _crowd_row(of: Crowd) -> list[str]:
    times = [took for each in of.made for took in each.milliseconds]
    counts = [of.made, of.admitted, times, of.lost, of.bare]
    peaks = {name: _mib(used.peak) for name, used in of.peaks.items()}
    return [
        *(of.backend, *(f"{len(each):,}" for each in counts)),
        *(
            f"{of.created:.0f}",
            f"{p50(times):.0f}",
            f"{p99(times):.0f}",
            f"{of.isolated:.1f}",
            str(sum(of.ended.values())),
        ),
        *(peaks.get(name, "") for name in ("kyverno-admission", "kyverno-background", "api-server")),
    ]


def _words(outcomes: Sequence[Outcome], crowds: Sequence[Crowd]) -> Iterator[str]:
    """What was said where something did not come to be, and which RayClusters it was."""
    for outcome in outcomes:
        if isinstance(outcome, NotMeasured):
            yield f"{outcome.setting}, {outcome.setting.tenants:,} tenants: {outcome.words}"
    for of in crowds:
        for what, keys in (("lost", of.lost), ("without policies", of.bare)):
            if keys:
                yield f"{of.backend}, {what}: {', '.join('/'.join(key) for key in sorted(keys)[:SHOWN])}, …"
        for each in of.refused[:SHOWN]:
            yield f"{of.backend}, {'/'.join(each.key)}: {each.answer.status} {each.answer.message}"


def _data(machine: Mapping[str, str], found: Found, targets: Sequence[Target]) -> dict[str, object]:
    outcomes, crowds = found
    return {
        "machine": dict(machine),
        "latency": [asdict(each) for each in outcomes],
        "crowds": [_crowd_data(each) for each in crowds],
        "targets": [data_of(target) for target in targets],
    }


def _crowd_data(of: Crowd) -> dict[str, object]:
    return {
        "backend": of.backend,
        "asked": len(of.made),
        "admitted": len(of.admitted),
        "refused": [{"name": "/".join(each.key), "said": each.answer.message} for each in of.refused],
        "lost": sorted("/".join(key) for key in of.lost),
        "withoutPolicies": sorted("/".join(key) for key in of.bare),
        "secondsToCreate": of.created,
        "secondsToIsolate": of.isolated,
        "milliseconds": [took for each in of.made for took in each.milliseconds],
        "restarts": dict(of.ended),
        "programs": {name: asdict(used) for name, used in of.peaks.items()},
    }
