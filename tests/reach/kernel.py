"""`python -m tests.reach.kernel N`: policies on this machine's kernel, by connecting N times; three judges agree.

rayfence, Cyclonus and the kernel, for which `dataplane` compiles the policies, are asked about the same flows. Exit
code 1 where one says otherwise, 3 where the machine cannot tell: no lab, or one that loses connections by itself.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

# pytest has this folder on its path, `python -m` has not.
sys.path.append(str(Path(__file__).parents[2] / "testing"))
from dataplane.lab import CannotRun, CouldNotDecide, LabError, connects

from rayfence import yamlio
from rayfence.reach.connectivity import Connectivity
from rayfence.reach.policies import read
from rayfence.reach.topology import Flow, Topology

from . import drawing, truth
from .cyclonus import Asked, judged
from .differ import decided

FLOWS = 1500
"""Connections for each topology: most of what there is to ask, and some seconds."""
SECONDS = 900
"""No further topology is begun after this time."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What three judges say of one flow; Cyclonus is not asked about a pod and itself, where it is wrong."""

    topology: Topology
    flow: Flow
    rayfence: bool
    cyclonus: bool | None
    kernel: bool

    @property
    def agree(self) -> bool:
        return self.rayfence == self.kernel and self.cyclonus in (None, self.kernel)

    def __str__(self) -> str:
        said = {"rayfence": self.rayfence, "cyclonus": self.cyclonus, "kernel": self.kernel}
        told = [f"{self.flow}: {', '.join(f'{judge} {word}' for judge, word in said.items())}"]
        told += [repr(each) for each in (self.flow.source, self.flow.target)]
        return "\n".join([*told, yamlio.dump(self._closing())])

    def _closing(self) -> list[Any]:
        """The policies that have a say."""
        decision = Connectivity(self.topology).decide(self.flow)
        closing = {*decision.egress.isolated_by, *decision.ingress.isolated_by}
        return [each for each in self.topology.policies if read(each).name in closing]


def flows(drawn: Topology, seed: int, most: int) -> list[Flow]:
    """What the lab can try, which does not speak SCTP, and each pod with itself."""
    tried = [flow for flow in drawing.flows(drawn, seed) if flow.protocol != "SCTP"]
    alone = [Flow(pod, pod, port, protocol) for pod in drawn.pods for port, protocol in ((80, "TCP"), (53, "UDP"))]
    return Random(seed).sample([*tried, *alone], min(most, len(tried) + len(alone)))


def verdicts(drawn: Topology, asked: Sequence[Flow]) -> list[Verdicts]:
    """What each judge says of every flow. Raises CannotRun, CouldNotDecide and LabError."""
    between = [flow for flow in asked if flow.source != flow.target]
    cyclonus = dict(zip(between, judged([(drawn, between)])[0], strict=True))
    kernel = connects(drawn, asked)
    return [
        Verdicts(drawn, flow, ours.allowed, cyclonus[flow].allowed if flow in cyclonus else None, kernel[flow])
        for flow, ours in zip(asked, decided(drawn, asked), strict=True)
    ]


def drawn(start: int) -> Iterator[Asked]:
    """Topologies from the seed `start` on, with what is to be tried."""
    for seed in count(start):
        topology = drawing.topology(seed)
        yield topology, flows(topology, seed, FLOWS)


def generated(number: int) -> Iterator[Asked]:
    """The topologies of the truth table, with so many of its questions, by lot."""
    topologies = [topology for _, topology in truth.topologies()]
    for seed, topology in enumerate(topologies):
        yield topology, Random(seed).sample(list(truth.flows(topology)), -(-number // len(topologies)))


def main(words: Sequence[str]) -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="kernel", description=__doc__)
    parser.add_argument("number", type=int, metavar="N", help="how many connections to try")
    parser.add_argument("--start", type=int, default=1, help="the first seed; another one draws other policies")
    parser.add_argument("--generated", action="store_true", help="not drawn policies, but what rayfence generates")
    given = parser.parse_args(words)
    try:
        return _agree(given.number, generated(given.number) if given.generated else drawn(given.start))
    except (CannotRun, CouldNotDecide, LabError) as reason:
        print(f"could not decide: {reason}", file=sys.stderr)
        return 3


def _agree(number: int, asked: Iterator[Asked]) -> int:
    started, said, policies = time.monotonic(), list[Verdicts](), 0
    while len(said) < number:
        if time.monotonic() - started > SECONDS:
            raise CouldNotDecide(f"{len(said)} of {number} connections were tried in {SECONDS} s")
        topology, tried = next(asked)
        policies += len(topology.policies)
        said += verdicts(topology, tried[: number - len(said)])
    apart = [each for each in said if not each.agree]
    print(_told(said, policies, len(apart), time.monotonic() - started))
    for each in apart[:5]:
        print(each)
    return 1 if apart else 0


def _told(said: Sequence[Verdicts], policies: int, apart: int, seconds: float) -> str:
    counted = Counter((each.flow.protocol, each.kernel) for each in said)
    table = [
        f"{protocol} {'open' if open_ else 'closed':6} {counted[protocol, open_]:6}"
        for protocol, open_ in sorted(counted)
    ]
    alone = sum(each.cyclonus is None for each in said)
    tried = f"{len(said)} connections ({alone} of a pod to itself, not asked of Cyclonus) under {policies} policies"
    return "\n".join([*table, f"{tried}: {apart} on which the three do not agree, {seconds:.0f} s"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
