"""What stands in the way of an installation, before anything is touched: all of it at once."""

from __future__ import annotations

from collections.abc import Iterator

from rayfence.backends.resources import CONSTRAINTS
from rayfence.config import Config
from rayfence.doctor import engine, kuberay
from rayfence.doctor.case import KYVERNO_BACKENDS, Case
from rayfence.doctor.finding import Finding, Note
from rayfence.installation.target import Target
from rayfence.installation.wanted import Wanted
from rayfence.subjects import Resource

VERBS = ("get", "list", "create", "patch", "update", "delete")
"""What it takes to install, and to take off what an earlier installation left."""

_ENGINES = {
    "clusterpolicy": "install Kyverno 1.19.1, the last that enforces them, or choose another --backend",
    "validatingpolicy": "install Kyverno 1.19.1 or newer",
    "validatingadmissionpolicy": "use a server of Kubernetes 1.35 or newer",
    "gatekeeper": "install OPA Gatekeeper",
}


def obstacles(config: Config, parts: Wanted, target: Target) -> list[str]:
    """Everything that has to be mended first, as sentences; none where the installation can begin."""
    case = Case(config, target)
    return [*_engine(case, parts), *_kinds(case, parts, target), *_rights(parts, target), *_namespaces(case)]


def _engine(case: Case, parts: Wanted) -> Iterator[str]:
    if parts.backend in KYVERNO_BACKENDS:
        # One that is down refuses policies itself, and says why.
        yield from _told(each for each in engine.of_kyverno(case) if _id(each) != engine.DOWN)
    if parts.backend == "clusterpolicy":
        yield from _told(engine.without_cluster_policies(case))


def _kinds(case: Case, parts: Wanted, target: Target) -> Iterator[str]:
    absent = [each for each in parts.resources if each.group != CONSTRAINTS and not target.serves(each)]
    if absent:
        yield f"the cluster knows no {', '.join(_name(each) for each in absent)}; {_ENGINES[parts.backend]}"
    if parts.backend == "clusterpolicy":
        # Kyverno takes no ClusterPolicy with a kind that it cannot find.
        yield from _told(kuberay.definitions(case))


def _rights(parts: Wanted, target: Target) -> Iterator[str]:
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
