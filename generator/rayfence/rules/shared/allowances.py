"""The lists of `allow`: what a tenant may use in addition to the defaults, in Python and as CEL variables.

A table says only what the tenants' own config says; the platform's lists stand in the policy once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rayfence.cel import literals, row
from rayfence.model.config import Allow, Platform, Tenant

ANY = "*"
"""The entry that stands for every PriorityClass of users, and behind the beginning of annotation keys."""

DEFAULTS: Mapping[str, tuple[str, ...]] = {"priority_classes": (ANY,)}
"""What holds where neither a tenant nor its platform has a list; nothing beyond the rules for all other lists."""


def covers(entries: Iterable[str], text: str) -> bool:
    """Whether a text is one of some entries, or begins as one that ends with `*`."""
    return any(text == entry or (entry.endswith(ANY) and text.startswith(entry[:-1])) for entry in entries)


def covered(entries: str, text: str) -> str:
    """CEL: whether a text is one of a list of entries, or begins as one that ends with `*`."""
    begins = f"(entry.endsWith('{ANY}') && ({text}).startsWith(entry.substring(0, size(entry) - 1)))"
    return f"{entries}.exists(entry, entry == {text} || {begins})"


def of(name: str, tenant: Tenant, platform: Platform) -> tuple[str, ...]:
    """One list as it holds for a tenant; queues are written as `key=value`, see `row.listed`."""
    own = row.listed(tenant.allow, name)
    return _of_platform(platform.allow, name) if own is None else own


def _of_platform(allow: Allow, name: str) -> tuple[str, ...]:
    found = row.listed(allow, name)
    return DEFAULTS.get(name, ()) if found is None else found


def variables(texts: Iterable[str], tenants: Sequence[Tenant], platform: Platform) -> dict[str, str]:
    """CEL variables: the lists that some of the texts read, each as `variables.allowed_<name>`."""
    said = "\n".join(texts)
    return {
        f"allowed_{name}": _list(name, tenants, platform) for name in row.LISTS if f"variables.allowed_{name}" in said
    }


def _list(name: str, tenants: Sequence[Tenant], platform: Platform) -> str:
    own = ((tenant, row.listed(tenant.allow, name)) for tenant in tenants)
    entries = (row.of_list(tenant, values) for tenant, values in own if values is not None)
    return row.lists(entries, literals(_of_platform(platform.allow, name)))
