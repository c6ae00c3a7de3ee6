"""Kinds other than NetworkPolicy and Ingress that open the network are refused, unless the config lists them.

A route or a gateway leads traffic in from outside, and policies of a network plugin are evaluated before or in addition
to NetworkPolicies. Their content is not read: a kind is allowed or not. Deleting such an object is always allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cel import literal, literals
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import NETWORK_KINDS, Resource
from rayfence.rules.guard_network_policies import is_privileged, privileged
from rayfence.rules.rule import At, Edit, Edits, Violation
from rayfence.rules.shared import allowances
from rayfence.workload import Workload

ID = "restrict-network-kinds"
FAMILY = "network"
WHY = "Such an object bypasses NetworkPolicies: it exposes pods to the outside, to other tenants or to other clusters."
SUBJECTS = (NETWORK_KINDS,)
UNPROVEN = "tenants may create policies of a network plugin, which precede NetworkPolicies"

MADE = (
    "Route.route.openshift.io",
    "HTTPRoute.gateway.networking.k8s.io",
    "Gateway.gateway.networking.k8s.io",
)
"""What KubeRay's operator makes of a Ray object that asks for an Ingress or for an upgrade step by step.

The Ray object was refused already where the platform does not let that.
"""

OPENS = "opens the network, and allow.exposure.kinds does not list it"
KIND = FieldPath.of("kind")


def cel(platform: Platform) -> Iterator[str]:
    kind = "(object.kind + '.' + object.apiVersion.split('/')[0])"
    listed = f"{kind} in variables.allowed_exposure_kinds"
    user = f"request.?userInfo.?username.orValue('') == {literal(platform.operator.username)}"
    made = f" || ({kind} in {literals(MADE)} && {user})" if platform.exposure.ingress else ""
    yield (
        f"variables.tenant_name == '' || {is_privileged(platform)} ? []\n"
        f": {listed}{made} ? [] : [{literal(f'{KIND}: {OPENS}')}]"
    )


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    if privileged(work.request, platform):
        return
    resource = NETWORK_KINDS.resource_of(str(work.value["apiVersion"]), str(work.value["kind"]))
    kind = resource.kind_in_group if resource else ""
    made = platform.exposure.ingress and kind in MADE and work.request.username == platform.operator.username
    if not made and kind not in allowances.of("exposure_kinds", tenant, platform):
        yield Violation(ID, KIND, f"{OPENS}; ask the platform to list {kind}")


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    allowed = allowances.of("exposure_kinds", tenant, platform)
    firsts = {each.group: each for each in reversed(NETWORK_KINDS.resources) if each.kind_in_group not in allowed}
    ways = {each.kind_in_group: _of(each) for each in reversed(firsts.values())}
    return ways if CILIUM in allowed else ways | {"specs that were there before": _OTHER_SPECS}


def passes(platform: Platform, tenant: Tenant) -> Edits:
    allowed = allowances.of("exposure_kinds", tenant, platform)
    return {each.kind_in_group: _of(each) for each in NETWORK_KINDS.resources if each.kind_in_group in allowed}


CILIUM = "CiliumNetworkPolicy.cilium.io"


def _list_rules(value: dict[str, Any], *entities: str) -> None:
    """Make a policy of Cilium's that has a list of rules and no `spec`."""
    value.update(apiVersion="cilium.io/v2", kind="CiliumNetworkPolicy")
    value.pop("spec", None)
    value["specs"] = [{"endpointSelector": {}, "ingress": [{"fromEntities": list(entities)}]}]


def _list_more_rules(value: dict[str, Any]) -> None:
    """The same with another list, and with a finalizer, so that it looks like an update of other metadata."""
    _list_rules(value, "all")
    value["metadata"]["finalizers"] = ["example.com/policy"]


_OTHER_SPECS = Edit(
    At.OBJECT, lambda value, tenant: _list_more_rules(value), before=lambda value, tenant: _list_rules(value, "cluster")
)


def _of(resource: Resource) -> Edit:
    return Edit(At.OBJECT, lambda value, tenant: _turn(value, resource))


def _turn(value: dict[str, Any], resource: Resource) -> None:
    # An update that leaves the spec as it is would be let through.
    value.update(apiVersion=resource.api_version, kind=resource.kind, spec={"another": True})
