"""A seed in, a topology with its policies out: small vocabularies, so that what a policy names is often there.

`NotIn` and empty label values are not drawn, Cyclonus reads them otherwise than Kubernetes (see `test_exclusions`).
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from rayfence.reach.topology import NAME_LABEL, Address, Endpoint, Flow, Pod, Topology

Json = dict[str, Any]

NAMESPACES = ["ray-a", "ray-a-dev", "ray-b", "default"]
VALUES = {"app": ["ray", "web", "db"], "role": ["head", "worker"], "tier": ["x", "y"]}
NAMESPACE_VALUES = {"team": ["a", "b"], "env": ["dev", "prod"], NAME_LABEL: [*NAMESPACES, "elsewhere"]}
# The same name stands for different numbers and protocols in different pods, and one number may have two names.
NAMED = {"http": [80, 8080], "dashboard": [8265, 8080], "dns": [53], "metrics": [8080, 443]}
PROTOCOLS = ["TCP", "TCP", "TCP", "UDP", "SCTP"]
ASKED = [
    *((port, "TCP") for port in (53, 80, 443, 6379, 8079, 8080, 8265, 65535)),
    *((port, "UDP") for port in (53, 8080)),
    (8265, "SCTP"),
]
CIDRS = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/15", "10.1.0.2/32", "10.3.0.1/30", "192.0.2.0/24", "::/0"]
HOLES = ["10.1.0.0/16", "10.0.0.0/9", "10.2.0.1/32", "192.0.2.128/25", "192.0.2.10/32"]


def topology(seed: int, least: int = 20, most: int = 50) -> Topology:
    """Four namespaces, some pods in each, two addresses outside, and `least` to `most` policies."""
    draw = Random(seed)
    namespaces = {name: _labels(draw, {"team": ["a", "b"], "env": ["dev", "prod"]}) for name in NAMESPACES}
    endpoints: list[Endpoint] = [
        _pod(draw, namespace, f"10.{block}.0.{number}", number)
        for block, namespace in enumerate(NAMESPACES, 1)
        for number in range(1, draw.randint(3, 4))
    ]
    endpoints += [Address("api-server", "192.0.2.10"), Address("internet", "192.0.2.200")]
    policies = [_policy(draw, f"p{number}") for number in range(draw.randint(least, most))]
    return Topology(namespaces, endpoints, policies)


def flows(drawn: Topology, seed: int, most: int | None = None) -> list[Flow]:
    """Flows between any two endpoints, one of them a pod, but none to itself; `most` of them by lot, or all."""
    everything = [
        Flow(source, target, port, protocol)
        for source in drawn.endpoints
        for target in drawn.endpoints
        if source != target and (isinstance(source, Pod) or isinstance(target, Pod))
        for port, protocol in ASKED
    ]
    return everything if most is None else Random(seed).sample(everything, most)


def _pod(draw: Random, namespace: str, ip: str, number: int) -> Pod:
    names = draw.sample(sorted(NAMED), draw.randint(1, 3))
    protocols = {name: "UDP" for name in names if draw.random() < 0.3}
    return Pod(
        namespace, f"pod-{number}", ip, _labels(draw, VALUES), {n: draw.choice(NAMED[n]) for n in names}, protocols
    )


def _labels(draw: Random, values: dict[str, list[str]]) -> dict[str, str]:
    return {key: draw.choice(values[key]) for key in values if draw.random() < 0.75}


def _policy(draw: Random, name: str) -> Json:
    spec: Json = {"podSelector": _selector(draw, VALUES)}
    types = draw.choice([["Ingress"], ["Egress"], ["Ingress", "Egress"], None])
    if types:
        spec["policyTypes"] = types
    for direction, side in (("ingress", "from"), ("egress", "to")):
        if draw.random() < 0.8:
            spec[direction] = [_rule(draw, side) for _ in range(draw.choice([0, 1, 1, 2, 2, 3]))]
    metadata = {"name": name, "namespace": draw.choice(NAMESPACES)}
    if metadata["namespace"] == "default" and draw.random() < 0.5:
        del metadata["namespace"]
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _rule(draw: Random, side: str) -> Json:
    rule: Json = {}
    if draw.random() < 0.95:
        rule[side] = [_peer(draw) for _ in range(draw.choice([0, 1, 1, 1, 1, 2, 2, 3]))]
    if draw.random() < 0.85:
        rule["ports"] = [_port(draw) for _ in range(draw.choice([0, 1, 1, 1, 1, 2, 2, 3]))]
    return rule


def _peer(draw: Random) -> Json:
    kinds: list[Callable[[], Json]] = [
        lambda: {"podSelector": _selector(draw, VALUES)},
        lambda: {"namespaceSelector": _selector(draw, NAMESPACE_VALUES)},
        lambda: {"namespaceSelector": _selector(draw, NAMESPACE_VALUES), "podSelector": _selector(draw, VALUES)},
        lambda: {"ipBlock": _block(draw)},
    ]
    return draw.choice(kinds)()


def _block(draw: Random) -> Json:
    block: Json = {"cidr": draw.choice(CIDRS)}
    if draw.random() < 0.5 and block["cidr"] != "::/0":
        block["except"] = draw.sample(HOLES, draw.randint(1, 2))
    return block


def _port(draw: Random) -> Json:
    port: Json = {}
    if draw.random() < 0.7:
        port["protocol"] = draw.choice(PROTOCOLS)
    kind = draw.random()
    if kind < 0.45:
        port["port"] = draw.choice(ASKED)[0]
    elif kind < 0.7:
        port["port"] = draw.choice([*sorted(NAMED), "nobodys"])
    elif kind < 0.95:
        port["port"] = draw.choice([1, 80, 443, 6379, 8080])
        port["endPort"] = draw.choice([8080, 8265, 65535])
    return port


def _selector(draw: Random, values: dict[str, list[str]]) -> Json:
    selector: Json = {}
    if draw.random() < 0.6:
        selector["matchLabels"] = {
            key: draw.choice(values[key]) for key in draw.sample(sorted(values), draw.choice([1, 1, 1, 2]))
        }
    if draw.random() < 0.4:
        selector["matchExpressions"] = [_expression(draw, values) for _ in range(draw.choice([1, 1, 2]))]
    return selector


def _expression(draw: Random, values: dict[str, list[str]]) -> Json:
    key = draw.choice(sorted(values))
    operator = draw.choice(["In", "In", "Exists", "DoesNotExist"])
    wanted = {"values": draw.sample(values[key], draw.randint(1, 2))} if operator == "In" else {}
    return {"key": key, "operator": operator, **wanted}
