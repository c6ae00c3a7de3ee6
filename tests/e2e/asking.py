"""Cases as questions to a live API server: a dry run by whoever the case says asks, and what the server answered."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import yaml
from controlplane.client import AT_ONCE, Answer, Client

from rayfence import admission
from rayfence.cases import Case
from rayfence.model.subjects import CREATE, DELETE
from rayfence.suite.engine import CaseResult
from rayfence.suite.expecting import resource

MOST_TRIES, SERVER_ERROR = 5, 500

WAS_THERE = "e2e.rayfence.dev/was-there"

_KYVERNO = re.compile(r'admission webhook "([a-z]+\.)?validate\.kyverno\.svc-fail')
_GATEKEEPER = re.compile(r'admission webhook "validation\.gatekeeper\.sh" denied the request: ')
_CONSTRAINT = re.compile(r"^\[[a-z0-9-]+\] ", re.MULTILINE)
_NATIVE = re.compile(r"ValidatingAdmissionPolicy '[a-z0-9-]+' with binding '[a-z0-9-]+' denied request: ")


def put_old(admin: Client, cases: Sequence[Case]) -> None:
    """Create the objects that cases change or delete, faults and all: they came before the policies."""
    for case in cases:
        if case.request.operation != CREATE:
            admin.create(_as_it_was(case)).or_raise()


def take_old(admin: Client, cases: Sequence[Case]) -> None:
    """Delete those that are still there: some have the name of what a bundle took with it."""
    for case in cases:
        if case.request.operation != CREATE:
            # The controllers whose finalizers they have are not there.
            admin.patch(case.value, {"metadata": {"finalizers": None}})
            admin.delete(case.value, gracePeriodSeconds="0")


def with_old(admin: Client, cases: Sequence[Case]) -> list[Case]:
    """The cases, those that change or delete something with that object as it is now on the server."""
    return [case if case.request.operation == CREATE else _with_old(admin, case) for case in cases]


def _with_old(admin: Client, case: Case) -> Case:
    return replace(case, request=replace(case.request, old=admin.get(case.value).or_raise()))


def _as_it_was(case: Case) -> dict[str, Any]:
    """The old object that the case has, under the case's name, or else the object itself."""
    if case.request.old is None or case.request.old == case.value:
        return _annotated(case.value)
    names = {key: case.value["metadata"][key] for key in ("name", "namespace")}
    # The garbage collector takes what has an owner that is not there.
    kept = {key: each for key, each in case.request.old["metadata"].items() if key != "ownerReferences"}
    return {**case.request.old, "metadata": {**kept, **names}}


def _annotated(value: Mapping[str, Any]) -> dict[str, Any]:
    """An update that changes nothing but an annotation is none of those that are let pass."""
    metadata = value["metadata"]
    return {**value, "metadata": {**metadata, "annotations": {**(metadata.get("annotations") or {}), WAS_THERE: "yes"}}}


def completed(case: Case, answer: Answer) -> Case:
    """The case with its object as the server completes it before it asks any policy: ports, requests, accounts.

    Lines of a file are left out, since they know nothing of that.
    """
    return replace(case, value=answer.value, lines=None) if case.request.operation != DELETE else case


def ask_all(admin: Client, cases: Sequence[Case], somebody: str) -> list[Answer]:
    """The server's answers, in order. Where a case does not say who asks, it is `somebody`."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda case: answered(admin, case, somebody), cases))


def answered(admin: Client, case: Case, somebody: str) -> Answer:
    """The answer, asked for again while all that is said is that a webhook was too slow on a busy machine."""
    for _ in range(MOST_TRIES):
        answer = ask(admin, case, somebody)
        if answer.status < SERVER_ERROR:
            break
    return answer


def ask(admin: Client, case: Case, somebody: str) -> Answer:
    """One dry run."""
    client = admin.as_user(case.request.username or somebody, case.request.groups)
    match case.request.operation:
        case "CREATE":
            return client.create(case.value, dry_run=True)
        case "UPDATE":
            return client.replace(_as_now(case), dry_run=True)
        case "DELETE":
            return client.delete(case.value, dry_run=True)
        case other:
            raise AssertionError(other)


def _as_now(case: Case) -> Mapping[str, Any]:
    assert case.request.old is not None
    version = case.request.old["metadata"]["resourceVersion"]
    return {**case.value, "metadata": {**case.value["metadata"], "resourceVersion": version}}


def said(case: Case, answer: Answer) -> CaseResult:
    """The answer as a policy's word; whatever else stopped the request is trouble."""
    if answer.ok:
        return CaseResult(resource(case), "pass", "")
    message = of_policy(answer.message)
    trouble = "" if message else f"not stopped by a policy: {answer.status} {answer.message[:300]}"
    return CaseResult(resource(case), "fail", message, trouble)


def of_policy(message: str) -> str:
    """What a policy of ours said in an API server's refusal, '' where none of them spoke."""
    if native := _NATIVE.search(message):
        return message[native.end() :]
    if gatekeeper := _GATEKEEPER.search(message):
        return "; ".join(_CONSTRAINT.sub("", message[gatekeeper.end() :]).splitlines())
    if not _KYVERNO.search(message):
        return ""
    return _told(message.partition("denied the request: ")[2])


def broken(answer: Answer) -> frozenset[str]:
    """The rules for which something was refused."""
    return admission.read(of_policy(answer.message))[0]


def _told(text: str) -> str:
    """Kyverno lists a ClusterPolicy's words as YAML: policy -> rule -> message."""
    _, found, listed = text.partition("was blocked due to the following policies")
    if not found:
        return text
    value = yaml.safe_load(listed)
    return "; ".join(message for rules in value.values() for message in rules.values())
