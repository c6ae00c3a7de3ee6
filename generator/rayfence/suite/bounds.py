"""Checks that guards cover exactly the namespaces of their tenants.

It reads the policies' texts, name by name, because a run cannot show a superfluous name, nor what an API server does
before it calls an engine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rayfence.admission import Policy
from rayfence.backends.offline import GatorOffline, KyvernoOffline, Namespaces, Webhooks
from rayfence.backends.parsing import namespaces_in
from rayfence.suite.manifests import PolicyTexts, values

Offline = KyvernoOffline | GatorOffline


def compare_bounds(texts: PolicyTexts, offline: Offline, policies: Sequence[Policy]) -> list[str]:
    """The namespaces for which a backend's guards are evaluated without having a row, and the reverse."""
    guards = [policy for policy in policies if not policy.subject.everywhere]
    problems = [each for policy in guards for each in _compared(policy, _own(texts, offline, policy), policy.name)]
    own = [policy for policy in guards if offline.of(policy) is offline]
    if own and offline.webhooks:
        problems += _webhooks(texts, offline.webhooks, own)
    return problems


def _webhooks(texts: PolicyTexts, webhooks: Webhooks, guards: Sequence[Policy]) -> Iterator[str]:
    patched = webhooks.conditions(values(texts.kustomization))
    for policy in guards:
        yield from _compared(policy, namespaces_in(policy, patched.get(policy.name, ())), f"{policy.name}'s webhook")
    for value in values(texts.generating):
        if patched.get(value["metadata"]["name"]) != webhooks.of_generating:
            yield f"policy {value['metadata']['name']}'s webhook covers more NetworkPolicies than its own"


def _compared(policy: Policy, names: Namespaces | None, who: str) -> Iterator[str]:
    if names is None:
        yield f"policy {who} is not bound to the namespaces of its tenants"
        return
    wanted = frozenset(policy.shard.namespaces)
    yield from (f"policy {who} does not cover namespace {each}" for each in sorted(wanted - names))
    yield from (f"policy {who} covers namespace {each}" for each in sorted(names - wanted))


def _own(texts: PolicyTexts, offline: Offline, policy: Policy) -> Namespaces | None:
    """The names in a policy's own text; None where it says something else, or nothing."""
    of = offline.of(policy)
    found = values(texts.of_kind(of.kind).get(of.object_name(policy), ""))
    return of.namespaces(policy, next((value["spec"] for value in found), {}))
