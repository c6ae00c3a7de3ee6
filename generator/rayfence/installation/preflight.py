"""Finds everything that prevents an installation, before anything is changed."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.backends import BACKENDS
from rayfence.backends.resources import is_defined
from rayfence.doctor import engine, kuberay
from rayfence.doctor.case import Case
from rayfence.doctor.finding import Finding, Note
from rayfence.installation.desired import DesiredObjects
from rayfence.installation.target import Target
from rayfence.model.config import Config
from rayfence.model.subjects import Resource

VERBS = ("get", "list", "create", "patch", "update", "delete")
"""What it takes to install, and to take off what an earlier installation left."""


def obstacles(config: Config, parts: DesiredObjects, target: Target) -> list[str]:
    """Everything that prevents the installation, as sentences; empty if it can begin."""
    case = Case(config, target)
    return [*_engine(case, parts), *_kinds(case, parts, target), *_rights(parts, target), *_namespaces(case)]


def _engine(case: Case, parts: DesiredObjects) -> Iterator[str]:
    backend = BACKENDS[parts.backend]
    if backend.needs.kyverno:
        # One that is down refuses policies itself, and says why.
        yield from _told(each for each in engine.of_kyverno(case) if _id(each) != engine.DOWN)
    yield from _told(engine.not_enforced(case, backend))


def _kinds(case: Case, parts: DesiredObjects, target: Target) -> Iterator[str]:
    needs = BACKENDS[parts.backend].needs
    absent = [each for each in parts.resources if not is_defined(each) and not target.serves(each)]
    if absent:
        yield f"the cluster has no kind {', '.join(_name(each) for each in absent)}; {needs.fix}"
    if needs.every_version:
        yield from _told(kuberay.definitions(case))


def _rights(parts: DesiredObjects, target: Target) -> Iterator[str]:
    for resource in parts.resources:
        if lacking := [verb for verb in VERBS if not target.may(verb, resource)]:
            yield f"you may not {', '.join(lacking)} {_name(resource)}; ask an administrator of the cluster for it"


def _namespaces(case: Case) -> Iterator[str]:
    for namespace, tenant in case.config.by_namespace().items():
        if namespace not in case.namespaces:
            yield f"there is no namespace {namespace} of {tenant.name}; kubectl create namespace {namespace}"


def _told(found: Iterator[Finding | Note]) -> Iterator[str]:
    yield from (f"{each.where}: {each.message}; {each.fix}" for each in found if isinstance(each, Finding))


def _id(found: Finding | Note) -> str:
    return found.id if isinstance(found, Finding) else ""


def _name(resource: Resource) -> str:
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural
