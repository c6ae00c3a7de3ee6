"""The one CEL text that every kind of policy wraps: which rules a Ray object breaks, all of them in one answer.

Engines report only the first of several failing validations, so there is a single one, and its message says everything:
the id of every broken rule, then as many violations as fit. Messages name places and parsed quantities, never a
tenant's own words, and stay below the 5 KB and free of the line breaks for which engines drop a message silently.
"""

from __future__ import annotations

import re

from rayfence import workload
from rayfence.cel import literal
from rayfence.config import Platform
from rayfence.rules import RULES, worst_case
from rayfence.shards import Shard

VALID = "size(variables.violations) == 0"

MESSAGE = (
    "variables.broken.join(', ') + ': ' + variables.shown.join('; ')"
    " + (size(variables.violations) > size(variables.shown)"
    " ? '; and ' + string(size(variables.violations) - size(variables.shown)) + ' more' : '')"
)

ROOM = 3600
"""Characters for violations in one message."""

_MOST = 40
"""More violations than ever fit; bounds the work of finding out how many do."""

_HEAD = re.compile(r"((?:[a-z]+(?:-[a-z]+)+(?:, )?)+): \[")
_VIOLATION = re.compile(r"\[([a-z-]+)\] (\S+): (.*?)(?=; \[[a-z-]+\] |; and \d+ more$|$)")


def variables(platform: Platform, shard: Shard) -> dict[str, str]:
    """CEL variables in order, each using only those before it; the last ones are what VALID and MESSAGE read."""
    return {
        "tenants": table(shard),
        "namespace": "object.metadata.?namespace.orValue('')",
        "tenant": "variables.tenants[?variables.namespace].orValue('').split('|')",
        "unclaimed": _unclaimed(shard),
        **workload.variables(platform),
        **worst_case.variables(),
        **{_name(rule.ID): rule.cel(platform) for rule in RULES},
        **_answer(),
    }


def read(message: str) -> tuple[frozenset[str], frozenset[tuple[str, str]]]:
    """The rule ids an engine's message names, and the (rule, path) pairs that fitted into it."""
    head = _HEAD.search(message)
    ids = frozenset(head.group(1).split(", ")) if head else frozenset[str]()
    return ids, frozenset((rule, path) for rule, path, _ in violations(message))


def violations(message: str) -> list[tuple[str, str, str]]:
    """The (rule, path, what is wrong) that fitted into an engine's message, in its order."""
    return _VIOLATION.findall(message)


def table(shard: Shard) -> str:
    """The shard's rows as a CEL map from namespace to row."""
    rows = ",\n".join(f"{literal(namespace)}: {literal(row)}" for namespace, row in shard.rows.items())
    return f"{{\n{rows}\n}}" if rows else "{'': ''}"


def _unclaimed(shard: Shard) -> str:
    """Whether the namespace is in this shard's care and in nobody's hands."""
    if not shard.guards:
        return "false"
    edges = [f"variables.namespace >= {literal(shard.first)}"] if shard.first else []
    edges += [f"variables.namespace < {literal(shard.until)}"] if shard.until else []
    return " && ".join([*edges, "!(variables.namespace in variables.tenants)"])


def _answer() -> dict[str, str]:
    tagged = (f"variables.{_name(rule.ID)}.map(m, '[{rule.ID}] ' + m)" for rule in RULES)
    broken = (f"(size(variables.{_name(rule.ID)}) > 0 ? ['{rule.ID}'] : [])" for rule in RULES)
    first = f"variables.violations.slice(0, [size(variables.violations), {_MOST}].min())"
    so_far = "variables.first.transformList(j, w, j <= i, size(w) + 2).sum()"
    return {
        "violations": "\n+ ".join(tagged),
        "broken": "\n+ ".join(broken),
        "first": first,
        "shown": f"variables.first.transformList(i, v, {so_far} <= {ROOM}, v)",
    }


def _name(rule: str) -> str:
    return rule.replace("-", "_")
