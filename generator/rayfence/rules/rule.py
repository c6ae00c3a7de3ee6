"""Defines a rule: an id, a reason, two implementations of one sentence, and ways to break it.

A rule is a module, and `Rule` lists its parts. The two implementations are `cel`, for engines, and `violations`, for
people; both name the same paths. `breaks` and `passes` are edits of a good object: each break must be reported under
this rule's id and no other, each pass under none.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Protocol, runtime_checkable

from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import Subject
from rayfence.workload import Workload


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule at one place; `message` says what is wrong and what is allowed.

    `path` is the place that the CEL reading names too. `about` is the place that people are shown, if it is another.
    """

    rule: str
    path: FieldPath
    message: str
    about: FieldPath | None = None

    def __str__(self) -> str:
        return f"[{self.rule}] {self.path}: {self.message}"


def instead(found: Any, wanted: str) -> str:
    """The message: the value that was found, and what to write instead."""
    return f"{'is missing' if found is None else f'is {shown(found)}'}, must be {wanted}"


def shown(found: Any) -> str:
    """A manifest's value as it would be written, cut where it is long."""
    text = found if isinstance(found, str) and found else json.dumps(found, ensure_ascii=False, default=str)
    return text if len(text) <= _LONG else f"{text[:_LONG]}…"


_LONG = 60


UNWRITTEN = "NOT WRITTEN YET"
"""What `tools/new_rule.py` writes where a new rule says nothing yet. A test finds what is left of it."""


def unwritten(part: str, *seen: object) -> Any:
    """Stands in a new rule for what is still to be written. Raises NotImplementedError where it is reached."""
    raise NotImplementedError(f"{UNWRITTEN}: {part}")


class At(Enum):
    """What an edit is handed: the object or a part of it (a group, a template, …, the spec of a Service).

    A cluster is that of any kind of Ray's; a RayCluster is no other's.
    """

    OBJECT = auto()
    CLUSTER = auto()
    RAY_CLUSTER = auto()
    GROUP = auto()
    WORKERS = auto()
    TEMPLATE = auto()
    POD = auto()
    CONTAINER = auto()
    SERVICE = auto()


@dataclass(frozen=True, slots=True)
class Edit:
    """A change to a good object of some tenant, made in place.

    `swells` names the resource of which so much is asked that a quota is passed as well, where there is one. With
    `before` the edit is an update: it makes, at the same place, the object as it was out of a good one.
    """

    at: At
    apply: Callable[[dict[str, Any], Tenant], object]
    swells: str = ""
    before: Callable[[dict[str, Any], Tenant], object] | None = None


Edits = Mapping[str, Edit]


class Rule(Protocol):
    """The parts of a rule's module.

    A rule may also say: `UNPROVEN`, what a tenant may do where the platform disables the rule, if the proofs of `reach`
    rest on it; and `NEW_ONLY`, the paths at which it holds for new objects alone.
    """

    ID: str
    FAMILY: str
    WHY: str

    @property
    def SUBJECTS(self) -> tuple[Subject, ...]:
        """The objects for which it holds, the main ones first."""

    def cel(self, platform: Platform) -> Iterator[str]:
        """CEL lists of `path: what is wrong`, all empty where the rule holds or no tenant has the namespace.

        Each becomes a variable: what it takes to compile a text grows with the square of its length.
        """

    def violations(self, work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
        """The same in Python."""

    def breaks(self, platform: Platform, tenant: Tenant) -> Edits:
        """Ways to break this rule and only this rule, by name."""

    def passes(self, platform: Platform, tenant: Tenant) -> Edits:
        """Changes that come near and must be admitted, by name."""


@runtime_checkable
class RuleOfBounds(Rule, Protocol):
    """A rule about bounds or quotas of a tenant."""

    def edges(self, tenant: Tenant) -> tuple[Edits, Edits]:
        """Edits just inside the tenant's own bounds, and edits one unit outside."""


@runtime_checkable
class RuleOfVariables(Rule, Protocol):
    """A rule with CEL variables that several rules read, or several parts of one."""

    def variables(self, platform: Platform, subject: Subject) -> dict[str, str]:
        """Name -> CEL, for the policies of one of its subjects."""


@runtime_checkable
class RuleOfSome(Rule, Protocol):
    """A rule that binds only the tenants whose config asks for it."""

    def asked(self, tenant: Tenant) -> str:
        """What it asks of a tenant, '' where it asks for nothing."""

    def fields(self, tenant: Tenant) -> dict[str, Any]:
        """The fields of a cluster's spec that a tenant's clusters need, none where it asks for nothing."""
