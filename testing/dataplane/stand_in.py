"""In place of Ray: pods that listen where Ray would and connect to each other as it does, in seconds and without Ray.

It shows what policies let through, not that Ray works under them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dataplane.cast import DNS, HEAD, MEMBERS, SUBMITTER, WORKERS
from dataplane.lab import Lab, Tried
from dataplane.messages import Result
from dataplane.ray_cluster import HEAD_PORTS, WORKER_PORTS
from rayfence.reach.topology import Pod

# Two that Ray picks at random for itself, and one of a worker process.
_RANDOM = {HEAD: {41_841, 35_713, 11_873}, WORKERS[0]: {38_129, 40_003, 12_711}, WORKERS[1]: {46_273, 33_333, 17_001}}


class StandIn:
    """What `playing.Cluster` asks for."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self.settles = 0.0

    def start_head(self) -> str | None:
        """Everything that listens."""
        self._lab.ask(DNS.ip, "listen", tcp=[], udp=[53])
        for pod in MEMBERS:
            self._lab.ask(pod.ip, "listen", tcp=sorted(_ports(pod)), udp=[])
        return None

    def start_workers(self, hopeless: Callable[[], bool]) -> str | None:
        """A name asked for, the head found, and every pod of the cluster connected to every other."""
        asked = [(pod.ip, DNS.ip, "UDP", 53) for pod in MEMBERS]
        return self._all([*asked, *((one.ip, two.ip, "TCP", port) for one, two, port in _inside())])

    def submit(self, hopeless: Callable[[], bool]) -> str | None:
        """The submitter at the head."""
        return self._all([(SUBMITTER.ip, HEAD.ip, "TCP", 8265)])

    def listeners(self) -> dict[Pod, set[int]]:
        """As found in each pod."""
        return {pod: set(self._lab.ask(pod.ip, "listeners")) for pod in MEMBERS}

    def alive(self) -> int:
        """The pods that the head reaches, itself among them."""
        ports = {pod: max(_ports(pod)) for pod in WORKERS}
        results = self._lab.attempt([(HEAD.ip, pod.ip, "TCP", port) for pod, port in ports.items()], round=1)
        return 1 + sum(result is Result.OPEN for result in results.values())

    def finish(self) -> str | None:
        """Nothing is left to do."""
        return None

    def _all(self, tried: Iterable[Tried]) -> str | None:
        results = self._lab.attempt(tried)
        failed = sum(result is not Result.OPEN for result in results.values())
        return f"{failed} of {len(results)} connections of the cluster's own fail" if failed else None


def _ports(pod: Pod) -> set[int]:
    return (HEAD_PORTS if pod is HEAD else WORKER_PORTS) | _RANDOM[pod]


def _inside() -> list[tuple[Pod, Pod, int]]:
    return [(one, two, port) for one in MEMBERS for two in MEMBERS if one is not two for port in sorted(_ports(two))]
