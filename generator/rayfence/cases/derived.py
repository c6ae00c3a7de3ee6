"""Cases made from the rules: each rule broken in every way it names, at every kind of site, and each tenant's edges.

An engine takes a tenth of a second for an object, so what is crossed is chosen: every break of a RayCluster meets the
head, the first and the last worker group, a container and an init container, for one tenant; every other kind and
version that KubeRay serves meets one break of each rule at each of its sites; every other policy object meets one break
of each rule; every tenant the edges of its bounds and quota; and what brings NetworkPolicies, a tenant of each sort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from rayfence.admission.shards import shards
from rayfence.cases.case import Case
from rayfence.cases.good import good, model, ray_cluster
from rayfence.cases.isolated import isolated
from rayfence.cases.sites import Target, sites
from rayfence.model.config import Config, Platform, Tenant
from rayfence.model.subjects import CREATE, RAY, UPDATE, Subject
from rayfence.network.tables import GENERATION
from rayfence.rules import LABEL, OF, OF_SOME, QUOTA, RULES
from rayfence.rules.rule import Edit, Rule, RuleOfBounds
from rayfence.workload import NOBODY, Request


def derived(config: Config) -> tuple[Case, ...]:
    """All derived cases of a configuration, each with a name that says what was changed and where."""
    cases: list[Case] = []
    first, *others = _one_tenant_of_each_policy(config)
    for subject in OF:
        objects = good(subject, config.platform, first) or [model(subject, config.platform, first)]
        for number, value in enumerate(objects):
            sample = _Sample(config.platform, first, subject, value)
            cases.extend(sample.every_break() if number == 0 else sample.one_break_of_each_rule())
        for tenant in others:
            value = model(subject, config.platform, tenant)
            cases.extend(_Sample(config.platform, tenant, subject, value).one_break_of_each_rule())
    for rule, tenant in _asked_for_more(config, first):
        for value in good(RAY, config.platform, tenant):
            cases.extend(_Sample(config.platform, tenant, RAY, value).of(rule))
    for tenant in config.tenants:
        for namespace in tenant.namespaces:
            cases.extend(_edges(config.platform, tenant, namespace))
    return (*cases, *isolated(config))


def _one_tenant_of_each_policy(config: Config) -> list[Tenant]:
    """A tenant for each policy object: a policy that nothing is tried on could say anything."""
    owners = config.by_namespace()
    spoken_for = ([owners[name] for name, row in shard.rows.items() if row] for shard in shards(config))
    # Only objects whose cluster KubeRay need not isolate can be of every version.
    return [min(tenants, key=_is_asked_for_more) for tenants in spoken_for if tenants]


def _asked_for_more(config: Config, every: Tenant) -> Iterator[tuple[Rule, Tenant]]:
    """Each rule that binds only some tenants, and a tenant for each thing it asks; `every` meets its breaks already."""
    for rule in OF_SOME:
        found = {wanted: tenant for tenant in config.tenants if (wanted := rule.asked(tenant))}
        yield from ((rule, tenant) for tenant in found.values() if tenant is not every)


def _is_asked_for_more(tenant: Tenant) -> bool:
    return any(rule.asked(tenant) for rule in OF_SOME)


def _edges(platform: Platform, tenant: Tenant, namespace: str) -> Iterator[Case]:
    """Just inside passes, one unit outside fails; on groups without replicas, so that only one rule is at stake."""
    value = ray_cluster(platform, tenant)
    value["metadata"] |= {"namespace": namespace, "name": f"edge-{namespace[:40]}"}
    sample = _Sample(platform, tenant, next(iter(OF)), value)
    for rule in RULES:
        inside, outside = rule.edges(tenant) if isinstance(rule, RuleOfBounds) else ({}, {})
        for edits, fails in ((inside, frozenset[str]()), (outside, frozenset({rule.ID}))):
            for name, edit in edits.items():
                yield from sample.edited(f"{rule.ID}/edges/{name}", edit, fails, only=_EDGE_SITES)


_EDGE_SITES = frozenset({"container of first worker group", "init container of last worker group"})


@dataclass(frozen=True, slots=True)
class _Sample:
    """A good object of one tenant, to be broken."""

    platform: Platform
    tenant: Tenant
    subject: Subject
    value: Mapping[str, Any]

    @property
    def _rules(self) -> list[Rule]:
        return [rule for rule in OF[self.subject] if rule.ID not in self.platform.disabled_rules]

    def every_break(self) -> Iterator[Case]:
        """Each break and each pass of each rule; the first break as an UPDATE."""
        for rule in self._rules:
            for number, (name, edit) in enumerate(rule.breaks(self.platform, self.tenant).items()):
                yield from self._broken(rule, name, edit, CREATE if number else UPDATE)
            for name, edit in rule.passes(self.platform, self.tenant).items():
                yield from self.edited(f"{rule.ID}/passes/{name}", edit, frozenset())

    def one_break_of_each_rule(self) -> Iterator[Case]:
        """The break of each rule that has the most sites, at every one of them, and the first pass at one."""
        for rule in self._rules:
            breaks = rule.breaks(self.platform, self.tenant).items()
            if breaks:
                name, edit = max(breaks, key=lambda each: len(sites(self.value, each[1].at)))
                yield from self._broken(rule, name, edit, CREATE)
            for name, edit in list(rule.passes(self.platform, self.tenant).items())[:1]:
                yield from list(self.edited(f"{rule.ID}/passes/{name}", edit, frozenset()))[-1:]

    def of(self, rule: Rule) -> Iterator[Case]:
        """Each break and each pass of one rule."""
        for name, edit in rule.breaks(self.platform, self.tenant).items():
            yield from self._broken(rule, name, edit, CREATE)
        for name, edit in rule.passes(self.platform, self.tenant).items():
            yield from self.edited(f"{rule.ID}/passes/{name}", edit, frozenset())

    def _broken(self, rule: Rule, name: str, edit: Edit, operation: str) -> Iterator[Case]:
        quota_too = bool(edit.swells) and getattr(self.tenant.quota, edit.swells) is not None
        fails = {rule.ID}
        if rule.ID == LABEL.ID and self.value["kind"] == "RayCluster" and self.tenant.network.generates:
            fails.add(GENERATION)
        for case in self.edited(f"{rule.ID}/breaks/{name}", edit, frozenset(fails), operation):
            counts = quota_too and "worker group" not in case.name
            yield case.failing(QUOTA.ID) if counts else case

    def edited(
        self,
        title: str,
        edit: Edit,
        fails: frozenset[str],
        operation: str = CREATE,
        only: frozenset[str] = frozenset(),
    ) -> Iterator[Case]:
        """The edit made at each of its sites, or at those of `only` where it has any of them."""
        targets: Mapping[str, Target] = sites(self.value, edit.at)
        chosen = [name for name in targets if name in only] or list(targets)
        whose = (
            f"{self.value['apiVersion']} {self.value['kind']} {self.value['metadata']['name']} of {self.tenant.name}"
        )
        for site in chosen:
            value = deepcopy(dict(self.value))
            edit.apply(targets[site](value), self.tenant)
            where = " of ".join(filter(None, (site, whose)))
            request = self._request(edit, targets[site], operation, value)
            yield Case(f"{title}/{where}", value, fails, request=request, compares=edit.before is not None)

    def _request(self, edit: Edit, target: Target, operation: str, value: Mapping[str, Any]) -> Request:
        """An update is one of an object that was good, or was as the edit says."""
        if edit.before is None and operation != UPDATE:
            return replace(NOBODY, operation=operation)
        old = deepcopy(dict(self.value))
        # An update never changes these.
        old["metadata"] |= {key: value["metadata"][key] for key in ("name", "namespace")}
        if edit.before:
            edit.before(target(old), self.tenant)
        return Request(operation=UPDATE, old=old)
