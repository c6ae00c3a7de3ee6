"""A policy as a server gives it back in, whether its engine has taken it up out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rayfence.objects import at, list_at, map_at, text_at

UNKNOWN = "its engine has said nothing of it yet"


def why_not_ready(policy: Mapping[str, Any]) -> str:
    """What keeps a policy from deciding, '' where nothing does or its kind does not tell."""
    match policy.get("kind"):
        case "ClusterPolicy":
            return _by_condition(list_at(policy, "status", "conditions"))
        case "ValidatingPolicy" | "MutatingPolicy" | "GeneratingPolicy":
            return _of_conditions(policy)
        case "ValidatingAdmissionPolicy":
            return _of_native(policy)
        case "ConstraintTemplate":
            return _of_template(policy)
        case _:
            return ""


def _of_conditions(policy: Mapping[str, Any]) -> str:
    status = map_at(policy, "status", "conditionStatus")
    if status.get("ready") is True:
        return ""
    failed = [each for each in list_at(status, "conditions") if text_at(each, "status") != "True"]
    told = "; ".join(filter(None, (text_at(each, "message") or text_at(each, "reason") for each in failed)))
    return told or text_at(status, "message") or UNKNOWN


def _by_condition(conditions: list[Any]) -> str:
    ready = next((each for each in conditions if text_at(each, "type") == "Ready"), None)
    if ready is None:
        return UNKNOWN
    return "" if text_at(ready, "status") == "True" else text_at(ready, "message") or "is not ready"


def _of_native(policy: Mapping[str, Any]) -> str:
    warnings = list_at(policy, "status", "typeChecking", "expressionWarnings")
    if warnings:
        return f"{text_at(warnings[0], 'fieldRef')}: {text_at(warnings[0], 'warning')}"
    seen, generation = at(policy, "status", "observedGeneration"), at(policy, "metadata", "generation")
    return "" if seen is not None and seen == generation else UNKNOWN


def _of_template(policy: Mapping[str, Any]) -> str:
    if at(policy, "status", "created") is True:
        return ""
    pods = list_at(policy, "status", "byPod")
    errors = [text_at(error, "message") for pod in pods for error in list_at(pod, "errors")]
    return "; ".join(errors) or UNKNOWN
