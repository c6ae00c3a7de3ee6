"""Checks whether a network plugin in the cluster enforces NetworkPolicies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rayfence.cluster.objects import name_of, text_at
from rayfence.doctor.case import DAEMON_SETS, Case, containers_of
from rayfence.doctor.finding import Finding, Note

ENFORCING = (
    "antrea-agent",
    "azure-npm",
    "calico-node",
    "canal",
    "cilium",
    "kindnet",
    "kube-ovn-cni",
    "kube-router",
    "ovnkube-node",
    "weave-net",
)
"""Names, or beginnings of names, of DaemonSets and their containers that enforce."""

NOT_ENFORCING = ("kube-flannel", "flannel", "aws-node")
"""Those that only connect. Amazon's enforces once its second container is there."""

_ENFORCING_BESIDE = ("aws-eks-nodeagent", "aws-network-policy-agent")


def findings(case: Case) -> Iterator[Finding | Note]:
    """A plugin that is known not to enforce is a finding; one that is not known is a note."""
    names = [_names(part.value) for part in case.objects.of(DAEMON_SETS)]
    flat = [name for each in names for name in each]
    if any(name.startswith((*ENFORCING, *_ENFORCING_BESIDE)) for name in flat):
        return
    connecting = sorted({name for name in flat if name.startswith(NOT_ENFORCING)})
    if connecting:
        what = f"{', '.join(connecting)} does not enforce NetworkPolicies: every pod can connect to every other pod"
        fix = "install a plugin that enforces them, in addition to it or instead of it, such as Calico or Cilium"
        yield Finding("network-not-enforced", "the cluster", what, fix)
    else:
        yield Note("no known network plugin runs as a DaemonSet, so it is unknown whether NetworkPolicies are enforced")


def _names(daemon_set: Any) -> list[str]:
    return [name_of(daemon_set), *(text_at(each, "name") for each in containers_of(daemon_set))]
