"""Checks PolicyExceptions, which exempt objects from a policy, and who may write them."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from rayfence.cluster.objects import list_at, name_of, text_at
from rayfence.doctor.case import EXCEPTIONS, Case
from rayfence.doctor.finding import Finding, Note
from rayfence.network.tables import GENERATION


def findings(case: Case) -> Iterator[Finding | Note]:
    """Every exception that names a policy of rayfence's, and every namespace in which a tenant could write one."""
    yield from _written(case)
    yield from _writable(case)


def _written(case: Case) -> Iterator[Finding]:
    ours = {policy.name for policy in case.policies} | {GENERATION}
    for resource in EXCEPTIONS:
        for part in case.objects.of(resource):
            if named := sorted(name for name in ours if any(fnmatchcase(name, each) for each in _named(part.value))):
                name = name_of(part.value)
                what = f"excuses objects from {', '.join(named)}"
                fix = f"kubectl delete {resource.plural}.{resource.group} -n {part.namespace} {name}"
                yield Finding("policy-exception", f"{part.namespace}/PolicyException/{name}", what, fix)


def _named(exception: Any) -> Iterator[str]:
    """The policies an exception names, of both groups; `*` and `?` are Kyverno's wildcards."""
    yield from (text_at(each, "policyName") for each in list_at(exception, "spec", "exceptions"))
    yield from (text_at(each, "name") for each in list_at(exception, "spec", "policyRefs"))


def _writable(case: Case) -> Iterator[Finding]:
    tenants = case.config.by_namespace()
    for controller in case.kyverno():
        where = controller.flag("exceptionNamespace")
        if controller.flag("enablePolicyException") != "true" or not where:
            continue
        if any(fnmatchcase(namespace, where) for namespace in tenants):
            what = f"takes PolicyExceptions from --exceptionNamespace={where}, where tenants can write them"
            fix = "set features.policyExceptions.enabled to false, or .namespace to one that no tenant may write to"
            yield Finding("policy-exception", controller.where, what, fix)
