"""Small pieces of the GeneratingPolicies: their envelope, the table of tenants, and manifests written as CEL.

The match conditions of a policy say which objects it covers, and one of them holds the table. If an update moves an
object out of its tenant, Kyverno deletes the generated policies. The API server sends no objects of other tenants.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rayfence.backends.kyverno import with_statuses
from rayfence.cel import items, let, literal, literals
from rayfence.network.cluster import policy_name
from rayfence.network.owners import OwnerKind
from rayfence.network.policy import Manifest
from rayfence.network.tables import GENERATION_PURPOSE, Row

_ON = {"enabled": True}


class Expression(str):
    """CEL in a place where a manifest has a text of its own."""

    __slots__ = ()


def generating_policy(
    name: str, plurals: Sequence[str], conditions: Mapping[str, str], variables: Mapping[str, str], made: str
) -> Manifest:
    """The policy that makes the manifests in the list `made` of some kinds of Ray's objects."""
    of_kinds = {
        "apiGroups": ["ray.io"],
        "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"],
        "resources": with_statuses(plurals),
    }
    return {
        "apiVersion": "policies.kyverno.io/v1",
        "kind": "GeneratingPolicy",
        "metadata": GENERATION_PURPOSE.metadata(name),
        "spec": {
            "evaluation": {"admission": _ON, "generateExisting": _ON, "synchronize": _ON},
            "matchConstraints": {"resourceRules": [of_kinds]},
            "matchConditions": _named(conditions),
            "variables": _named(variables),
            "generate": [{"expression": f"generator.Apply(object.metadata.namespace, {made})"}],
        },
    }


def is_its_tenants(tenant_label: str, rows: Mapping[str, Row], made: str) -> str:
    """Whether the object's label is the name of its namespace's tenant, or is missing where `made` says it may be.

    A condition may not use variables.
    """
    own = f"dyn(object.metadata.?labels[?{literal(tenant_label)}].orValue(null))"
    return let("tenant", tenant_of(rows), f"tenant != '' && ({own} == tenant || ({own} == null &&\n{made}))")


def tenant_of(rows: Mapping[str, Row]) -> str:
    """The tenant of the object's namespace, empty where there is none."""
    owners = ",\n".join(f"{literal(namespace)}: {literal(row.tenant)}" for namespace, row in rows.items())
    table = f"{{\n{owners}\n}}" if owners else "{'': ''}"
    return f"{table}[?object.metadata.?namespace.orValue('')].orValue('')"


def is_made(maker: OwnerKind) -> str:
    """Whether the object was made from such a one: if the labels say so, and the controlling owner the same."""
    owners = items("object.metadata.?ownerReferences")
    of_version = f"owner.?apiVersion.orValue('') in {literals(maker.api_versions)}"
    of_kind = f"owner.?kind.orValue('') == {literal(maker.kind)} && {of_version}"
    controls = "owner.?controller.orValue(false) == true && owner.?name.orValue('') == maker_name"
    says_so = "".join(f" && {label(key)} == {literal(value)}" for key, value in maker.labels.items())
    return let(
        "maker_name",
        label(maker.name_label),
        f"maker_name != ''{says_so} && {owners}.exists(owner, {of_kind} && {controls})",
    )


def in_namespaces_where(rows: Mapping[str, Row], holds: Callable[[Row], bool]) -> str:
    """Whether the object's namespace is one of those with such a row."""
    names = tuple(namespace for namespace, row in rows.items() if holds(row))
    return f"object.metadata.namespace in {literals(names)}" if names else "false"


def label(key: str) -> str:
    """An object's label."""
    return f"object.metadata.?labels[?{literal(key)}].orValue('')"


def entries(optional: str) -> str:
    """The map in an optional, or an empty one, of which neither the keys' nor the values' type is known."""
    return let("raw", f"{optional}.orValue(null)", "type(raw) == map ? raw : dyn({})")


def is_whole(pattern: str, text: str) -> str:
    """Whether a value is a text, and all of it is what the pattern says. No other type is ever converted."""
    return f"type({text}) == string && {text}.matches('^{pattern}$')"


def name_of(owner: str, role: str) -> Expression:
    """The name of a generated policy whose owner's name is the expression `owner`."""
    return Expression(literal("{}").format(policy_name(f"' + {owner} + '", role)))


def cel(value: Any) -> str:
    """A manifest's part as CEL. Values of a map may be of several types, which CEL takes only as `dyn`."""
    match value:
        case Expression():
            return str(value)
        case str():
            return literal(value)
        case list() | tuple():
            return f"[{', '.join(cel(each) for each in value)}]"
        case dict():
            return f"{{{', '.join(f'{literal(key)}: dyn({cel(each)})' for key, each in value.items())}}}"
        case _:
            return str(value)


def _named(expressions: Mapping[str, str]) -> list[Manifest]:
    return [{"name": name, "expression": text} for name, text in expressions.items()]
