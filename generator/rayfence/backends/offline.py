"""How an engine on the command line evaluates a backend's policies, and how to read these policies back.

All of it is data and pure functions: `suite` reads the files, starts the engines and compares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rayfence.admission import Policy
from rayfence.model.subjects import Resource

Spec = Mapping[str, Any]
Conditions = Sequence[Mapping[str, str]]
Namespaces = frozenset[str]
Scope = frozenset[str]
"""Each operation on each kind or resource, like `UPDATE /pods/resize` and `CREATE ray.io/v1/RayJob`."""


@dataclass(frozen=True, slots=True, eq=False)
class Webhooks:
    """Conditions of webhooks that the kustomization holds, and not the policies."""

    conditions: Callable[[Iterable[Spec]], Mapping[str, Conditions]]
    """Documents of the kustomization -> the conditions of each policy, by its name."""

    of_generating: Conditions
    """What a policy that generates must have."""


@dataclass(frozen=True, slots=True, eq=False)
class Actions:
    """Where the actions of policies are declared."""

    kind: str
    """The kind of the objects that declare them."""

    declared: Callable[[Mapping[str, Spec]], Mapping[str, list[str]]]
    """Name -> spec of those objects, to name of a policy -> its actions."""


@dataclass(frozen=True, slots=True, eq=False)
class Scopes:
    """How a policy says which objects it matches."""

    matched: Callable[[Spec], Scope]

    expected: Callable[[Policy, Resource], Iterable[str]]
    """The names under which a policy must match a resource."""

    exclusions: Callable[[Spec], set[str]]
    """The fields of a spec that leave objects out."""


@dataclass(frozen=True, slots=True, eq=False)
class KyvernoOffline:
    """A backend on the Kyverno CLI."""

    kind: str
    """The kind of the objects that hold the rules."""

    rule: Callable[[Policy], str]
    """What rows and reports call a policy's one rule."""

    namespaces: Callable[[Policy, Spec], Namespaces | None]
    """The namespaces that a guard is for, None where its spec has no such list or more than that."""

    scopes: Scopes

    actions: Actions | None = None
    """Without it, the CLI's reports distinguish a refusal from a violation that is only recorded."""

    webhooks: Webhooks | None = None

    is_native: bool = False
    """Whether the CLI evaluates with Kubernetes' own code: as creations only, and it must be given unknown kinds."""

    generating_rules: int = 0
    """How many rules the CLI counts in a policy that generates, 0 where there is none."""

    triggers: Callable[[Spec], Iterable[tuple[Sequence[str], Sequence[str]]]] = lambda spec: ()
    """The resources for which a policy generates, with the operations; empty where its spec names no operations."""

    borrowed: Callable[[Policy], KyvernoOffline | None] = lambda policy: None
    """For a policy object of another backend's kind, how that backend evaluates it."""

    def of(self, policy: Policy) -> KyvernoOffline:
        """How one policy object is evaluated."""
        return self.borrowed(policy) or self

    def object_name(self, policy: Policy) -> str:
        """The name of the object that holds the rules."""
        return policy.name


@dataclass(frozen=True, slots=True, eq=False)
class GatorOffline:
    """A backend on gator: a template holds the rules and defines the kind of its one constraint."""

    kind: str
    """The template's kind."""

    constraint_kind: Callable[[Policy], str]

    namespaces: Callable[[Policy, Spec], Namespaces | None]
    """As above."""

    webhooks: None = None

    def of(self, policy: Policy) -> GatorOffline:
        """How one policy object is evaluated: all of them alike."""
        return self

    def object_name(self, policy: Policy) -> str:
        """The template's name, which is its constraint's kind in small letters."""
        return self.constraint_kind(policy).lower()
