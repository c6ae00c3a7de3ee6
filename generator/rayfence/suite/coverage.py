"""Checks that policies cover all kinds and operations that they must, including those that cannot run offline.

Only the selection of namespaces may narrow what a policy covers: see `bounds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rayfence.admission import Policy
from rayfence.backends.offline import KyvernoOffline, Scope
from rayfence.model.subjects import CREATE, UPDATE
from rayfence.suite.bounds import compare_bounds
from rayfence.suite.manifests import PolicyTexts, values


def compare_scopes(texts: PolicyTexts, offline: KyvernoOffline, policies: Sequence[Policy]) -> list[str]:
    """Kinds and namespaces that a backend's policies fail to cover, or cover by mistake."""
    problems = []
    for policy in policies:
        of = offline.of(policy)
        text = texts.objects.get((of.kind, policy.name))
        wanted, own = _wanted(policy, of), _declared(text, of) if text else Scope()
        problems += [f"policy {policy.name} does not look at {each}" for each in sorted(wanted - own)]
        problems += [f"policy {policy.name} looks at {each}" for each in sorted(own - wanted)]
    different = dict.fromkeys(map(offline.of, policies))
    problems += [each for of in different for each in _narrowed(texts, of)]
    return [*problems, *compare_bounds(texts, offline, policies)]


def compare_triggers(texts: PolicyTexts, offline: KyvernoOffline) -> list[str]:
    """Problems with the operations that trigger generation: creations and updates. No run of the CLI is an update."""
    return [
        f"policy {value['metadata']['name']} does not act on {operation} of {resource}"
        for value in values(texts.generating)
        for resources, operations in offline.triggers(value["spec"])
        for operation in (CREATE, UPDATE)
        for resource in resources
        if operation not in operations
    ]


def _narrowed(texts: PolicyTexts, offline: KyvernoOffline) -> Iterator[str]:
    """Selectors and exclusions, by which a policy may leave out objects that no case is like."""
    for name, text in texts.of_kind(offline.kind).items():
        (value,) = values(text)
        yield from (f"policy {name} is narrowed by {each}" for each in sorted(offline.scopes.exclusions(value["spec"])))


def _declared(text: str, offline: KyvernoOffline) -> Scope:
    (value,) = values(text)
    return offline.scopes.matched(value["spec"])


def _wanted(policy: Policy, offline: KyvernoOffline) -> Scope:
    return frozenset(
        f"{operation} {each}"
        for operation in policy.subject.operations
        for resource in policy.subject.resources
        for each in offline.scopes.expected(policy, resource)
    )
