"""The one CEL text that every kind of policy wraps: which rules an object breaks, all of them in one answer.

Engines report only the first of several failing validations, so there is a single one, and its message says everything:
the id of every broken rule, then as many violations as fit. Messages name places and parsed quantities, never a
tenant's own words, and stay below the 5 KB and free of the line breaks for which engines drop a message silently.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rayfence import workload
from rayfence.admission.shards import Shard, shards
from rayfence.cel import literal, literals, row
from rayfence.model.config import Config, Platform, Tenant
from rayfence.model.subjects import DELETE, EXPOSURE, NETWORK_KINDS, NETWORK_POLICIES, RAY, SUBJECTS, UPDATE, Subject
from rayfence.rules import OF, variables
from rayfence.rules.rule import Rule
from rayfence.rules.shared import allowances
from rayfence.workload import exposed

VALID = "size(variables.violations) == 0"

MESSAGE = (
    f"{VALID} ? '' : "
    "variables.broken_rules.join(', ') + ': ' + variables.shown_violations.join('; ')"
    " + (size(variables.violations) > size(variables.shown_violations)"
    " ? '; and ' + string(size(variables.violations) - size(variables.shown_violations)) + ' more' : '')"
)
"""An API server wants a message of good objects too."""

IN_CHARGE = "in-charge"
"""The name of the condition under which a policy is asked."""

ROOM = 3600
"""Characters for violations in one message."""

_MOST = 40
"""More violations than ever fit; bounds the work of finding out how many do."""

_HEAD = re.compile(r"((?:[a-z]+(?:-[a-z]+)+(?:, )?)+): \[")
_VIOLATION = re.compile(r"\[([a-z-]+)\] (\S+): (.*?)(?=; \[[a-z-]+\] |; and \d+ more$|$)")


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy object, independent of the backend: its subject, its tenants, and its CEL.

    `variables` are in order: each uses only those before it. VALID and MESSAGE read the last ones.
    """

    subject: Subject
    shard: Shard
    rules: tuple[Rule, ...]
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        """The policy object's name."""
        return self.subject.name + self.shard.suffix

    @property
    def conditions(self) -> list[dict[str, str]]:
        """The conditions for evaluating the policy: it covers the object's namespace. Empty if it covers all.

        They never end in an error: a namespace that is not text, which no server admits, counts as covered.
        """
        mine = _edges(self.shard) if self.subject.everywhere else _listed(self.shard)
        place = _place(f"({_shown(self.subject)})")
        covered = f"[{place}].all(name, type(name) != string || ({mine}))"
        return [{"name": IN_CHARGE, "expression": covered}] if mine else []

    def is_asked_about(self, namespace: str) -> bool:
        """Whether the policy covers a namespace."""
        return self.shard.covers(namespace) if self.subject.everywhere else bool(self.shard.rows.get(namespace))


def policies(config: Config) -> tuple[Policy, ...]:
    """Every policy object of a configuration. A subject has none if all of its rules are disabled.

    A guard is left out if its shard has no tenant, because it would never be evaluated.
    """
    return tuple(
        Policy(subject, shard, rules, _variables(config.platform, subject, shard, rules))
        for subject in SUBJECTS
        if (rules := _rules(config.platform, subject))
        for shard in shards(config)
        if subject.everywhere or shard.namespaces
    )


def _rules(platform: Platform, subject: Subject) -> tuple[Rule, ...]:
    return tuple(rule for rule in OF.get(subject, ()) if rule.ID not in platform.disabled_rules)


def _variables(platform: Platform, subject: Subject, shard: Shard, rules: Sequence[Rule]) -> dict[str, str]:
    shared = variables(platform, subject)
    parts = {name: text for rule in rules for name, text in _parts(rule, platform)}
    texts = (*shared.values(), *parts.values())
    judged = "variables.operation == 'DELETE' ? variables.old_object : object"
    return {
        "operation": "request.operation",
        "old_object": f"variables.operation in {literals((UPDATE, DELETE))} ? dyn(oldObject) : dyn(null)",
        "namespaces": row.table((row.of_namespace(*each) for each in shard.rows.items()), nobody="''"),
        "subject": judged if DELETE in subject.operations else "object",
        "object_namespace": _place("variables.subject"),
        "tenant_name": "variables.namespaces[?variables.object_namespace].orValue('')",
        **_tables(texts, shard.tenants, platform),
        **(_ray_variables(platform, shard) if subject is RAY else {}),
        **(exposed.variables() if subject is EXPOSURE else {}),
        **shared,
        **parts,
        **_answer(rules, _untouched(subject)),
    }


def _parts(rule: Rule, platform: Platform) -> Iterator[tuple[str, str]]:
    """The rule's variable, after those of its parts where it has several."""
    name, parts = _name(rule.ID), tuple(rule.cel(platform))
    if len(parts) == 1:
        yield name, parts[0]
        return
    numbered = {f"{name}_{number}": part for number, part in enumerate(parts, 1)}
    yield from numbered.items()
    yield name, " + ".join(f"variables.{each}" for each in numbered)


def _edges(shard: Shard) -> str:
    """Whether a name lies in the shard's range; empty where all do."""
    edges = [f"name >= {literal(shard.first)}"] if shard.first else []
    edges += [f"name < {literal(shard.until)}"] if shard.until else []
    return " && ".join(edges)


def _listed(shard: Shard) -> str:
    """Whether a name is one of those that the shard speaks for, a line for each."""
    names = ",\n".join(literal(namespace) for namespace in shard.namespaces)
    return f"name in [\n{names}\n]"


def _shown(subject: Subject) -> str:
    """The object that is evaluated."""
    return "request.operation == 'DELETE' ? oldObject : object" if DELETE in subject.operations else "object"


def _place(subject: str) -> str:
    """An object's namespace. The choice of the policy object and the choice of the row must use the same one."""
    return f"{subject}.metadata.?namespace.orValue('')"


def _ray_variables(platform: Platform, shard: Shard) -> dict[str, str]:
    return {"namespace_unclaimed": _unclaimed(shard), **workload.variables(platform), **exposed.ray_variables()}


def _untouched(subject: Subject) -> str:
    if subject is NETWORK_POLICIES:
        return "false"
    if subject is NETWORK_KINDS:
        # A CiliumNetworkPolicy has its rules in `spec`, in `specs`, or in both.
        return f"{UNTOUCHED}\n&& dyn(object).?specs.orValue(null) == variables.old_object.?specs.orValue(null)"
    # What an older version does not show looks unchanged, and is lost.
    return f"object.apiVersion == {literal(workload.STORED)} && {UNTOUCHED}" if subject is RAY else UNTOUCHED


def untouched(operation: str, old: str) -> str:
    """CEL: an update of other metadata, such as the removal of a finalizer from an object older than the policy.

    `operation` and `old` read the request: a condition may use no variables.
    """
    same = "".join(
        f"&& object.?{path}.orValue(null) == {old}.?{path}.orValue(null)\n"
        for path in ("spec", "metadata.?labels", "metadata.?annotations")
    )
    return f"{operation} == 'UPDATE' && {old} != null\n{same}&& object.metadata != {old}.?metadata.orValue(null)"


UNTOUCHED = untouched("variables.operation", "variables.old_object")
"""The same in a policy that validates."""


def read(message: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The rule ids an engine's message names, and the (rule, path) pairs that fitted into it."""
    head = _HEAD.search(message)
    ids = frozenset(head.group(1).split(", ")) if head else frozenset[str]()
    return ids, frozenset((rule, path) for rule, path, _ in violations(message))


def violations(message: str) -> list[tuple[str, str, str]]:
    """The (rule, path, what is wrong) that fitted into an engine's message, in its order."""
    return _VIOLATION.findall(message)


def _tables(texts: Sequence[str], tenants: Sequence[Tenant], platform: Platform) -> dict[str, str]:
    """The tables that some CEL texts read, and what the request's tenant has of each."""
    fields = row.read(texts)
    rows = row.table((row.of_tenant(tenant, fields) for tenant in tenants), nobody="['']")
    found = {"tenants": rows, "tenant": row.TENANT} if fields else {}
    if any(f"variables.{row.OWN_NAMESPACES}" in text for text in texts):
        several = (row.of_list(tenant, tenant.namespaces) for tenant in tenants if len(tenant.namespaces) > 1)
        found[row.OWN_NAMESPACES] = row.lists(several, "[variables.object_namespace]")
    return {**found, **allowances.variables(texts, tenants, platform)}


def _unclaimed(shard: Shard) -> str:
    """Whether no tenant of this shard has the namespace. A namespace of another shard is refused too."""
    return "!(variables.object_namespace in variables.namespaces)" if shard.guards else "false"


def _answer(rules: Sequence[Rule], untouched: str) -> dict[str, str]:
    tagged = (f"variables.{_name(rule.ID)}.map(violation, '[{rule.ID}] ' + violation)" for rule in rules)
    named = literals(tuple(rule.ID for rule in rules))
    listed = f"variables.violations.slice(0, [size(variables.violations), {_MOST}].min())"
    so_far = "variables.listed.transformList(earlier_index, earlier, earlier_index <= index, size(earlier) + 2).sum()"
    is_of_rule = "violation.startsWith('[' + rule + ']')"
    plus = "\n+ "
    return {
        "irrelevant_update": untouched,
        "violations": f"variables.irrelevant_update ? [] :\n({plus.join(tagged)})",
        "broken_rules": f"{named}.filter(rule, variables.violations.exists(violation, {is_of_rule}))",
        "listed": listed,
        "shown_violations": f"variables.listed.transformList(index, violation, {so_far} <= {ROOM}, violation)",
    }


def _name(rule: str) -> str:
    return rule.replace("-", "_")
