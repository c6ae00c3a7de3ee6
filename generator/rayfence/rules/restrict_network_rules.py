"""The network rules in a RayCluster allow no traffic outside its tenant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import cycle
from typing import Any

from rayfence.cel import items
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import RAY, Subject
from rayfence.rules.cases.peers import Opening, bad, fine
from rayfence.rules.rule import At, Edit, Edits, Violation
from rayfence.rules.shared import peers
from rayfence.workload import Workload
from rayfence.workload import items as listed

ID = "restrict-network-rules"
FAMILY = "network"
WHY = "KubeRay creates NetworkPolicies from these rules. NetworkPolicies add up, so one rule could undo the isolation."
SUBJECTS = (RAY,)

FIELDS = peers.Fields("ingressRules", "egressRules")
GROUPS = "workerGroups"

Json = dict[str, Any]


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: the rules that RayClusters bring along."""
    roles = (
        "['head', 'worker'].map(role, {'path': dyn('%s.networkPolicy.%s'.format([cluster.path, role])),"
        " 'value': cluster.value.?networkPolicy[?role].orValue(dyn({}))})"
    )
    groups = (
        f"{items(f'cluster.value.?networkPolicy.?{GROUPS}')}.transformList(index, group,"
        f" {{'path': dyn('%s.networkPolicy.{GROUPS}[%d]'.format([cluster.path, index])), 'value': dyn(group)}})"
    )
    bringing = "variables.ray_clusters.filter(cluster, cluster.value.?networkPolicy.hasValue())"
    return peers.variables(f"{bringing}.map(cluster, {roles}\n+ {groups}).flatten()", FIELDS, platform)


def cel(platform: Platform) -> Iterator[str]:
    yield peers.cel(platform)


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for path, value in _holders(work):
        for at, wrong in peers.faults(value, path, FIELDS, tenant, platform):
            yield Violation(ID, at, wrong)


def _holders(work: Workload) -> Iterator[tuple[FieldPath, Any]]:
    path = work.kind.cluster / "networkPolicy"
    if work.has_cluster:
        for role in ("head", "worker"):
            yield path / role, work.at(path, role)
        for index, group in enumerate(listed(work.at(path, GROUPS))):
            yield path / GROUPS / index, group


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    return _edits(bad(platform, tenant))


def passes(platform: Platform, tenant: Tenant) -> Edits:
    return _edits(fine(platform, tenant))


def _edits(openings: Mapping[str, Opening]) -> Edits:
    """Each in one of three places in turn."""
    placed = zip(cycle(_PLACES), openings.items(), strict=False)
    return {f"{name}, for {place}": _edit(place, opening) for place, (name, opening) in placed}


_PLACES: Mapping[str, Callable[[Json], Json]] = {
    "heads": lambda rules: {"head": rules},
    "workers": lambda rules: {"worker": rules},
    "the last worker group": lambda rules: {
        GROUPS: [
            {"groupName": "first", FIELDS.ingress: [{"from": [{"podSelector": {}}]}]},
            {"groupName": "last"} | rules,
        ]
    },
}


def _edit(place: str, opening: Opening) -> Edit:
    rules = _PLACES[place]({FIELDS.ingress if opening.inward else FIELDS.egress: [opening.rule]})

    def apply(cluster: Json, tenant: Tenant) -> None:
        cluster["networkPolicy"] = {"mode": str(tenant.network.mode)} | rules

    return Edit(At.CLUSTER, apply)
