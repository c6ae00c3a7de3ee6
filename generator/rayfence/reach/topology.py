"""A cluster as NetworkPolicies see it: namespaces and pods with labels and addresses, and what is no pod at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod with an address of its own (never `hostNetwork`). `ports` are its named container ports, by name.

    `protocols` has the protocol of those that are not TCP.
    """

    namespace: str
    name: str
    ip: str
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    ports: Mapping[str, int] = field(default_factory=dict, compare=False)
    protocols: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    def protocol_of(self, port: str) -> str:
        """The protocol of a named port."""
        return self.protocols.get(port, "TCP")


@dataclass(frozen=True, slots=True)
class Address:
    """Something outside the pod network, such as the API server: no policy selects it, only CIDRs name it."""

    name: str
    ip: str

    def __str__(self) -> str:
        return self.name


Endpoint = Pod | Address


@dataclass(frozen=True, slots=True)
class Flow:
    """A new connection to one port; `protocol` is TCP, UDP or SCTP."""

    source: Endpoint
    target: Endpoint
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.protocol} {self.port}"


@dataclass(frozen=True, slots=True)
class Topology:
    """Namespaces with their labels, what is in them, and the NetworkPolicies that hold, as manifests.

    Every namespace has the label that the API server gives it, whatever `namespaces` says of its labels.
    """

    namespaces: Mapping[str, Mapping[str, str]]
    endpoints: Sequence[Endpoint]
    policies: Sequence[Mapping[str, Any]]

    @property
    def pods(self) -> list[Pod]:
        """The endpoints that are pods."""
        return [each for each in self.endpoints if isinstance(each, Pod)]

    def labels_of(self, namespace: str) -> Mapping[str, str]:
        """A namespace's labels, its name among them."""
        return {**self.namespaces.get(namespace, {}), NAME_LABEL: namespace}
