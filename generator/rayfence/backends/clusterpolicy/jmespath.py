"""Small pieces of the ClusterPolicies, most of those that generate: conditions, variables, and the JMESPath in them.

An expression is written in the lines in which it stands in a policy's file: outside of quotes, JMESPath and Kyverno
take a line break for a space. Text of a tenant's is compared inside JMESPath, where `==` is exact. Kyverno's own
operators read globs and quantities (`1000` equals `1k`), so they are given nothing but the boolean that comes of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import indent
from typing import Any

from rayfence.backends.kyverno import with_statuses
from rayfence.network.owners import OwnerKind
from rayfence.network.policy import Manifest
from rayfence.network.tables import Row, modes

METADATA = "request.object.metadata"
SPEC = "request.object.spec"

_NAMESPACE = f"{METADATA}.namespace || ''"

_WIDTH = 88
"""Characters of an expression that stands on one line. Before it are up to 30 more: the field's name, and spaces."""


def generating_rule(name: str, kinds: Sequence[str], labels: Sequence[str], each: Manifest) -> Manifest:
    """The rule that generates `each` (an entry of `foreach`) for objects of some kinds that have one of the labels.

    Of a rule that synchronizes, everything outside `foreach` is fixed for good: the server refuses an update that
    changes `match`, `context` or `preconditions`. So the table of tenants stands inside, where one more tenant is a
    plain update, and the rule's own precondition asks only for a label, the tenant's or that of what made the object.

    `match` names no operations. With them, the deletion of an object would either pass unseen, its policies left
    behind, or count as one more reason to generate. It names the status, too: see `kyverno.STATUS`.
    """
    # The same text as ever: the file breaks its line, but no line break is in it.
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


def of_tenant(tenant_label: str, rows: Mapping[str, Row], maker: OwnerKind) -> list[Manifest]:
    """The variables `tenant`, `mode` and `opensDashboard` of the namespace, `maker`, `isMade` and `isTenantsOwn`.

    Without a row, a namespace's tenant is empty. What made an object counts only if the controlling owner says the same
    as the labels.
    """
    own = label(tenant_label)
    versions = f"contains({words(maker.api_versions)}, apiVersion)"
    owns = within("[?", every(f"kind == '{maker.kind}'", "controller == `true`", versions), "]")
    says_so = [f"({label(key)} || '') == '{value}'" for key, value in maker.labels.items()]
    its_label = either(f"({own} || '') == tenant", every(f"type({own}) == 'null'", "isMade", inner=True))
    return [
        *_tables(rows),
        computed("maker", f"{label(maker.name_label)} || ''"),
        computed("owners", f"({METADATA}.ownerReferences || `[]`){owns}.name"),
        computed("isMade", every(*says_so, "maker != ''", "contains(owners, maker)")),
        computed("isTenantsOwn", every("tenant != ''", within("(", its_label, ")"))),
    ]


def _tables(rows: Mapping[str, Row]) -> Iterator[Manifest]:
    """The tables of namespaces, and what they hold for the object's. What most namespaces have is in none of them."""
    yield given("namespaces", {namespace: row.tenant for namespace, row in rows.items()})
    yield computed("tenant", f"lookup(namespaces, {_NAMESPACE}) || ''")
    yield from _mode(rows)
    opened = [namespace for namespace, row in rows.items() if row.opens_dashboard]
    closed = [namespace for namespace, row in rows.items() if not row.opens_dashboard]
    if opened and closed:
        few, has = (closed, "!contains") if len(closed) <= len(opened) else (opened, "contains")
        name = "closedDashboards" if few is closed else "openDashboards"
        yield given(name, few)
        yield computed("opensDashboard", f"{has}({name}, {_NAMESPACE})")
    else:
        yield given("opensDashboard", not closed)


def _mode(rows: Mapping[str, Row]) -> Iterator[Manifest]:
    spaces = {mode: [namespace for namespace, row in rows.items() if row.mode is mode] for mode in modes(rows)}
    usual = max(spaces, key=lambda mode: len(spaces[mode]))
    unusual = {str(mode): found for mode, found in spaces.items() if mode is not usual}
    if unusual:
        of_its_own = (every(f"contains(modes.{mode}, {_NAMESPACE})", f"'{mode}'") for mode in unusual)
        yield given("modes", unusual)
        yield computed("mode", either(*of_its_own, f"'{usual}'"))
    else:
        yield given("mode", str(usual))


def every(*terms: str, inner: bool = False) -> str:
    """Terms of which all must hold; in brackets where they are one term of another operator."""
    return _joined("&&", terms, inner=inner)


def either(*terms: str, inner: bool = False) -> str:
    """Terms of which one must hold, or the first one that is anything."""
    return _joined("||", terms, inner=inner)


def _joined(operator: str, terms: Sequence[str], *, inner: bool) -> str:
    """On one line where that fits, else a line for each term. Terms of the tighter `&&` stand further in below `||`."""
    text = f" {operator} ".join(terms)
    if not _fits(text):
        shown = (term.replace("\n", "\n  ") if operator == "||" and "\n&& " in term else term for term in terms)
        text = f"\n{operator} ".join(shown)
    return within("(", text, ")") if inner else text


def _fits(text: str) -> bool:
    return len(text) <= _WIDTH and "\n" not in text


def within(opening: str, text: str, closing: str) -> str:
    """A text in brackets: on their line where it is one line and fits, else on lines between them."""
    return f"{opening}{text}{closing}" if _fits(text) else f"{opening}\n{indent(text, '  ')}\n{closing}"


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
    text = f"'^{pattern}$'"
    matched = f"{text}, {expression}" if len(text) < _WIDTH // 2 else f"\n  {text},\n  {expression}\n"
    return every(f"type({expression}) == 'string'", f"regex_match({matched})")


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
