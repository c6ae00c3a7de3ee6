"""Checks nodes: whether each tenant has some, and whether a taint closes them to all other pods."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cluster.objects import list_at, name_of, text_at
from rayfence.doctor.case import NODES, Case
from rayfence.doctor.finding import Finding, Note


def findings(case: Case) -> Iterator[Finding | Note]:
    """Tenants without nodes, and nodes whose label and taint do not name the same tenant."""
    platform, tenants = case.config.platform, {tenant.name for tenant in case.config.tenants}
    placed: set[str] = set()
    for part in case.objects.of(NODES):
        label = text_at(part.value, "metadata", "labels", platform.node_label)
        taints = _taints(part.value, platform.taint_key)
        placed |= {label} if label in tenants and label in taints else set()
        yield from _of(name_of(part.value), label if label in tenants else "", taints, case)
    for name in sorted(tenants - placed):
        what = "no node has its label and its taint, so its pods cannot be placed on nodes of its own"
        key, taint = platform.node_label, platform.taint_key
        fix = f"kubectl label node NODE {key}={name} && kubectl taint node NODE {taint}={name}:NoSchedule"
        yield Finding("tenant-without-nodes", f"tenant {name}", what, fix)


def _of(node: str, label: str, taints: set[str], case: Case) -> Iterator[Finding]:
    key, taint = case.config.platform.node_label, case.config.platform.taint_key
    where = f"Node/{node}"
    if label and not taints:
        what = f"has the label of {label} but no taint {taint}={label}:NoSchedule, so any pod may run there"
        yield Finding("node-open", where, what, f"kubectl taint node {node} {taint}={label}:NoSchedule")
    for other in sorted(taints - {label}):
        what = f"has the taint of {other} and the label of {label or 'no tenant'}, so pods of {other} cannot run there"
        yield Finding("node-mismatch", where, what, f"kubectl label node {node} {key}={other} --overwrite")


def _taints(node: Any, key: str) -> set[str]:
    """The tenants whose pods the node accepts. Only NoSchedule taints keep new pods off a node."""
    taints = [each for each in list_at(node, "spec", "taints") if text_at(each, "key") == key]
    return {text_at(each, "value") for each in taints if text_at(each, "effect") == "NoSchedule"}
