"""Checks that policies refuse, report or warn as the enforcement says. `kyverno test` does not check that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from rayfence import kyverno, yamlio
from rayfence.admission import Policy
from rayfence.backends.offline import KyvernoOffline
from rayfence.cases import Case
from rayfence.model.config import Enforcement
from rayfence.suite.expecting import Expectations, resource
from rayfence.suite.manifests import PolicyTexts


def compare_actions(
    probes: Sequence[tuple[Policy | None, Case]], judged: Sequence[kyverno.ReportRow], expected: Expectations
) -> list[str]:
    """Problems of policies that do not refuse their own probe, or that evaluate a probe of another policy."""
    results = {(each.policy, each.resource): each.result for each in judged}
    problems = []
    for speaker, probe in probes:
        for policy in expected.judges(probe.value):
            wanted = expected.action(policy) if policy is speaker else "pass"
            result = results.pop((policy.name, resource(probe)), "nothing")
            if result != wanted:
                problems.append(f"policy {policy.name} answers `{result}` to {probe.name}, not `{wanted}`")
    names = {resource(probe): probe.name for _, probe in probes}
    strays = ((policy, result, names[of]) for (policy, of), result in results.items())
    return problems + [
        f"policy {policy} answers `{result}` to {name}, although it does not cover it"
        for policy, result, name in strays
    ]


def declared_actions(texts: PolicyTexts, offline: KyvernoOffline) -> Mapping[str, list[str]]:
    """Policy name -> the actions that its own text or its binding's declares, where no run of the CLI shows them."""
    if not offline.actions:
        return {}
    specs = {name: _spec(text) for name, text in texts.of_kind(offline.actions.kind).items()}
    return offline.actions.declared(specs)


def compare_declared(declared: Mapping[str, list[str]], policies: Sequence[Policy]) -> list[str]:
    """Whether CEL policies declare the actions they must."""
    wanted = {policy.name: _actions(policy.shard.enforcement) for policy in policies}
    return [
        f"policy {name} has the actions {declared.get(name)}, not {actions}"
        for name, actions in wanted.items()
        if declared.get(name) != actions
    ]


def _spec(text: str) -> Mapping[str, Any]:
    (document,) = (each for each in yamlio.read(text, "policy") if isinstance(each, yamlio.Document))
    return document.value["spec"]  # type: ignore[no-any-return]


def _actions(enforcement: Enforcement) -> list[str]:
    match enforcement:
        case Enforcement.ENFORCE:
            return ["Deny"]
        case Enforcement.AUDIT:
            return ["Audit"]
        case Enforcement.WARN:
            return ["Warn", "Audit"]
        case _:
            assert_never(enforcement)
