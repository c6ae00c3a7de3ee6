"""Cases made from the rules: each rule broken in every way it names, at every kind of site, and each tenant's edges.

An engine takes a tenth of a second for an object, so what is crossed is chosen: every break meets the head, the first
and the last worker group, a container and an init container, for one tenant; the edges of its bounds and quota, and
one break of each rule, meet every other tenant or policy object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from typing import Any

from rayfence.cases.case import GENERATION, Case
from rayfence.cases.good import ray_cluster
from rayfence.config import Config, Platform, Tenant
from rayfence.rules import (
    RULES,
    container_edges,
    limit_resources,
    limit_total_resources,
    quota_edges,
    require_tenant_label,
)
from rayfence.rules.rule import At, Edit, Rule
from rayfence.shards import shards
from rayfence.workload import VERSIONS

Target = Callable[[dict[str, Any]], dict[str, Any]]


def derived(config: Config) -> tuple[Case, ...]:
    """All derived cases of a configuration, each with a name that says what was changed and where."""
    cases: list[Case] = []
    samples = _one_tenant_of_each_policy(config)
    for number, tenant in enumerate(samples):
        cases.extend(_rules(config.platform, tenant, everything=number == 0))
    for tenant in config.tenants:
        cases.extend(_edges(config.platform, tenant))
    return tuple(cases)


def _one_tenant_of_each_policy(config: Config) -> list[Tenant]:
    """A tenant for each policy object: a policy that nothing is tried on could say anything."""
    owners = config.by_namespace()
    spoken_for = ([owners[name] for name, row in shard.rows.items() if row] for shard in shards(config))
    return [tenants[0] for tenants in spoken_for if tenants]


def _rules(platform: Platform, tenant: Tenant, *, everything: bool) -> Iterator[Case]:
    for rule in RULES:
        breaks, passes = rule.breaks(platform, tenant), rule.passes(platform, tenant)
        chosen = list(breaks.items())[: None if everything else 1]
        for number, (name, edit) in enumerate(chosen):
            yield from _broken(rule, name, edit, number, platform, tenant)
        for name, edit in passes.items() if everything else ():
            yield from _edited(f"{rule.ID}/passes/{name}", edit, platform, tenant)


def _broken(rule: Rule, name: str, edit: Edit, number: int, platform: Platform, tenant: Tenant) -> Iterator[Case]:
    """One break at every site. The first break of a rule is an UPDATE, and served versions take turns."""
    for case in _edited(f"{rule.ID}/breaks/{name}", edit, platform, tenant):
        value = {**case.value, "apiVersion": f"ray.io/{VERSIONS[number % len(VERSIONS)]}"}
        fails = {rule.ID}
        if edit.swells and getattr(tenant.quota, edit.swells) is not None and not case.name.endswith("worker group"):
            fails.add(limit_total_resources.ID)
        if rule.ID == require_tenant_label.ID and tenant.network.enforce:
            fails.add(GENERATION)
        yield Case(case.name, value, frozenset(fails), operation="UPDATE" if number == 0 else "CREATE")


def _edges(platform: Platform, tenant: Tenant) -> Iterator[Case]:
    """Just inside passes, one unit outside fails; on groups without replicas, so that only one rule is at stake."""
    targets = {name: target for name, target in _SITES[At.CONTAINER].items() if name in _EDGE_SITES}
    for rule, (inside, outside) in (
        (limit_resources.ID, container_edges.edges(tenant)),
        (limit_total_resources.ID, quota_edges.edges(tenant)),
    ):
        for edits, fails in ((inside, frozenset[str]()), (outside, frozenset({rule}))):
            for name, edit in edits.items():
                sites = targets if edit.at is At.CONTAINER else _SITES[edit.at]
                title = f"{rule}/edges of {tenant.name}/{name}"
                yield from _at(sites, title, edit, platform, tenant, fails)


def _edited(title: str, edit: Edit, platform: Platform, tenant: Tenant) -> Iterator[Case]:
    return _at(_SITES[edit.at], title, edit, platform, tenant, frozenset())


def _at(
    sites: Mapping[str, Target], title: str, edit: Edit, platform: Platform, tenant: Tenant, fails: frozenset[str]
) -> Iterator[Case]:
    for site, target in sites.items():
        value = ray_cluster(platform, tenant)
        edit.apply(target(value), tenant)
        yield Case(f"{title}/{site}" if site else title, deepcopy(value), fails)


def _group(index: int | None) -> Target:
    """The head group for None, else a worker group."""
    if index is None:
        return lambda value: value["spec"]["headGroupSpec"]
    return lambda value: value["spec"]["workerGroupSpecs"][index]


def _pod(group: Target) -> Target:
    return lambda value: group(value)["template"]["spec"]


def _container(group: Target, field: str) -> Target:
    return lambda value: group(value)["template"]["spec"][field][0]


_GROUPS = {"head": _group(None), "first worker group": _group(0), "last worker group": _group(-1)}
_WORKERS = {name: group for name, group in _GROUPS.items() if name != "head"}
_SITES: Mapping[At, Mapping[str, Target]] = {
    At.OBJECT: {"": lambda value: value},
    At.GROUP: _GROUPS,
    At.WORKERS: _WORKERS,
    At.POD: {name: _pod(group) for name, group in _GROUPS.items()},
    At.CONTAINER: {
        f"{kind} of {name}": _container(group, field)
        for name, group in _GROUPS.items()
        for kind, field in (("container", "containers"), ("init container", "initContainers"))
    },
}
_EDGE_SITES = ("container of first worker group", "init container of last worker group")
