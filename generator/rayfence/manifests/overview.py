"""The page `README.md` of a bundle: what each file is for, its rules, and every tenant in one line.

People review it. A tenant is one line of a table, so that a diff shows which bound of which tenant changed. Neither
kubectl nor kustomize reads the page: it is no YAML, and no kustomization names it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from inspect import getdoc
from typing import Any, cast

from rayfence import __version__
from rayfence.backends.resources import is_defined
from rayfence.cel import row
from rayfence.cluster.objects import name_of
from rayfence.model.config import Config, Network, Platform, Provider, Quota, Scope, Tenant
from rayfence.model.purposes import Purpose
from rayfence.model.subjects import SUBJECTS, Resource
from rayfence.network.tables import FILLING_PURPOSE, GENERATION_PURPOSE
from rayfence.rules import OF, RULES
from rayfence.rules.rule import Rule

NAME = "README.md"

MARK = "<!-- Written by `rayfence build`"
"""How the page begins, in every version."""

FOLDED = 200
"""With more tenants than this, the table is folded: the page shows one line for it until a reader opens it."""

MOST_NAMES = 3
"""A file with more objects than this is listed with the names of its first and last one."""

Manifests = Sequence[Mapping[str, Any]]

Objects = Mapping[str, str]
"""The files of a backend -> kinds and names of the objects in each, as the page has them."""

_PURPOSES: Mapping[str, Purpose] = {
    purpose.file: purpose
    for purpose in (
        *(subject.purpose for subject in SUBJECTS),
        GENERATION_PURPOSE,
        FILLING_PURPOSE,
        Purpose(
            "rbac", "Roles for Kyverno", "Permissions that Kyverno needs for these policies in addition to its own."
        ),
        Purpose(
            "network-policies",
            "Ray traffic within a namespace",
            "Allows the traffic between Ray pods. All RayClusters of a namespace share these NetworkPolicies.",
        ),
    )
}
"""File name -> what its objects are for."""

_RULES: Mapping[str, tuple[Rule, ...]] = {subject.purpose.file: rules for subject, rules in OF.items()}

_HEAD = (
    "tenant",
    "namespaces",
    "enforcement",
    "container cpu",
    "container memory",
    "quota cpu",
    "quota memory",
    "accelerators",
    "workers",
    "namespace quota",
    "network",
    "beyond the defaults",
)


def objects(files: Mapping[str, Manifests]) -> Objects:
    """The kinds and names of the objects in a backend's files. The manifests, which may be many, are not kept."""
    return {file: _kinds_and_names(manifests) for file, manifests in files.items()}


def page(config: Config, backends: Mapping[str, Objects]) -> str:
    """The whole page, about the files of these backends."""
    parts = [
        f"{MARK}. Change tenants/ or a rule and build again; edits here are lost. -->\n# Policies",
        _INTRO,
        _table(("", ""), _facts(config)),
        "## Files",
        _FILES,
        _table(("file", "purpose", "rules"), _purposes(config.platform, backends)),
        *(
            part
            for name, files in backends.items()
            for part in (f"### {name}/", _table(("file", "objects"), files.items()))
        ),
        "## Rules",
        _table(("rule", "what it requires"), [(rule.ID, _title(rule)) for rule in _enabled(config.platform, RULES)]),
        "## Tenants",
        _LEGEND,
        _folded(len(config.tenants), _table(_HEAD, [_row(tenant) for tenant in config.tenants])),
    ]
    return "\n\n".join(parts) + "\n"


_INTRO = """`rayfence build` wrote this folder from the tenant config. Review this page to see what a change of the
config means."""

_FILES = """There is a folder for each backend. Apply one of them, with `rayfence install --backend FOLDER` or
`kubectl apply -k FOLDER`. The folder `tenants/` has a file for each tenant, with the NetworkPolicies that isolate its
namespaces and with its ResourceQuotas. Every other folder includes it."""

_LEGEND = """`min..max` bounds each container. Quotas bound the worst case of one Ray object; the namespace quota bounds
all pods of a namespace. The last column lists settings that differ from the defaults."""


def digest(config: Config) -> str:
    """SHA-256 of the config: of its values with every default filled in, and not of how the files are written."""
    values = {"platform": asdict(config.platform), "tenants": [asdict(tenant) for tenant in config.tenants]}
    return sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _facts(config: Config) -> list[tuple[str, str]]:
    counts = Counter(tenant.enforcement for tenant in config.tenants)
    by_enforcement = ", ".join(f"{number:,} {enforcement}" for enforcement, number in sorted(counts.items()))
    return [
        ("rayfence", __version__),
        ("config digest", f"sha256:{digest(config)}"),
        ("tenants", f"{len(config.tenants):,} ({by_enforcement})" if config.tenants else "0"),
        ("namespaces", f"{sum(len(tenant.namespaces) for tenant in config.tenants):,}"),
        ("disabled rules", ", ".join(config.platform.disabled_rules) or "none"),
        ("retired namespaces", ", ".join(config.platform.retired) or "none"),
    ]


def _purposes(platform: Platform, backends: Mapping[str, Objects]) -> Iterator[tuple[str, ...]]:
    """What each file is for, in whichever folders it is."""
    for file in dict.fromkeys(file for files in backends.values() for file in files):
        yield file, f"{_PURPOSES[file].title}. {_PURPOSES[file].description}", _ids(platform, file)


def _kinds_and_names(manifests: Manifests) -> str:
    """`ClusterRole a`, kind by kind; of many objects the first and the last name, and how many there are."""
    names: dict[str, list[str]] = {}
    for manifest in manifests:
        kind = manifest["kind"]
        group, _, version = manifest["apiVersion"].rpartition("/")
        # Each constraint is the only one of its kind.
        kind = "constraint" if is_defined(Resource(group, version, kind, kind.lower())) else kind
        names.setdefault(kind, []).append(name_of(manifest))
    return "; ".join(f"{kind} {_some(found)}" for kind, found in names.items()) or "NetworkPolicies, by namespace"


def _some(names: Sequence[str]) -> str:
    if len(names) <= MOST_NAMES:
        return ", ".join(names)
    return f"{names[0]} … {names[-1]} ({len(names):,})"


def _ids(platform: Platform, file: str) -> str:
    return ", ".join(rule.ID for rule in _enabled(platform, _RULES.get(file, ())))


def _enabled(platform: Platform, rules: Iterable[Rule]) -> list[Rule]:
    return [rule for rule in rules if rule.ID not in platform.disabled_rules]


def _title(rule: Rule) -> str:
    """The first line of the rule's module."""
    return (getdoc(cast(Any, rule)) or "").partition("\n")[0]


def _row(tenant: Tenant) -> tuple[str, ...]:
    container, quota = tenant.container, tenant.quota
    return (
        tenant.name,
        ", ".join(tenant.namespaces),
        tenant.enforcement,
        f"{container.cpu.min}..{container.cpu.max}",
        f"{container.memory.min}..{container.memory.max}",
        quota.cpu or _NO_LIMIT,
        quota.memory or _NO_LIMIT,
        str(quota.accelerators),
        _NO_LIMIT if quota.workers is None else str(quota.workers),
        _namespace_quota(tenant.namespace_quota),
        _network(tenant.network),
        "; ".join(_beyond(tenant)),
    )


_NO_LIMIT = "no limit"


def _namespace_quota(quota: Quota | None) -> str:
    if quota is None:
        return "none"
    limits = {"cpu": quota.cpu, "memory": quota.memory, "accelerators": quota.accelerators, "workers": quota.workers}
    return ", ".join(f"{name} {limit}" for name, limit in limits.items() if limit is not None)


def _network(network: Network) -> str:
    if not network.enforce:
        return "open"
    by = " by KubeRay" if network.provider is Provider.KUBERAY else ""
    return f"{network.mode}{by}{', each cluster alone' if network.scope is Scope.CLUSTER else ''}"


def _beyond(tenant: Tenant) -> Iterator[str]:
    """What else a tenant's config says: lists that replace the platform's, requirements, ports, rules of its own."""
    for name in row.LISTS:
        entries = row.listed(tenant.allow, name)
        if entries is not None:
            yield f"{name.replace('_', ' ')}: {', '.join(entries) or 'nothing'}"
    if tenant.require.authentication:
        yield f"authentication: {tenant.require.authentication}"
    if tenant.network.ports != Network().ports:
        yield f"ports: {', '.join(map(str, tenant.network.ports)) or 'none'}"
    for role in ("head", "worker"):
        for direction in ("ingress", "egress"):
            if rules := getattr(getattr(tenant.network, role), direction):
                yield f"own {role} {direction} rules: {len(rules)}"


def _folded(number: int, table: str) -> str:
    if number <= FOLDED:
        return table
    return f"<details>\n<summary>{number:,} tenants</summary>\n\n{table}\n\n</details>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *([escaped(cell) for cell in each] for each in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_MARKUP = re.compile(r"([\\`*_\[\]<>#|~&$])")
"""What Markdown may read as markup inside a line. A backslash in front of it makes it text."""


def escaped(text: str) -> str:
    """A text as one cell of a table that shows just this text: no markup, no link, no end of the line or cell."""
    line = "".join(each if each.isprintable() else " " for each in text)
    return re.sub(r":(?=//)|(?<=\bwww)\.", r"\\\g<0>", _MARKUP.sub(r"\\\1", line))
