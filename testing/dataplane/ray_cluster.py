"""A real Ray in the pods of a lab, started as KubeRay would: head, workers that find it by name, and a job."""

from __future__ import annotations

import json
import random
import re
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dataplane import job
from dataplane.cast import DNS, HEAD, MEMBERS, SERVICE, SUBMITTER, WORKERS
from dataplane.lab import Lab
from dataplane.waiting import until
from rayfence.reach.topology import Pod

RESOLVER = (
    f"nameserver {DNS.ip}\nsearch ray-team-a.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
)

HEAD_PORTS = {6379, 8265, 10001, 8080, 52365}
WORKER_PORTS = {8080, 52365}
"""What must be listening; beside these there are random ones."""

# A slow machine is not what is tried here: what a policy drops is in the kernel's record.
_HEAD_SECONDS, _WORKERS_SECONDS, _JOB_SECONDS = 240, 240, 240
# As long as nodes take to be found dead, and somewhat more.
_HOPELESS_SECONDS = 35

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

SETTLED_SECONDS = 40
"""Nodes that cannot be reached are found dead 15 to 30 s after they joined; before that everything looks well."""

_COMMON = "--block --disable-usage-stats --metrics-export-port=8080 --dashboard-agent-listen-port=52365"


class RayCluster:
    """One cluster and its job. What does not come about in time is answered with a sentence, None is good."""

    def __init__(self, lab: Lab, folder: Path) -> None:
        self._lab = lab
        self._env = {
            "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "PYTHONPATH": "",
            "HOME": "/tmp",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_raylet_start_wait_time_s": "60",
            "RAY_memory_monitor_refresh_ms": "0",  # other programs' memory is none of this cluster's affair
        }
        self.settles = 0.0

    def start_head(self) -> str | None:
        """The name server, then the head; a sentence unless the head is a node of its own cluster."""
        self._lab.ask(DNS.ip, "start", name="dns", words=_nameserver(), env={})
        self._start(HEAD, _HEAD_SCRIPT)
        if until(lambda: self._are_alive({HEAD: _HEAD_SCRIPT}, 1), _HEAD_SECONDS):
            return None
        return f"the head does not answer after {_HEAD_SECONDS} s: {self._last(HEAD)}"

    def start_workers(self, hopeless: Callable[[], bool]) -> str | None:
        """Workers wait for the head by its service's name, then join; a sentence unless all are alive."""
        scripts = {worker: _worker_script(worker) for worker in WORKERS}
        for worker, script in scripts.items():
            self._start(worker, script)
        # What a policy has killed stays dead, for all to see.
        alive = partial(self._are_alive, count=len(MEMBERS))
        if until(lambda: alive({} if hopeless() else scripts), _WORKERS_SECONDS, self._given_up(hopeless)):
            self.settles = time.monotonic() + SETTLED_SECONDS
            return None
        found = [worker.name for worker in WORKERS if "found" in self._look(worker)["output"].split()]
        names = ", ".join(found) or "nobody"
        return f"{self.alive()} of {len(MEMBERS)} nodes are alive; found the head by name: {names}"

    def _are_alive(self, scripts: Mapping[Pod, str], count: int) -> bool | None:
        """True if so many nodes are alive; what ended before that is started again, as the kubelet would."""
        for pod, script in scripts.items():
            if self._look(pod)["code"] is not None:
                self._start(pod, f"rm -rf /tmp/ray; {script}")
        return True if self.alive() == count else None

    def alive(self) -> int:
        """Nodes that the head holds to be alive, by its own dashboard."""
        said = self._lab.ask(HEAD.ip, "fetch", url=f"http://{HEAD.ip}:8265/api/v0/nodes", seconds=20)
        if said is None:
            return 0
        nodes = json.loads(said)["data"]["result"]["result"]
        return sum(node["state"] == "ALIVE" for node in nodes)

    def submit(self, hopeless: Callable[[], bool]) -> str | None:
        """The job, from the submitter's pod; a sentence unless it comes to hold its workers."""
        script = f"python {shlex.quote(job.__file__)}"
        words = f"exec ray job submit --address http://{SERVICE}:8265 -- {script}"
        self._start(SUBMITTER, words)
        given_up = self._given_up(hopeless)
        until(lambda: self._said(SUBMITTER, "HOLDING") or self._ended(SUBMITTER), _JOB_SECONDS, given_up)
        if self._said(SUBMITTER, "HOLDING"):
            return None
        alive = f"{self.alive()} of {len(MEMBERS)} nodes are alive"
        return f"the job did not come to run, {alive}: {self._last(SUBMITTER)}"

    def finish(self) -> str | None:
        """Let the job end; a sentence unless it ends well."""
        self._lab.ask(HEAD.ip, "write", path=str(job.FINISH), text="")
        until(lambda: self._ended(SUBMITTER), _JOB_SECONDS)
        code = self._look(SUBMITTER)["code"]
        if code == 0 and self._said(SUBMITTER, "DONE"):
            return None
        return f"the job ended with exit code {code}: {self._last(SUBMITTER)}"

    def listeners(self) -> dict[Pod, set[int]]:
        """The ports on which each pod of the cluster can be connected to now."""
        return {pod: set(self._lab.ask(pod.ip, "listeners")) for pod in MEMBERS}

    def _given_up(self, hopeless: Callable[[], bool]) -> Callable[[], bool]:
        start = time.monotonic()
        return lambda: time.monotonic() - start > _HOPELESS_SECONDS and hopeless()

    def _said(self, pod: Pod, word: str) -> bool | None:
        return True if word in self._look(pod)["output"].split() else None

    def _ended(self, pod: Pod) -> bool | None:
        return None if self._look(pod)["code"] is None else True

    def _start(self, pod: Pod, script: str) -> None:
        self._lab.ask(pod.ip, "start", name="ray", words=["sh", "-c", script], env=self._env)

    def _look(self, pod: Pod) -> dict[str, Any]:
        return dict(self._lab.ask(pod.ip, "look", name="ray"))

    def _last(self, pod: Pod) -> str:
        # What is indented belongs to a trace.
        plain = _COLOUR.sub("", self._look(pod)["output"])
        lines = [line for line in plain.splitlines() if line[:1].strip()]
        return lines[-1][:200] if lines else "it said nothing"


def _nameserver() -> list[str]:
    return [sys.executable, "-m", "dataplane.nameserver", f"{SERVICE}={HEAD.ip}"]


def _own(pod: Pod) -> str:
    # Random as in KubeRay, but drawn here: a raylet waits 15 s for a port that its agent draws, and then gives up.
    agent, runtime = random.sample(range(20_000, 30_000), 2)
    ports = f"--dashboard-agent-grpc-port={agent} --runtime-env-agent-port={runtime}"
    return f"--node-ip-address={pod.ip} --object-store-memory=80000000 {ports} {_COMMON}"


_HEAD_SCRIPT = (
    "exec ray start --head --port=6379 --dashboard-host=0.0.0.0 --dashboard-port=8265"
    f" --ray-client-server-port=10001 --num-cpus=0 {_own(HEAD)}"
)


def _worker_script(worker: Pod) -> str:
    address, resources = f"{SERVICE}:6379", shlex.quote(json.dumps({worker.name: 1}))
    wait = f"until timeout 60 ray health-check --address {address}; do sleep 1; done; echo found"
    return f"{wait}; exec ray start --address {address} --num-cpus=1 --resources={resources} {_own(worker)}"
