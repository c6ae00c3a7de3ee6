"""A scenario played: a cluster started under its policies, every caller tried while the job runs, a Report out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol

from dataplane.cast import CALLERS, HEAD, MEMBERS, NEIGHBOUR, NOTEBOOK, PODS, shown, under
from dataplane.expecting import stated
from dataplane.lab import CouldNotDecide, Lab, Machine, Tried, tried
from dataplane.ray_cluster import HEAD_PORTS, RESOLVER, WORKER_PORTS
from dataplane.report import Attempt, Report
from dataplane.scenario import Scenario
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.topology import Flow, Pod

_JOB_PORTS = range(10_000, 20_000)
# Something listens at the neighbour's too, on Ray's ports and another, to see what the cluster can reach there.
_NEIGHBOURS_PORTS = (6379, 8265, 10001, 12345)

Hopeless = Callable[[], bool]
"""Whether the kernel has dropped what a cluster needs, so that waiting on is of little use."""


class Cluster(Protocol):
    """What is started in the pods. What fails is answered with a sentence."""

    settles: float
    """When all nodes that can be lost are lost, by the monotonic clock."""

    def start_head(self) -> str | None:
        """The head, and the name server."""

    def start_workers(self, hopeless: Hopeless) -> str | None:
        """The workers."""

    def submit(self, hopeless: Hopeless) -> str | None:
        """The job, up to where it holds its processes."""

    def listeners(self) -> dict[Pod, set[int]]:
        """The ports on which each pod of the cluster can be connected to now."""

    def alive(self) -> int:
        """How many nodes are alive."""

    def finish(self) -> str | None:
        """The job, to its end."""


def play(
    scenario: Scenario,
    cluster: Callable[[Lab], Cluster],
    say: Callable[[str], None],
    keep: Iterable[str] = (),
    spoil: Callable[[Lab], None] = lambda lab: None,
) -> Report:
    """Try a scenario, `keep` being folders that pods must see. Raises CannotRun, CouldNotDecide and LabError.

    `spoil` is called before anything starts: tests damage a lab with it, to see that the damage is found.
    """
    start = time.monotonic()
    with Lab([Machine(pod.ip, pod.name, RESOLVER) for pod in PODS], keep=tuple(keep)) as lab:
        lab.enforce(under(scenario.policies))
        spoil(lab)
        run = _Run(scenario, lab, cluster(lab), say)
        wrong = tuple(run.wrong())
        dropped = tuple(sorted(run.dropped()))
    return Report(scenario.name, tuple(run.attempts), wrong, dropped, round(time.monotonic() - start, 1), run.facts)


class _Run:
    def __init__(self, scenario: Scenario, lab: Lab, cluster: Cluster, say: Callable[[str], None]) -> None:
        self._scenario, self._lab, self._cluster, self._say = scenario, lab, cluster, say
        self._connectivity = Connectivity(under(scenario.intended))
        self._to_be_dropped: set[Tried] = set()
        self.attempts: list[Attempt] = []
        self.facts: dict[str, object] = {}

    def wrong(self) -> list[str]:
        """Everything that is not as it must be. Raises CouldNotDecide where Ray fails and nothing was dropped."""
        failure, found = self._starts(), list[str]()
        if failure is None:
            found += self._while_the_job_runs()
            failure = self._has_died() or self._cluster.finish()
            self._say(failure or "job finished")
        dropped = self.dropped()
        if dropped:
            flows = _some(map(shown, sorted(dropped)))
            found.append(f"the kernel dropped {len(dropped)} flows beside those that were to be dropped: {flows}")
        if failure is not None and not found:
            raise CouldNotDecide(f"Ray failed though the kernel dropped nothing of it; is the machine busy? {failure}")
        return [*([failure] if failure else []), *found]

    def dropped(self) -> set[Tried]:
        """What the kernel dropped beside the connections that were to be dropped."""
        return set(self._lab.record().denied) - self._to_be_dropped

    def _starts(self) -> str | None:
        steps = (
            ("head", self._cluster.start_head),
            ("workers", lambda: self._cluster.start_workers(self._is_hopeless)),
            ("job", lambda: self._cluster.submit(self._is_hopeless)),
        )
        for name, step in steps:
            start = time.monotonic()
            complaint = step()
            self.facts[f"{name} seconds"] = round(time.monotonic() - start, 1)
            self._say(complaint or f"{name} up, {self.facts[f'{name} seconds']} s")
            if complaint is not None:
                return complaint
        return None

    def _is_hopeless(self) -> bool:
        return bool(self.dropped())

    def _while_the_job_runs(self) -> Iterator[str]:
        self._lab.ask(NEIGHBOUR.ip, "listen", tcp=list(_NEIGHBOURS_PORTS), udp=[])
        self.attempts = self._try(self._cluster.listeners())
        through = sum(each.got_through for each in self.attempts)
        self._say(f"{len(self.attempts)} connections tried, {through} got through")
        yield from _missing(self.attempts)
        yield from _unexpected(self.attempts)
        if self._scenario.settings is not None:
            yield from stated(*self._scenario.settings, self.attempts)

    def _has_died(self) -> str | None:
        time.sleep(max(self._cluster.settles - time.monotonic(), 0))
        alive = self.facts["nodes alive"] = self._cluster.alive()
        self._say(f"{alive} of {len(MEMBERS)} nodes are alive")
        return None if alive == len(MEMBERS) else f"{alive} of {len(MEMBERS)} nodes are alive"

    def _try(self, listening: dict[Pod, set[int]]) -> list[Attempt]:
        flows = [
            Flow(source, target, port) for source in CALLERS for target in MEMBERS for port in sorted(listening[target])
        ]
        flows += [Flow(source, NEIGHBOUR, port) for source in (*MEMBERS, NOTEBOOK) for port in _NEIGHBOURS_PORTS]
        expected = {flow: self._connectivity.decide(flow).allowed for flow in flows}
        self._to_be_dropped = {tried(flow) for flow in flows if not expected[flow]}
        results = self._lab.attempt(map(tried, flows))
        # What has been closed since tells nothing.
        still = {(pod, port) for pod, ports in self._cluster.listeners().items() for port in ports}
        kept = [flow for flow in flows if flow.target is NEIGHBOUR or (flow.target, flow.port) in still]
        return [Attempt(flow, expected[flow], results[tried(flow)]) for flow in kept]


def _missing(attempts: Sequence[Attempt]) -> Iterator[str]:
    """What was not tried because nothing listened: an empty scan finds nothing open."""
    for pod in MEMBERS:
        ports = {each.flow.port for each in attempts if each.flow.target is pod}
        fixed = (HEAD_PORTS if pod is HEAD else WORKER_PORTS) - ports
        if fixed:
            yield f"nothing listens on {pod}: {_some(sorted(fixed))}"
        if not ports & set(_JOB_PORTS):
            yield f"no process of the job listens on {pod}"


def _unexpected(attempts: Iterable[Attempt]) -> Iterator[str]:
    for attempt in attempts:
        if not attempt.right:
            wanted = "was to connect" if attempt.expected else "was to get no answer"
            yield f"{attempt.flow} {wanted}, and is {attempt.result}"


def _some(words: Iterable[object]) -> str:
    shown = list(map(str, words))
    return ", ".join(shown[:6]) + (f" and {len(shown) - 6} more" if len(shown) > 6 else "")
