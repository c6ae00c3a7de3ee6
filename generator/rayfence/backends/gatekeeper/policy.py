"""The rules as OPA Gatekeeper ConstraintTemplates (templates.gatekeeper.sh/v1) and their Constraints.

Gatekeeper's own CEL engine takes the same text as every other kind of policy. A template holds one policy's text, and
makes the kind of its only constraint.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from rayfence import admission
from rayfence.admission import Policy
from rayfence.cel import literals
from rayfence.model.config import Config, Enforcement
from rayfence.model.purposes import written_by
from rayfence.model.subjects import Subject

NAME = "gatekeeper"

TARGET = "admission.k8s.gatekeeper.sh"
ENGINE = "K8sNativeValidation"


def files(config: Config) -> Mapping[str, list[dict[str, Any]]]:
    """File name -> the templates in it, then their constraints."""
    found: dict[str, list[dict[str, Any]]] = {}
    for policy in admission.policies(config):
        found.setdefault(f"{policy.subject.name}.yaml", []).extend((_template(policy), _constraint(policy)))
    return {name: sorted(manifests, key=_constraints_last) for name, manifests in found.items()}


def _template(policy: Policy) -> dict[str, Any]:
    kind = kind_of(policy)
    return {
        "apiVersion": "templates.gatekeeper.sh/v1",
        "kind": "ConstraintTemplate",
        "metadata": {
            # Gatekeeper takes no other name than its kind's in small letters.
            "name": kind.lower(),
            "labels": _LABELS,
            "annotations": {
                "metadata.gatekeeper.sh/title": policy.subject.title,
                "description": policy.subject.description,
                **written_by(),
            },
        },
        "spec": {
            "crd": {"spec": {"names": {"kind": kind}}},
            "targets": [{"target": TARGET, "code": [{"engine": ENGINE, "source": _source(policy)}]}],
        },
    }


def _source(policy: Policy) -> dict[str, Any]:
    return {
        "failurePolicy": "Fail",
        # The key is singular, unlike that of Kubernetes' own policies.
        "matchCondition": [{"name": "operations", "expression": _asked_for(policy.subject)}, *policy.conditions],
        "variables": [{"name": name, "expression": text} for name, text in policy.variables.items()],
        "validations": [{"expression": admission.VALID, "messageExpression": admission.MESSAGE}],
    }


def _asked_for(subject: Subject) -> str:
    """Whether the operation is one that the subject speaks of: nothing else in Gatekeeper's policies can say that.

    An audit of what is there names no operation.
    """
    return f"request.operation in {literals(('', *subject.operations))}"


def _constraint(policy: Policy) -> dict[str, Any]:
    kinds: dict[str, list[str]] = {}
    for resource in policy.subject.resources:
        kinds.setdefault(resource.group, []).append(resource.kind)
    return {
        "apiVersion": "constraints.gatekeeper.sh/v1beta1",
        "kind": kind_of(policy),
        "metadata": {"name": policy.name, "labels": _LABELS, "annotations": {**written_by()}},
        "spec": {
            "enforcementAction": _action(policy.shard.enforcement),
            # Gatekeeper matches every version of a kind.
            "match": {
                "kinds": [{"apiGroups": [group], "kinds": list(dict.fromkeys(of))} for group, of in kinds.items()]
            },
        },
    }


def kind_of(policy: Policy) -> str:
    """The kind that the policy's template makes: `EnforceTenantIsolation` of `enforce-tenant-isolation`."""
    return "".join(word.capitalize() for word in policy.name.split("-"))


def _action(enforcement: Enforcement) -> str:
    match enforcement:
        case Enforcement.ENFORCE:
            return "deny"
        case Enforcement.AUDIT:
            return "dryrun"
        case Enforcement.WARN:
            return "warn"
        case _:
            assert_never(enforcement)


def _constraints_last(manifest: Mapping[str, Any]) -> int:
    return 0 if manifest["kind"] == "ConstraintTemplate" else 1


_LABELS = {"app.kubernetes.io/managed-by": "rayfence"}
