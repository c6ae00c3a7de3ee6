"""Topologies and flows in, Cyclonus' decisions out: another reading of NetworkPolicies, by other people."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rayfence.gotool import CYCLONUS, find
from rayfence.reach.topology import Endpoint, Flow, Pod, Topology

SECONDS = 120
Json = Mapping[str, Any]
Asked = tuple[Topology, Sequence[Flow]]


@dataclass(frozen=True, slots=True)
class Said:
    """Whether a flow passes the source's egress, and the target's ingress."""

    egress: bool
    ingress: bool

    @property
    def allowed(self) -> bool:
        return self.egress and self.ingress


def judged(asked: Sequence[Asked]) -> list[list[Said]]:
    """What Cyclonus says of every flow of every topology, in their order."""
    if not asked:
        return []
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{number}.json") for number in range(len(asked))]
        for path, (topology, _) in zip(paths, asked, strict=True):
            path.write_text("\n---\n".join(map(json.dumps, objects(topology))))
        questions = (question(number, flow) for number, (_, flows) in enumerate(asked) for flow in flows)
        answers = answered(["flows", *map(str, paths)], list(questions))
    said = (Said(each["egress"], each["ingress"]) for each in answers)
    return [[next(said) for _ in flows] for _, flows in asked]


def answered(words: Sequence[str], questions: Sequence[Json]) -> list[dict[str, bool]]:
    """The program's answer to each question; an AssertionError with its own words where it has none."""
    done = subprocess.run(
        [find(CYCLONUS, print).path, *words],
        input="\n".join(map(json.dumps, questions)),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(questions) == len(answers)
    return answers


def question(model: int, flow: Flow) -> Json:
    ends = {"from": _named(flow.source), "to": _named(flow.target)}
    return {"model": model, **ends, "port": flow.port, "protocol": flow.protocol}


def objects(topology: Topology) -> Iterator[Json]:
    """The topology as the objects that a cluster would have."""
    spaces = dict(topology.namespaces) | {
        pod.namespace: {} for pod in topology.pods if pod.namespace not in topology.namespaces
    }
    for name, labels in spaces.items():
        yield {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels)}}
    yield from map(_pod, topology.pods)
    yield from topology.policies


def _pod(pod: Pod) -> Json:
    ports = [
        {"name": name, "containerPort": number, "protocol": pod.protocol_of(name)} for name, number in pod.ports.items()
    ]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"namespace": pod.namespace, "name": pod.name, "labels": dict(pod.labels)},
        "spec": {"containers": [{"name": "main", "ports": ports}]},
        "status": {"podIP": pod.ip},
    }


def _named(endpoint: Endpoint) -> str:
    return str(endpoint) if isinstance(endpoint, Pod) else endpoint.ip
