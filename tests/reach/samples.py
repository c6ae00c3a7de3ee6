"""One small cluster for tests to speak about: who is there, and policies written short."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rayfence.reach.connectivity import Connectivity, Decision
from rayfence.reach.topology import Address, Endpoint, Flow, Pod, Topology

Json = dict[str, Any]

HEAD = Pod(
    "ray-a",
    "head",
    "10.1.0.1",
    {"app": "ray", "role": "head"},
    {"dashboard": 8265, "dns": 53},
    {"dns": "UDP"},
)
WORKER = Pod("ray-a", "worker", "10.1.0.2", {"app": "ray", "role": "worker"}, {"dashboard": 9999})
BARE = Pod("ray-a", "bare", "10.1.0.3")
DEV = Pod("ray-a-dev", "head", "10.2.0.1", {"app": "ray", "role": "head"})
OTHER = Pod("ray-b", "head", "10.3.0.1", {"app": "ray", "role": "head"})
API_SERVER = Address("api-server", "192.0.2.10")
INTERNET = Address("internet", "203.0.113.1")
EVERYONE = [HEAD, WORKER, BARE, DEV, OTHER, API_SERVER, INTERNET]
# What `ray-b` says of its name is not what the API server has.
NAMESPACES = {
    "ray-a": {"team": "a"},
    "ray-a-dev": {"team": "a", "env": "dev"},
    "ray-b": {"team": "b", "kubernetes.io/metadata.name": "ray-a"},
}


def policy(selector: Json | None = None, *, namespace: str | None = "ray-a", name: str = "p", **spec: Any) -> Json:
    """A NetworkPolicy; its spec's fields are keywords, all pods are selected unless it says otherwise."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    body = {"podSelector": selector or {}} | spec
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": body}


def from_(*peers: Json, ports: Sequence[Json] = ()) -> Json:
    """A policy of `ray-a` that lets these peers in, and nobody else."""
    return policy(policyTypes=["Ingress"], ingress=[{"from": list(peers), "ports": list(ports)}])


def to(*peers: Json, ports: Sequence[Json] = ()) -> Json:
    """A policy of `ray-a` that lets out to these peers, and to nobody else."""
    return policy(policyTypes=["Egress"], egress=[{"to": list(peers), "ports": list(ports)}])


def decide(source: Endpoint, target: Endpoint, port: int, *policies: Json, protocol: str = "TCP") -> Decision:
    return Connectivity(Topology(NAMESPACES, EVERYONE, policies)).decide(Flow(source, target, port, protocol))


def reaching(target: Endpoint, *policies: Json) -> list[Endpoint]:
    """Everybody else who reaches its dashboard."""
    return [each for each in EVERYONE if each != target and decide(each, target, 8265, *policies).allowed]


def reached(source: Endpoint, *policies: Json) -> list[Endpoint]:
    """Everybody else whose dashboard is reached."""
    return [each for each in EVERYONE if each != source and decide(source, each, 8265, *policies).allowed]


def ports_open(port: Json, target: Endpoint = HEAD, protocol: str = "TCP") -> list[int]:
    """Which of some ports a rule with one port lets in."""
    asked = [1, 53, 80, 8264, 8265, 8266, 9999, 65535]
    rule = from_(ports=[port])
    return [each for each in asked if decide(OTHER, target, each, rule, protocol=protocol).allowed]
