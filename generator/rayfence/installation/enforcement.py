"""Finds policies on a server that are not in force yet: a dry run sends each an object that it must refuse."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, auto

from rayfence import admission
from rayfence.cluster.objects import Busy, Unanswered, text_at
from rayfence.doctor.case import NAMESPACES
from rayfence.installation.target import Target, Value
from rayfence.model.subjects import Resource, subject_of


class Answer(StrEnum):
    """The result for an object that must be refused. `UNKNOWN`: no request was possible, or another policy refused."""

    REFUSED = auto()
    ADMITTED = auto()
    BUSY = auto()
    UNKNOWN = auto()


def ask(target: Target, value: Value) -> Answer:
    """Sends an object to the server as a dry run."""
    resource, namespace = _resource(value), text_at(value, "metadata", "namespace")
    if not _can_be_asked_for(target, resource, namespace):
        return Answer.UNKNOWN
    try:
        target.apply(resource, value, dry_run=True)
    except Busy:
        return Answer.BUSY
    except Unanswered as error:
        return Answer.REFUSED if admission.read(str(error))[0] else Answer.UNKNOWN
    return Answer.ADMITTED


def _can_be_asked_for(target: Target, resource: Resource, namespace: str) -> bool:
    """Whether nothing but a policy stands in the way: kind and namespace are there, and this user may create it."""
    return (
        target.serves(resource)
        and target.one(NAMESPACES, "", namespace) is not None
        and all(target.may(verb, resource, namespace) for verb in ("create", "patch"))
    )


def _resource(value: Mapping[str, str]) -> Resource:
    subject = subject_of(value["apiVersion"], value["kind"])
    assert subject
    resource = subject.resource_of(value["apiVersion"], value["kind"])
    assert resource
    return resource
