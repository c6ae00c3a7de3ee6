"""Checks the webhooks through which the API server calls an engine: whether they cover everything, and fail closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rayfence.admission import IN_CHARGE, Policy
from rayfence.cluster.objects import list_at, map_at, text_at
from rayfence.doctor.case import WEBHOOKS, Case
from rayfence.doctor.finding import Finding, Note
from rayfence.model.subjects import CREATE, DELETE, UPDATE, Resource, Subject
from rayfence.reach.policies import selects

Hook = Mapping[str, Any]


def findings(case: Case) -> Iterator[Finding | Note]:
    """Of every engine whose policies are there."""
    if case.runs_on_kyverno:
        yield from _forced_open(case)
    for webhook in dict.fromkeys(each.webhook for each in case.needs):
        if webhook:
            yield from _of(case, webhook.name, webhook.fix.format(namespace=case.kyverno_namespace()))


def _forced_open(case: Case) -> Iterator[Finding]:
    for controller in case.kyverno():
        if controller.flag("forceFailurePolicyIgnore") == "true":
            what = "runs with --forceFailurePolicyIgnore: while it is down, everything is admitted"
            yield Finding(
                "fails-open", controller.where, what, "set features.forceFailurePolicyIgnore.enabled to false"
            )


def _of(case: Case, name: str, fix: str) -> Iterator[Finding]:
    where, found = f"ValidatingWebhookConfiguration/{name}", case.objects.one(WEBHOOKS, "", name)
    if found is None:
        yield Finding(
            "webhook-missing", where, "is missing, so the API server evaluates no policy and admits everything", fix
        )
        return
    hooks = [hook for hook in list_at(found.value, "webhooks") if isinstance(hook, dict)]
    policies = case.policies
    for subject in dict.fromkeys(policy.subject for policy in policies):
        served = _served(case, subject)
        uncovered = list(_uncovered(served, subject.operations, hooks, where, fix))
        yield from uncovered
        if served and not uncovered:
            mine = [each for each in policies if each.subject is subject]
            yield from _unasked(mine, served, hooks, where, fix)
    yield from _unseen(case, hooks, where)


def _served(case: Case, subject: Subject) -> list[Resource]:
    """What the API server can be asked about at all."""
    return [each for each in subject.resources if subject.always_served or case.objects.serves(each)]


def _unasked(
    policies: Sequence[Policy], served: Sequence[Resource], hooks: Sequence[Hook], where: str, fix: str
) -> Iterator[Finding]:
    """Policies for some namespaces of which no webhook asks, or none that fails closed."""
    for policy in policies:
        asking = [hook for hook in hooks if policy.conditions and _asks(hook, policy, served)]
        if policy.conditions and not asking:
            what = f"the webhook does not cover the namespaces of {policy.name}"
            yield Finding("webhook-missing", where, what, fix)
        elif asking and not _closed(asking):
            what = f"{policy.name}: failurePolicy is Ignore, so everything is admitted while the engine does not answer"
            yield Finding("fails-open", where, what, fix)


def _closed(hooks: Sequence[Hook]) -> list[Hook]:
    return [hook for hook in hooks if text_at(hook, "failurePolicy") != "Ignore"]


def _asks(hook: Hook, policy: Policy, served: Sequence[Resource]) -> bool:
    """Whether it is about the policy's kinds, those that are served, and not about other policies' namespaces alone.

    Kyverno has a webhook for each policy with conditions, and wraps those of pods in one of its own.
    """
    conditions = [each for each in list_at(hook, "matchConditions") if text_at(each, "name").endswith(IN_CHARGE)]
    own, texts = policy.conditions, [_squeezed(text_at(each, "expression")) for each in conditions]
    ours = any(_squeezed(each["expression"]) in text for each in own for text in texts)
    named = all(_asked([hook], group, name) for group, name in _names(served))
    return named and (ours or not conditions)


def _squeezed(text: str) -> str:
    """An expression however its lines are broken."""
    return "".join(text.split())


def _uncovered(
    resources: Sequence[Resource], operations: Sequence[str], hooks: Sequence[Hook], where: str, fix: str
) -> Iterator[Finding]:
    closed = _closed(hooks)
    for group, name in dict.fromkeys(_names(resources)):
        shown = f"{name}.{group}" if group else name
        wanted = set(operations)
        if missing := wanted - _asked(hooks, group, name):
            what = f"the webhook does not cover {shown} at {', '.join(sorted(missing))}"
            yield Finding("webhook-missing", where, what, fix)
        elif wanted - _asked(closed, group, name):
            what = f"{shown}: failurePolicy is Ignore, so all of them are admitted while the engine does not answer"
            yield Finding("fails-open", where, what, fix)


def _names(resources: Iterable[Resource]) -> Iterator[tuple[str, str]]:
    """API group and resource of all that rules cover, including `pods/resize`."""
    for each in resources:
        yield from ((each.group, plural) for plural in each.plurals)


def _asked(hooks: Sequence[Hook], group: str, name: str) -> set[str]:
    """The operations at which any of these webhooks is asked about a resource."""
    rules = (rule for hook in hooks for rule in list_at(hook, "rules") if _includes(rule, group, name))
    found = {operation for rule in rules for operation in list_at(rule, "operations")}
    return {CREATE, UPDATE, DELETE} if "*" in found else found


def _includes(rule: Any, group: str, name: str) -> bool:
    plural, _, subresource = name.partition("/")
    ways = {name, "*/*", f"{plural}/*", f"*/{subresource}"} if subresource else {name, "*", "*/*", f"{plural}/*"}
    return not {group, "*"}.isdisjoint(list_at(rule, "apiGroups")) and not ways.isdisjoint(list_at(rule, "resources"))


def _unseen(case: Case, hooks: Sequence[Hook], where: str) -> Iterator[Finding]:
    """Tenants' namespaces that no webhook which fails closed is asked about."""
    selectors = [map_at(hook, "namespaceSelector") for hook in _closed(hooks)]
    for namespace in case.config.by_namespace():
        labels = {"kubernetes.io/metadata.name": namespace, **case.namespaces.get(namespace, {})}
        if selectors and not any(selects(selector, labels) for selector in selectors):
            what = f"its namespaceSelector excludes namespace {namespace}"
            fix = "remove the exclusion from the engine's webhook settings, or the label from the namespace"
            yield Finding("namespace-hidden", where, what, fix)
