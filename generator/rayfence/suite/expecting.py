"""Works out the expected verdicts from the config and a case's own comments, never from an engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from rayfence import admission
from rayfence.admission import Policy
from rayfence.admission.evaluate import Evaluator
from rayfence.cases import Case
from rayfence.cases.good import model
from rayfence.cases.refused import broken
from rayfence.model.config import Config, Enforcement, Tenant
from rayfence.model.subjects import Subject, subject_of
from rayfence.network import asks, filled, generated


class Expectations:
    """The truth about cases under one configuration."""

    def __init__(self, config: Config) -> None:
        self._platform = config.platform
        self._tenants = config.by_namespace()
        self._evaluator = Evaluator(config)
        self.policies = admission.policies(config)

    def judges(self, value: Mapping[str, Any]) -> list[Policy]:
        """The policy objects that evaluate an object: exactly those that cover its namespace.

        Guards do not cover namespaces without a tenant.
        """
        subject = subject_of(value["apiVersion"], value["kind"])
        place = value["metadata"].get("namespace", "")
        return [policy for policy in self.policies if policy.subject is subject and policy.is_asked_about(place)]

    def action(self, policy: Policy) -> str:
        """Kyverno's result for a violation where it distinguishes audits: Enforce fails, Audit and Warn only warn."""
        return "fail" if policy.shard.enforcement is Enforcement.ENFORCE else "warn"

    def edges(self) -> list[tuple[Policy | None, Case]]:
        """Objects on both sides of each cut of a table, each with the policy object that refuses it, if one does.

        A range that ends elsewhere leaves one of them to two policies, or to none. For each guard there is one more in
        a namespace of nobody, about which nobody is to be asked.
        """
        places = [(policy.subject, place) for policy in self.policies for place in _places(policy)]
        return [self._edge(subject, place, number) for number, (subject, place) in enumerate(places)]

    def _edge(self, subject: Subject, place: str, number: int) -> tuple[Policy | None, Case]:
        tenant = self._tenants.get(place)
        value = model(subject, self._platform, tenant or next(iter(self._tenants.values())))
        value["metadata"] |= {"name": f"edge-{number}", "namespace": place}
        case = Case(f"a good {value['kind']} in {place}", value, frozenset())
        return (self.policy_for(case) if any(self._evaluator.violations(value)) else None), case

    def probes(self) -> list[tuple[Policy, Case]]:
        """For each policy object, a case that only this object covers."""
        return [(policy, self._probe(policy, number)) for number, policy in enumerate(self.policies)]

    def _probe(self, policy: Policy, number: int) -> Case:
        """A broken object of a tenant that the policy covers, or in a namespace without a tenant if there is none."""
        own = policy.shard.namespaces
        place = own[0] if own else _nobodys(policy)
        tenant = self._tenants[next(iter(own or self._tenants))]
        value = broken(policy, self._platform, tenant, -1) if own else model(policy.subject, self._platform, tenant)
        value["metadata"] |= {"name": f"probe-{number}", "namespace": place}
        return Case(f"a broken {value['kind']} in {place}", value, frozenset())

    def tenant(self, case: Case) -> Tenant | None:
        """The tenant of the case's namespace."""
        return self._tenants.get(namespace(case))

    def network_policies(self, case: Case) -> list[dict[str, Any]]:
        """The NetworkPolicies that must be made for a case."""
        tenant = self.tenant(case)
        return generated(self._platform, tenant, case.value) if tenant else []

    def filled(self, case: Case) -> Mapping[str, Any]:
        """A case's object after the mutation that precedes its evaluation."""
        return filled(self.tenant(case), case.value)

    def isolates(self, case: Case) -> bool:
        """Whether anything is generated for objects like the case's at all."""
        tenant = self.tenant(case)
        return tenant is not None and asks(tenant, case.value)

    def policy_for(self, case: Case) -> Policy:
        """The one policy object that must refuse what is wrong with a case.

        If none covers the case, it is one that could be evaluated by mistake.
        """
        place = namespace(case)
        subject = subject_of(case.value["apiVersion"], case.value["kind"])
        found = [policy for policy in self.policies if policy.subject is subject]
        own = (policy for policy in found if policy.shard.rows.get(place))
        in_range = (policy for policy in found if policy.shard.guards and policy.shard.covers(place))
        return next(chain(own, in_range, found))

    def is_covered(self, case: Case) -> bool:
        """Whether any policy object covers a case."""
        return bool(self.judges(case.value))


def _places(policy: Policy) -> list[str]:
    """Namespaces about which another object might be asked in its place, or it in another's."""
    first = policy.shard.first
    at_the_cut = [_just_before(first), first] if first else []
    return at_the_cut if policy.subject.everywhere else [*at_the_cut, _nobodys(policy)]


def _nobodys(policy: Policy) -> str:
    """A name in the object's range that no namespace has, as none ends in a dash. It follows directly after `first`."""
    return f"{policy.shard.first}-"


_IN_ORDER = "-0123456789abcdefghijklmnopqrstuvwxyz"


def _just_before(name: str) -> str:
    """A name before this one, after all others before it but the longest."""
    return f"{name[:-1]}{_IN_ORDER[_IN_ORDER.index(name[-1]) - 1]}{'z' * 20}"


def namespace(case: Case) -> str:
    """The namespace of the case's object."""
    return str(case.value["metadata"]["namespace"])


def resource(case: Case) -> str:
    """Kyverno's name for the case's object: `namespace/name`."""
    return f"{namespace(case)}/{case.value['metadata']['name']}"


def identity(value: Mapping[str, Any]) -> tuple[str, str, str]:
    """The unique identity of an object."""
    metadata = value["metadata"]
    return value["kind"], metadata["namespace"], metadata["name"]


def distinct(cases: Sequence[Case]) -> list[Case]:
    """The cases with no two objects of one namespace and name: an engine drops the second of them."""
    seen: set[str] = set()
    found = []
    for case in cases:
        number = 1
        while resource(own := _numbered(case, number)) in seen:
            number += 1
        seen.add(resource(own))
        found.append(own)
    return found


def _numbered(case: Case, number: int) -> Case:
    if number == 1:
        return case
    metadata = case.value["metadata"]
    # No dash between: `rayfence-2` would be a name that only Kyverno may give.
    return replace(case, value={**case.value, "metadata": {**metadata, "name": f"{metadata['name'][:40]}{number}"}})
