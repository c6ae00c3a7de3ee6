"""Whether policies do what their tenants' enforcement says: refuse, record or warn. `kyverno test` cannot tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, assert_never

from rayfence import kyverno, yamlio
from rayfence.admission import Policy
from rayfence.cases import Case
from rayfence.config import Enforcement
from rayfence.suite.expecting import Expectations, resource
from rayfence.suite.texts import Texts


def compare_actions(
    probes: Sequence[tuple[Policy, Case]],
    judged: Sequence[kyverno.Judged],
    truth: Expectations,
    *,
    tells_audits: bool,
) -> list[str]:
    """Whether each policy answers for its own probe, and keeps out of what is another's.

    Where reports do not tell a refusal from a violation that is only recorded, both are a `warn`.
    """
    results = {(each.policy, each.resource): each.result for each in judged}
    problems = []
    for speaker, probe in probes:
        for policy in truth.judges(probe.value):
            broken = truth.action(policy) if tells_audits else "warn"
            wanted = broken if policy is speaker else "pass"
            result = results.get((policy.name, resource(probe)), "nothing")
            if result != wanted:
                problems.append(f"policy {policy.name} answers `{result}` to {probe.name}, not `{wanted}`")
    return problems


def compare_declared(texts: Texts, kind: str, truth: Expectations) -> list[str]:
    """Whether CEL policies name the actions they must, which no run of the CLI shows: read from their own text."""
    match kind:
        case "ValidatingPolicy":
            declared = {name: _spec(text).get("validationActions") for name, text in texts.of_kind(kind).items()}
        case "ValidatingAdmissionPolicy":
            declared = _bound(_spec(text) for text in texts.of_kind("ValidatingAdmissionPolicyBinding").values())
        case _:
            return []
    wanted = {policy.name: _actions(policy.shard.enforcement) for policy in truth.policies}
    return [
        f"policy {name} has the actions {declared.get(name)}, not {actions}"
        for name, actions in wanted.items()
        if declared.get(name) != actions
    ]


def _bound(bindings: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Policy name -> actions, for bindings that bind for all objects and not only for some."""
    return {
        binding["policyName"]: binding["validationActions"]
        for binding in bindings
        if binding.keys() == {"policyName", "validationActions"}
    }


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
