"""In a tenant's namespace, rayfence's NetworkPolicies cannot be changed, and others allow nothing outside the tenant.

Only the request says who sends it. Tenants write labels, annotations and owners themselves, and KubeRay's operator
copies what tenants wrote, so none of these is an excuse. If the user is unknown, no privilege applies.

Egress is checked like ingress: a tenant that allows egress from its own pods could reach the cloud's metadata service
and everything else that the platform denies.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import literal, literals
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import NETWORK_POLICIES, RESERVED, Subject
from rayfence.rules.cases.peers import Opening, bad, fine
from rayfence.rules.rule import At, Edit, Edits, Violation
from rayfence.rules.shared import peers
from rayfence.workload import Request, Workload, dig

ID = "guard-network-policies"
FAMILY = "network"
WHY = "NetworkPolicies add up: a change of rayfence's policies, or one more that allows traffic, undoes the isolation."
SUBJECTS = (NETWORK_POLICIES,)
UNPROVEN = "tenants may write NetworkPolicies that open their pods to everyone"

FIELDS = peers.Fields("ingress", "egress")
KYVERNO = tuple(
    f"system:serviceaccount:kyverno:kyverno-{controller}-controller" for controller in ("admission", "background")
)
"""Who makes, keeps and takes away the policies that are generated."""

TIDYING = (
    "system:serviceaccount:kube-system:generic-garbage-collector",
    "system:serviceaccount:kube-system:namespace-controller",
)
"""Who deletes, and takes off the finalizers of what is deleted; without them a namespace would never go away."""

_RESERVED_PATH = FieldPath.of("metadata", "name")
_GENERATED_PATH = FieldPath.of("metadata", "generateName")


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: the rules of the NetworkPolicy."""
    return peers.variables(
        "[{'path': dyn('spec'), 'value': variables.subject.?spec.orValue(dyn({}))}]", FIELDS, platform
    )


def cel(platform: Platform) -> Iterator[str]:
    # The API server makes a name of a generateName before it asks anybody. Offline there is only the generateName.
    names = ", ".join(f"dyn(variables.subject.metadata.?{key}.orValue(''))" for key in ("name", "generateName"))
    reserved = f"[{names}].exists(name, type(name) == string && name.startsWith({literal(RESERVED)}))"
    told = literal(f"{_RESERVED_PATH}: names that begin with {RESERVED} are for Kyverno and administrators")
    yield (
        f"variables.tenant_name == '' || {is_privileged(platform)} ? []\n"
        f": {reserved} ? [{told}]\n"
        f": variables.operation == 'DELETE' ? []\n: {peers.cel(platform)}"
    )


def is_privileged(platform: Platform) -> str:
    """CEL: whether it is an administrator who asks, or a controller that keeps or tidies up."""
    user = "request.?userInfo.?username.orValue('')"
    groups = "request.?userInfo.?groups.orValue([])"
    return (
        f"{user} in {literals((*KYVERNO, *platform.administrators.users))}"
        f" || {groups}.exists(group, group in {literals(platform.administrators.groups)})"
        f" || (variables.operation != 'CREATE' && {user} in {literals(TIDYING)})"
    )


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    if privileged(work.request, platform):
        return
    if reserved := [path for path in (_RESERVED_PATH, _GENERATED_PATH) if _is_reserved(work.at(path))]:
        what = f"{work.at(reserved[0])} is rayfence's own; leave it to Kyverno and administrators"
        yield Violation(ID, _RESERVED_PATH, what, reserved[0])
    elif work.request.operation != "DELETE":
        for at, wrong in peers.faults(dig(work.value, "spec"), FieldPath.of("spec"), FIELDS, tenant, platform):
            yield Violation(ID, at, wrong)


def _is_reserved(name: Any) -> bool:
    return isinstance(name, str) and name.startswith(RESERVED)


def privileged(request: Request, platform: Platform) -> bool:
    """The same in Python."""
    administrators = platform.administrators
    return (
        request.username in (*KYVERNO, *administrators.users)
        or not set(request.groups).isdisjoint(administrators.groups)
        or (request.operation != "CREATE" and request.username in TIDYING)
    )


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    reserved = {
        "a name of one of rayfence's NetworkPolicies": _renamed(f"{RESERVED}default-deny"),
        "a name like those of generated NetworkPolicies": _renamed(f"{RESERVED}one-head"),
        "a generateName with rayfence's prefix": Edit(
            At.OBJECT, lambda value, tenant: value["metadata"].update(generateName=RESERVED)
        ),
    }
    return reserved | {name: _edit(opening) for name, opening in bad(platform, tenant).items()}


def passes(platform: Platform, tenant: Tenant) -> Edits:
    openings = {name: _edit(opening) for name, opening in fine(platform, tenant).items()}
    near = {
        "a name without the whole prefix": _renamed("rayfence"),
        "a generateName with another prefix": Edit(
            At.OBJECT, lambda value, tenant: value["metadata"].update(generateName="my-rayfence-")
        ),
        "a NetworkPolicy without rules": _closed(),
    }
    return openings | near


def _renamed(name: str) -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: value["metadata"].update(name=name))


def _closed() -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: value["spec"].update(ingress=[], egress=[]))


def _edit(opening: Opening) -> Edit:
    field = FIELDS.ingress if opening.inward else FIELDS.egress
    return Edit(At.OBJECT, lambda value, tenant: value["spec"].setdefault(field, []).append(opening.rule))
