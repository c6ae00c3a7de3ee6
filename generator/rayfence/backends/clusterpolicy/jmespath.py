"""Small pieces of the ClusterPolicies, most of those that generate: conditions, variables, and the JMESPath in them.

Text of a tenant's is compared inside JMESPath, where `==` is exact. Kyverno's own operators read globs and quantities
(`1000` equals `1k`), so they are given nothing but the boolean that comes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from rayfence.backends.kyverno.generation import Row, with_statuses
from rayfence.network.owners import OwnerKind
from rayfence.network.policy import Manifest

METADATA = "request.object.metadata"
SPEC = "request.object.spec"

OPEN = "open"
"""The third field of a row whose tenant's pods reach the dashboard."""


def generating_rule(name: str, kinds: Sequence[str], labels: Sequence[str], each: Manifest) -> Manifest:
    """The rule that generates `each` (an entry of `foreach`) for objects of some kinds that have one of the labels.

    Of a rule that synchronizes, everything outside `foreach` is fixed for good: the server refuses an update that
    changes `match`, `context` or `preconditions`. So the table of tenants stands inside, where one more tenant is a
    plain update, and the rule's own precondition asks only for a label, the tenant's or that of what made the object.

    `match` names no operations. With them, the deletion of an object would either pass unseen, its policies left
    behind, or count as one more reason to generate. It names the status, too: see `generating.STATUS`.
    """
    has_label = " || ".join(f"({label(each)} || '') != ''" for each in labels)
    return {
        "name": name,
        "match": {"any": [{"resources": {"kinds": with_statuses(kinds)}}]},
        "preconditions": holds(has_label),
        "generate": {"synchronize": True, "generateExisting": True, "foreach": [each]},
    }


def network_policy(name: str, labels: Manifest, spec: Any) -> Manifest:
    """What `foreach` says of the object to be made."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "name": name,
        "namespace": value(f"{METADATA}.namespace"),
        "data": {"metadata": {"labels": labels}, "spec": spec},
    }


def row(tenant_label: str, rows: Iterable[tuple[str, Row]], maker: OwnerKind) -> list[Manifest]:
    """The variables `row`, the fields of the namespace's `tenant|mode|open`, `maker`, `isMade` and `isTenantsOwn`.

    Without a row, a namespace's tenant is empty. What made an object counts only if the controlling owner says the same
    as the labels.
    """
    own = label(tenant_label)
    owns = f"kind == '{maker.kind}' && controller == `true` && contains({words(maker.api_versions)}, apiVersion)"
    says_so = [f"({label(key)} || '') == '{value}'" for key, value in maker.labels.items()]
    table = {space: f"{own.tenant}|{own.mode}|{OPEN if own.opens_dashboard else ''}" for space, own in rows}
    return [
        given("namespaces", table),
        computed("row", f"split(lookup(namespaces, {METADATA}.namespace || '') || '||', '|')"),
        computed("maker", f"{label(maker.name_label)} || ''"),
        computed("owners", f"({METADATA}.ownerReferences || `[]`)[?{owns}].name"),
        computed("isMade", " && ".join([*says_so, "maker != ''", "contains(owners, maker)"])),
        computed("isTenantsOwn", f"row[0] != '' && (({own} || '') == row[0] || (type({own}) == 'null' && isMade))"),
    ]


def label(key: str) -> str:
    """An object's label."""
    return f"{METADATA}.labels.{quoted(key)}"


def quoted(key: str) -> str:
    """A key as an identifier."""
    return json.dumps(key)


def words(texts: Iterable[str]) -> str:
    """A list of texts."""
    return "[" + ", ".join(f"'{text}'" for text in texts) + "]"


def is_whole(pattern: str, expression: str) -> str:
    """Whether an expression is a text, and all of it is what the pattern says. No other type is ever converted."""
    return f"type({expression}) == 'string' && regex_match('^{pattern}$', {expression})"


def holds(expression: str) -> Manifest:
    """A precondition."""
    return {"all": [{"key": value(expression), "operator": "Equals", "value": True}]}


def value(expression: str) -> str:
    """An expression in the place of a text."""
    return f"{{{{ {expression} }}}}"


def given(name: str, what: Any) -> Manifest:
    """A variable that is written out."""
    return {"name": name, "variable": {"value": what}}


def computed(name: str, expression: str) -> Manifest:
    """A variable that is worked out."""
    return {"name": name, "variable": {"jmesPath": expression}}
