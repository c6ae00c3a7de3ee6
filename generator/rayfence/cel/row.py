"""A tenant in the tables that are compiled into the policies, written so that a diff of a policy reads as a sentence.

`tenants` has a row for each tenant: `'team-b': ['cpu=500m..16 memory=1Gi..64Gi quota.cpu=64 workers=16']`. A row says
only what is set, and only what the rules of its policy read. A policy takes it apart once for each request, and the
rules read its fields by name: `variables.tenant['cpu.max']`. Lists have tables of their own, with a list of CEL for
each tenant that has one.

Tenants are rows and not policies: a thousand policies cost an API server minutes and gigabytes, a thousand rows nothing
that can be measured. Rows are texts and not maps, which take eight times as long to compile. A long row is several
texts. With `+` between them they would be no constant, and an engine would put all of them together at each request.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields

from rayfence.cel import literal, literals
from rayfence.model.config import Allow, Tenant

LISTS = tuple(each.name for each in fields(Allow))
"""The lists of `Allow`."""

FIELDS: Mapping[str, Callable[[Tenant], str | None]] = {
    "cpu.min": lambda tenant: tenant.container.cpu.min,
    "cpu.max": lambda tenant: tenant.container.cpu.max,
    "memory.min": lambda tenant: tenant.container.memory.min,
    "memory.max": lambda tenant: tenant.container.memory.max,
    "quota.cpu": lambda tenant: tenant.quota.cpu,
    "quota.memory": lambda tenant: tenant.quota.memory,
    "accelerators": lambda tenant: str(tenant.quota.accelerators) if tenant.quota.accelerators else None,
    "workers": lambda tenant: None if tenant.quota.workers is None else str(tenant.quota.workers),
    "network.mode": lambda tenant: tenant.network.required_mode,
    "authentication": lambda tenant: tenant.require.authentication or None,
}
"""Field -> its value, None where the tenant has none. Values have no space, no `=` and no two dots."""

_ALWAYS = ("cpu.min", "cpu.max", "memory.min", "memory.max")
_MISSING = {"accelerators": "0"}
"""What a field that is not set is read as, instead of ''."""

_READ = re.compile(r"variables\.tenant\[\??'([a-z.]+)'\]")
_MIN, _MAX = ".min", ".max"
_RANGE = ".."

NAME = "variables.tenant_name"
"""CEL: the tenant of the object's namespace, '' where it has none or another policy speaks for it."""

OWN_NAMESPACES = "own_namespaces"
"""The CEL variable with the namespaces of the tenant."""

WIDTH = 104
"""Characters of a line of a table. A longer row goes on in the next line."""

TENANT = f"""\
variables.tenants[?{NAME}].orValue([]).join(' ').split(' ')
.transformMapEntry(index, field, field.contains('='),
{{field.substring(0, field.indexOf('=')): field.substring(field.indexOf('=') + 1)}})
.transformMapEntry(name, value, value.contains('{_RANGE}')
? {{name + '{_MIN}': value.substring(0, value.indexOf('{_RANGE}')),
name + '{_MAX}': value.substring(value.indexOf('{_RANGE}') + {len(_RANGE)})}}
: {{name: value}})"""
"""CEL: the tenant's row as a map of its fields, empty where there is no row. `cpu=1..4` is `cpu.min` and `cpu.max`."""


def field(name: str) -> str:
    """The CEL text that reads one field of the tenant, '' where it is not set."""
    if name not in FIELDS:
        raise ValueError(f"{name!r} is not a field of a row")
    key = literal(name)
    return (
        f"variables.tenant[{key}]"
        if name in _ALWAYS
        else f"variables.tenant[?{key}].orValue({literal(_MISSING.get(name, ''))})"
    )


def read(texts: Iterable[str]) -> tuple[str, ...]:
    """The fields that some CEL texts read, in order."""
    found = set(_READ.findall("\n".join(texts)))
    return tuple(name for name in FIELDS if name in found)


def render(tenant: Tenant, names: Collection[str] = tuple(FIELDS)) -> str:
    """The row of one tenant with those of the named fields that are set."""
    return " ".join(_fields(tenant, names))


def _fields(tenant: Tenant, names: Collection[str]) -> Iterator[str]:
    found = {name: _plain(value) for name in names if (value := FIELDS[name](tenant)) is not None}
    written = dict.fromkeys(name.removesuffix(_MIN).removesuffix(_MAX) for name in FIELDS if name in found)
    for name in written:
        least, most = found.get(name + _MIN, ""), found.get(name + _MAX, "")
        yield f"{name}={found.get(name, f'{least}{_RANGE}{most}')}"


def _plain(value: str) -> str:
    """A quantity without a dot at either end, where a range has two: `1.` is 1, and `.5` is 0.5."""
    return f"0{value}" if value.startswith(".") else value.removesuffix(".")


def listed(allow: Allow, name: str) -> tuple[str, ...] | None:
    """One list of a document, None where it has none.

    Queues are written as `key=value`; a key for which no value is allowed is written as `key=`.
    """
    found = getattr(allow, name)
    if not isinstance(found, Mapping):
        return None if found is None else tuple(found)
    return tuple(f"{key}={value}" for key, values in found.items() for value in values or ("",))


# --- tables -----------------------------------------------------------------------------------------------------------


def table(entries: Iterable[str], nobody: str) -> str:
    """A CEL map with one entry and a comma on each line, so that a diff shows only changed entries.

    Without entries it is a map with the value `nobody`, which gives its type.
    """
    return _map(tuple(entries) or (f"'': {nobody}",))


def lists(entries: Iterable[str], default: str) -> str:
    """CEL: the tenant's own list, or the default."""
    found = tuple(entries)
    return f"{_map(found)}[?{NAME}].orValue({default})" if found else default


def _map(entries: Iterable[str]) -> str:
    return "{\n" + "".join(f"{entry},\n" for entry in entries) + "}"


def of_namespace(namespace: str, tenant: Tenant | None) -> str:
    """The entry of a namespace: its tenant, '' if another policy object covers it."""
    return f"{literal(namespace)}: {literal(tenant.name if tenant else '')}"


def of_tenant(tenant: Tenant, names: Collection[str] = tuple(FIELDS)) -> str:
    """The entry of a tenant: its row."""
    whole = of_list(tenant, [render(tenant, names)])
    return whole if "\n" not in whole else of_list(tenant, _lines(_fields(tenant, names)))


def _lines(fields: Iterable[str]) -> list[str]:
    """A row in parts that fit into a line."""
    lines: list[str] = []
    for each in fields:
        if lines and len(f"'{lines[-1]} {each}',") <= WIDTH:
            lines[-1] += f" {each}"
        else:
            lines.append(each)
    return lines


def of_list(tenant: Tenant, values: Sequence[str]) -> str:
    """The entry of a list that a tenant has: on one line, or a line for each of many values."""
    key, short = literal(tenant.name), literals(tuple(values))
    if len(key) + len(short) + len(": ,") <= WIDTH:
        return f"{key}: {short}"
    return f"{key}: [\n" + "".join(f"{literal(value)},\n" for value in values) + "]"


_AROUND = 16
"""Characters around an entry or a value: quotes, a colon, a comma, the end of its line, spaces before it."""


def sizes(tenant: Tenant) -> dict[str, int]:
    """The most characters that a tenant takes of each table in a policy, by name, counted without writing any text."""
    fields = [(name, found) for name, read in FIELDS.items() if (found := read(tenant)) is not None]
    text = sum(len(name.removesuffix(_MIN).removesuffix(_MAX)) + len(found) + len("= ") for name, found in fields)
    lists = {name: found for name in LISTS if (found := getattr(tenant.allow, name)) is not None}
    key = len(tenant.name) + _AROUND
    return {
        "tenants": key + text + (1 + text // (WIDTH // 2)) * _AROUND,
        OWN_NAMESPACES: key + sum(map(len, tenant.namespaces)) + len(tenant.namespaces) * _AROUND,
        **{name: key + sum(len(each) + _AROUND for each in listed(tenant.allow, name) or ()) for name in lists},
    }
