"""Evaluates objects with gator and reads the verdict of each policy. A verdict that gator did not state is an error.

gator reports violations only. An object that a policy does not match, a condition that is false, and an error that the
policy ignores all look like objects without violations. So each policy gets one additional validation, a canary, which
fails for every object with a CEL error. If gator reports the canary, the policy was evaluated for this object, and an
error of its own would have been a refusal. If gator does not report it, there is no verdict.

Objects without a user go through `gator test`, thousands in one process. It supports neither operation nor user, so
requests go through `gator verify`. That compiles the policy again for each request, which takes thirty times as long,
and it shows messages only of failed assertions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rayfence.gator.policies import CANARY_MESSAGE, Manifest, Policy, read
from rayfence.gator.running import end, run, written
from rayfence.model.outcome import EngineError
from rayfence.workload import NOBODY, Request

AT_ONCE = 1000
"""Objects in one process: gator repeats each of them in its answer."""

_UNMEANT = 999
"""So many violations has nothing, and so the assertion does not hold."""

_CASE = re.compile(r"^    --- FAIL: (\d+)\t\(\S+\)\n        (.*?)\n(?=    --- FAIL|--- FAIL)", re.MULTILINE | re.DOTALL)
_SAID = re.compile(rf"unexpected number of violations: got \d+ .* exactly {_UNMEANT}: got messages \[(.*)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """The result of one policy for one object, `namespace/name`.

    `policy` is the constraint's name; `result` is pass, fail, or warn (a failure that is only reported).
    """

    policy: str
    resource: str
    result: str
    message: str


def evaluate(
    engine: Path, policies: str, resources: Sequence[Manifest], request: Request = NOBODY
) -> list[PolicyResult]:
    """The result of every policy that covers an object, in the objects' order.

    `policies` is the YAML of templates and constraints; all objects are asked for by `request`, and have different
    namespaces or names. An object that no policy judges has no entry. Raises EngineError.
    """
    names = [_named(resource) for resource in resources]
    if len({*names}) < len(names):
        raise EngineError("two objects have the same namespace and name")
    found: dict[str, list[PolicyResult]] = {name: [] for name in names}
    answers = _creations if request == NOBODY else _requests
    for each in answers(engine, read(policies), resources, request):
        found[each.resource].append(each)
    return [each for name in names for each in found[name]]


def _creations(
    engine: Path, policies: Sequence[Policy], resources: Sequence[Manifest], request: Request
) -> Iterator[PolicyResult]:
    manifests = [*(policy.of_creations() for policy in policies), *(policy.constraint for policy in policies)]
    named = {policy.name: policy for policy in policies}
    for start in range(0, len(resources), AT_ONCE):
        files = {"policies.yaml": written(*manifests), "objects.yaml": written(*resources[start : start + AT_ONCE])}
        said, complaints = run(engine, ["test", "-f", "policies.yaml", "-f", "objects.yaml", "-o", "json"], files)
        if complaints.strip():
            raise EngineError(f"gator test complained:\n{end(complaints)}")
        messages: dict[tuple[str, str], list[str]] = {}
        for policy, resource, action, message in _results(said):
            if action != named[policy].action:
                raise EngineError(f"gator test says {action} for constraint {policy}, not {named[policy].action}")
            messages.setdefault((policy, resource), []).append(message)
        for (policy, resource), all_of_one in messages.items():
            yield _judged(named[policy], resource, all_of_one)


def _results(said: str) -> Iterator[tuple[str, str, str, str]]:
    """Policy, object, action and message of each violation."""
    try:
        for each in json.loads(said) or []:
            policy = each["constraint"]["metadata"]["name"]
            yield policy, _named(each["violatingObject"]), each["enforcementAction"], each["msg"]
    except (ValueError, KeyError, TypeError) as error:
        raise EngineError(f"gator test gave no results:\n{end(said)}") from error


def _requests(
    engine: Path, policies: Sequence[Policy], resources: Sequence[Manifest], request: Request
) -> Iterator[PolicyResult]:
    for policy in policies:
        spoken_of = [resource for resource in resources if policy.speaks_of(resource)]
        if not spoken_of:
            continue
        said, complaints = run(engine, ["verify", "suite.yaml"], _suite(policy, spoken_of, request))
        answers = dict(_CASE.findall(said))
        for number, resource in enumerate(spoken_of):
            answer = _SAID.fullmatch(answers.get(str(number), ""))
            if not answer:
                raise EngineError(f"gator verify has no answer for {_named(resource)}:\n{end(said + complaints)}")
            if answer[1]:
                yield _judged(policy, _named(resource), _apart(answer[1]))


def _suite(policy: Policy, resources: Sequence[Manifest], request: Request) -> dict[str, str]:
    """The files of a suite in which every assertion fails and so tells the messages."""
    cases = [
        {"name": str(number), "object": f"{number}.yaml", "assertions": [{"violations": _UNMEANT}]}
        for number in range(len(resources))
    ]
    test = {"name": policy.name, "template": "template.yaml", "constraint": "constraint.yaml", "cases": cases}
    return {
        "suite.yaml": written({"apiVersion": "test.gatekeeper.sh/v1alpha1", "kind": "Suite", "tests": [test]}),
        "template.yaml": written(policy.template),
        "constraint.yaml": written(policy.constraint),
        **{f"{number}.yaml": written(_review(value, request)) for number, value in enumerate(resources)},
    }


def _review(resource: Manifest, request: Request) -> dict[str, Any]:
    """The request, as Gatekeeper's webhook gets it."""
    group, _, version = str(resource.get("apiVersion", "")).rpartition("/")
    sides: dict[str, Any] = {"object": resource}
    if request.operation == "DELETE":
        sides = {"oldObject": resource}
    elif request.operation == "UPDATE":
        sides["oldObject"] = resource if request.old is None else request.old
    return {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "1",
            "kind": {"group": group, "version": version, "kind": resource.get("kind")},
            "name": resource["metadata"]["name"],
            "namespace": resource["metadata"].get("namespace", ""),
            "operation": request.operation,
            "userInfo": {"username": request.username, "groups": list(request.groups)},
            **sides,
        },
    }


def _apart(said: str) -> list[str]:
    """The messages of one object: the policy's and the canary's, in alphabetical order with a blank between."""
    own = said.removeprefix(CANARY_MESSAGE).removesuffix(CANARY_MESSAGE)
    return [CANARY_MESSAGE] * (own != said) + [own.strip(" ")] * bool(own)


def _judged(policy: Policy, resource: str, messages: Sequence[str]) -> PolicyResult:
    own = [message for message in messages if message != CANARY_MESSAGE]
    if len(own) == len(messages):
        raise EngineError(f"policy {policy.name} was not evaluated for {resource}: {'; '.join(own)}")
    return PolicyResult(policy.name, resource, policy.result if own else "pass", "; ".join(own))


def _named(resource: Manifest) -> str:
    return f"{resource['metadata'].get('namespace', '')}/{resource['metadata']['name']}"
