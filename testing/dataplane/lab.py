"""A lab of pods on this machine's kernel, which finds out which flows connect.

    from dataplane.lab import connects
    reached = connects(topology, flows)          # {flow: True or False}, one entry for each flow

tries every flow of a `rayfence.reach.topology.Topology` under its NetworkPolicies, between network namespaces, one
for each endpoint, with listeners where flows go: TCP and UDP, IPv4. Before that it tries them with no policy: if one
does not connect then, the lab is at fault and CouldNotDecide is raised. CannotRun says why a machine cannot have a lab.

For more than that there is `Lab`: `with Lab([Machine(ip, name), ...]) as lab`, then `lab.ask(ip, "connect", ...)`,
`lab.enforce` and `lab.record`. No name is given to anything on the host; when the block ends, or this process does,
whatever way, the kernel removes it all.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from dataplane.compile import DENIED, OPENED, ruleset
from dataplane.conversation import LabError, Line
from dataplane.findings import CouldNotDecide, Machine, Record, Tried, tried
from dataplane.machine import CannotRun, namespaces, search_path
from dataplane.messages import Result
from rayfence.reach.topology import Flow, Topology

__all__ = [
    "CannotRun",
    "CouldNotDecide",
    "Lab",
    "LabError",
    "Machine",
    "Record",
    "Tried",
    "connects",
    "control",
    "tried",
]

PROBE_SECONDS = 2.5
"""How long a connection may take: a SYN that is lost comes again after one second."""
AT_ONCE, IN_ALL = 100, 400
"""Connections tried at the same time, by one source and by all. With many more the lab itself loses some."""

_TESTING = Path(__file__).resolve().parent.parent
# Two rounds never use the same source port, so that the second is new to conntrack also where the first is remembered.
_SOURCES = ((20_000, 39_999), (40_000, 59_999))


class Lab:
    """Pods that route to each other through a node, where rules may be loaded. Use it in a `with` block."""

    def __init__(self, machines: Sequence[Machine], keep: Sequence[str] = ()) -> None:
        """`keep` are folders that pods must see even where they lie in /tmp."""
        self._machines = machines
        self._keep = [str(_TESTING.parent), sys.prefix, sys.base_prefix, *keep]
        self._lines: dict[str, Line] = {}
        self._has_rules = False

    def __enter__(self) -> Self:
        words = namespaces()
        pairs = {each.ip: socket.socketpair() for each in self._machines}
        own, nodes = socket.socketpair()
        pods = [
            {"ip": each.ip, "name": each.name, "resolver": each.resolver, "socket": pairs[each.ip][1].fileno()}
            for each in self._machines
        ]
        given = json.dumps({"pods": pods, "keep": self._keep})
        theirs = [nodes, *(pair[1] for pair in pairs.values())]
        # A session of its own: Ctrl-C ends this process, and with it the lab.
        self._process = subprocess.Popen(
            [*words, sys.executable, "-m", "dataplane.node", str(nodes.fileno()), given],
            pass_fds=[each.fileno() for each in theirs],
            env={
                **os.environ,
                "PATH": search_path(),
                "PYTHONPATH": os.pathsep.join([str(_TESTING), *sys.path]),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        for each in theirs:
            each.close()
        self._node = Line(own, "the node")
        self._lines = {each.ip: Line(pairs[each.ip][0], each.name) for each in self._machines}
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for line in (self._node, *self._lines.values()):
            line.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()  # and with it, by --kill-child, all that is in its namespaces
            self._process.wait()

    def ask(self, ip: str, do: str, **given: object) -> Any:
        """Have a pod do something; `pod._Pod` says what there is. Raises LabError."""
        return self._lines[ip].ask({"do": do, **given})

    def enforce(self, topology: Topology) -> None:
        """Put a topology's policies in force, in place of those before. Raises LabError."""
        self.load(ruleset(topology))
        self._has_rules = True

    def load(self, parts: Iterable[str]) -> None:
        """Load nftables text into the node, part by part. Raises LabError."""
        for part in parts:
            self._node.ask({"do": "load", "text": part})

    def record(self) -> Record:
        """What the kernel recorded since policies were put in force."""
        found = self._node.ask({"do": "record"})
        return Record(*(frozenset(map(tuple, found[name])) for name in (OPENED, DENIED)))

    def listen(self, targets: Iterable[Tried]) -> None:
        """Have something listen wherever these go."""
        wanted: dict[str, set[tuple[str, int]]] = {}
        for _, ip, protocol, port in targets:
            wanted.setdefault(ip, set()).add((protocol, port))
        for ip, ports in wanted.items():
            by = {name: sorted(port for each, port in ports if each == name) for name in ("TCP", "UDP")}
            self.ask(ip, "listen", tcp=by["TCP"], udp=by["UDP"])

    def attempt(self, tried: Iterable[Tried], round: int = 0) -> dict[Tried, Result]:
        """Try each, all sources at the same time. Rounds that follow each other have another number, 0 or 1.

        What stays silent although no rule of `compile.ruleset` dropped it is tried again: the machine was too slow.
        Raises CouldNotDecide if rules are loaded and it stays silent once more.
        """
        results = self._attempt(dict.fromkeys(tried), round)
        results |= self._attempt(self._lost(results), round)
        if self._has_rules and (lost := self._lost(results)):
            raise CouldNotDecide(f"{len(lost)} connections fail and no rule dropped them, as {_shown(min(lost))}")
        return results

    def _lost(self, results: Mapping[Tried, Result]) -> set[Tried]:
        silent = {each for each, result in results.items() if result is Result.SILENT}
        return silent - self.record().denied if silent and self._has_rules else silent

    def _attempt(self, tried: Iterable[Tried], round: int) -> dict[Tried, Result]:
        by_source: dict[str, list[Tried]] = {}
        for each in tried:
            by_source.setdefault(each[0], []).append(each)
        if not by_source:
            return {}
        settings = {
            "seconds": PROBE_SECONDS,
            "at_once": min(AT_ONCE, max(IN_ALL // len(by_source), 1)),
            "source": _SOURCES[round],
        }
        with ThreadPoolExecutor(len(by_source)) as pool:
            found = pool.map(lambda of: self._from(of, by_source[of], settings), by_source)
            return {each: result for results in found for each, result in results}

    def _from(self, source: str, tried: list[Tried], settings: Mapping[str, object]) -> Iterable[tuple[Tried, Result]]:
        to = [[protocol, ip, port] for _, ip, protocol, port in tried]
        answers = self.ask(source, "connect", to=to, **settings)
        return zip(tried, map(Result, answers), strict=True)


def connects(topology: Topology, flows: Iterable[Flow]) -> Mapping[Flow, bool]:
    """Which flows connect under the topology's policies, by trying. Raises CannotRun and CouldNotDecide."""
    wanted = {flow: tried(flow) for flow in flows}
    with Lab([Machine(each.ip, f"pod{number}") for number, each in enumerate(topology.endpoints)]) as lab:
        lab.listen(wanted.values())
        control(lab, wanted.values())
        lab.enforce(topology)
        results = lab.attempt(wanted.values(), round=1)
    return {flow: results[each] is Result.OPEN for flow, each in wanted.items()}


def control(lab: Lab, tries: Iterable[Tried]) -> None:
    """Try all with whatever rules there are. Raises CouldNotDecide unless everything connects."""
    results = lab.attempt(tries)
    failed = [each for each, result in results.items() if result is not Result.OPEN]
    if failed:
        shown = _shown(failed[0])
        raise CouldNotDecide(f"with no policy {len(failed)} of {len(results)} connections fail, the first is {shown}")


def _shown(tried: Tried) -> str:
    return "{} -> {} {} {}".format(*tried)
