"""The findings of `rayfence reach`, as plain values: members, connections and counterexamples.

Everything is in a stable order, so the same input gives the same findings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class GroupKind(StrEnum):
    """Whose the members of a group are."""

    TENANT = "tenant"
    PLATFORM = "platform"
    OUTSIDE = "outside"


class Role(StrEnum):
    """What a member is. A peer is somebody whom a rule names, put there to be let in or not."""

    HEAD = "head"
    WORKER = "worker"
    SUBMITTER = "submitter"
    CLEANUP = "redis-cleanup"
    NOTEBOOK = "notebook"
    OPERATOR = "operator"
    DNS = "dns"
    MONITORING = "monitoring"
    API_SERVER = "api-server"
    REDIS = "redis"
    STRANGER = "stranger"
    FORGED = "forged"
    PEER = "peer"
    ADDRESS = "address"


class Proof(StrEnum):
    """What is proved, each the name of a proof in every format."""

    RUNS = "runs"
    ISOLATED = "isolated"
    MINIMAL = "minimal"


@dataclass(frozen=True, slots=True)
class Member:
    """One pod or address. `id` is `namespace/name`, or an address' name; an address has no namespace ('')."""

    id: str
    name: str
    namespace: str
    role: Role


@dataclass(frozen=True, slots=True)
class Group:
    """A tenant with its pods, the platform, or the outside. `namespaces` are those its members may be in."""

    name: str
    kind: GroupKind
    namespaces: tuple[str, ...]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """What one member may open to another.

    `ports` are `TCP 8265`, `TCP 9000-9010`, `all TCP ports` or `all ports`. `rules` are the rules that open them, or
    say that nothing closes them. `named_by_config` is False for an edge that no configuration asks for.
    """

    source_id: str
    target_id: str
    ports: tuple[str, ...]
    rules: tuple[str, ...]
    named_by_config: bool


@dataclass(frozen=True, slots=True)
class Counterexample:
    """What refutes a proof, in one line.

    Of a flow there are its ends and its port, `TCP 8265`; of a rule that nothing needs all three are ''.
    """

    proof: Proof
    line: str
    source_id: str = ""
    target_id: str = ""
    port: str = ""


@dataclass(frozen=True, slots=True)
class NotIsolated:
    """A tenant that no proof can be green for, and the settings that make it so."""

    tenant: str
    reason: str


@dataclass(frozen=True, slots=True)
class Findings:
    """The whole answer. `asked` is how many questions each proof put; `notes` is what a reader must know."""

    groups: tuple[Group, ...]
    edges: tuple[Edge, ...]
    counterexamples: tuple[Counterexample, ...]
    asked: Mapping[Proof, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    not_isolated: tuple[NotIsolated, ...] = ()

    @property
    def tenants(self) -> list[Group]:
        """The groups that are tenants."""
        return [each for each in self.groups if each.kind is GroupKind.TENANT]

    @property
    def holds(self) -> bool:
        """Whether nothing refutes any proof."""
        return not self.counterexamples
