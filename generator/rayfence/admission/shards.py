"""Splits the tenants over policy objects.

A CEL text may have 100,000 characters, so a table is split into shards. Each shard covers a range of namespace names
and is evaluated for no others, so exactly one shard refuses a namespace that no tenant has. Tenants of another
enforcement are in policy objects of their own, split in the same way. If a policy object does not cover a tenant, the
namespace has an empty name there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rayfence.cel import row
from rayfence.model.config import Config, Enforcement, Tenant

MOST_ROWS = 500
MOST_CHARACTERS = 90_000
INDENT = 4
"""Spaces that a row may begin with, at most."""

FROM = "rayfence.dev/from"
"""The annotation of a policy object with the first namespace name that it covers. Absent if it covers all names."""


@dataclass(frozen=True, slots=True)
class Shard:
    """Rows of one policy object: namespace -> tenant, None if another object covers the namespace.

    It covers every namespace name from `first` up to, but not including, `until`; '' means no bound. If it
    `guards`, it refuses namespaces that no tenant has.
    """

    enforcement: Enforcement
    number: int
    rows: Mapping[str, Tenant | None]
    guards: bool
    first: str = ""
    until: str = ""

    @property
    def suffix(self) -> str:
        """The suffix of the names of this shard's objects: '', '-2', '-audit', '-audit-2'."""
        kind = "" if self.guards else f"-{self.enforcement.value.lower()}"
        return kind if self.number == 1 else f"{kind}-{self.number}"

    @property
    def annotations(self) -> Mapping[str, str]:
        """Annotations that tell an installation which object must take over namespaces before another releases them."""
        return {FROM: self.first} if self.first else {}

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces that this shard covers, and no other one."""
        return tuple(namespace for namespace, tenant in self.rows.items() if tenant)

    @property
    def tenants(self) -> tuple[Tenant, ...]:
        """The tenants that have one of those, in order of name."""
        found = {tenant.name: tenant for tenant in self.rows.values() if tenant}
        return tuple(found[name] for name in sorted(found))

    def covers(self, namespace: str) -> bool:
        """Whether it covers the namespace. Exactly one shard of each enforcement does."""
        return self.first <= namespace and (not self.until or namespace < self.until)


def shards(config: Config) -> tuple[Shard, ...]:
    """All shards of a configuration; those that guard unclaimed namespaces, under the platform's enforcement, first."""
    own = config.platform.enforcement
    others = sorted({tenant.enforcement for tenant in config.tenants} - {own})
    return tuple(shard for enforcement in (own, *others) for shard in _of(config, enforcement))


def _of(config: Config, enforcement: Enforcement) -> Iterator[Shard]:
    guards = enforcement is config.platform.enforcement
    rows = {
        namespace: tenant if tenant.enforcement is enforcement else None
        for namespace, tenant in config.by_namespace().items()
        if guards or tenant.enforcement is enforcement
    }
    parts = list(_cut(rows))
    firsts = ["", *(next(iter(part)) for part in parts[1:]), ""]
    for number, part in enumerate(parts, start=1):
        yield Shard(enforcement, number, part, guards, first=firsts[number - 1], until=firsts[number])


def _cut(rows: Mapping[str, Tenant | None]) -> Iterator[dict[str, Tenant | None]]:
    part: dict[str, Tenant | None] = {}
    sizes: dict[str, int] = {}
    tenants: set[str] = set()
    for namespace, tenant in rows.items():
        own = _sizes(namespace, tenant, tenants)
        if part and (len(part) == MOST_ROWS or any(sizes.get(name, 0) + own[name] > MOST_CHARACTERS for name in own)):
            yield part
            part, sizes, tenants = {}, {}, set()
            own = _sizes(namespace, tenant, tenants)
        part[namespace] = tenant
        sizes |= {name: sizes.get(name, 0) + size for name, size in own.items()}
        tenants |= {tenant.name} if tenant else set()
    yield part


def _sizes(namespace: str, tenant: Tenant | None, there: set[str]) -> dict[str, int]:
    """What one more namespace takes of each table. Its tenant takes nothing more if it is there already."""
    name = tenant.name if tenant else ""
    own = row.sizes(tenant) if tenant and name not in there else {}
    return {"namespaces": len(namespace) + len(name) + len("'': '',\n") + INDENT, **own}
