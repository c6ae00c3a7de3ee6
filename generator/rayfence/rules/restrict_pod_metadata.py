"""No annotation gives a pod another network, another address or another cloud role, unless the config lists it.

An existing pod keeps the annotations that it has, and its network plugin may add some. So at an update, the rule checks
only annotations that change, and none that a node or a service account of kube-system changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rayfence.cel import entries, filled, literal, literals
from rayfence.model.config import Platform, Tenant
from rayfence.model.field_path import FieldPath
from rayfence.model.subjects import PODS, RAY, UPDATE, Subject
from rayfence.rules.cases.pod_security import annotate
from rayfence.rules.rule import Edits, Violation
from rayfence.rules.shared import allowances
from rayfence.rules.shared.pod_annotations import ATTACHED, DEFAULT_NETWORK, FAMILIES, family_of, is_one
from rayfence.workload import ROOT, Request, Workload, dig

ID = "restrict-pod-metadata"
FAMILY = "network"
WHY = (
    "NetworkPolicies apply only to a pod's first interface, with the address that its plugin chose. Agents on nodes "
    "give a pod the cloud role that its annotation names."
)
SUBJECTS = (RAY, PODS)
UNPROVEN = "pods may attach additional networks, where no NetworkPolicy applies"

WRITERS = ("system:node:", "system:serviceaccount:kube-system:")
"""How the names of those begin who write into pods that run what their network has become."""

CONTROLLERS = ("eks:vpc-resource-controller",)
"""Controllers of managed control planes that do so, and are no accounts of the cluster."""

WHAT = "gives the pod another network, address or cloud role, and the platform does not allow it"


def variables(platform: Platform, subject: Subject) -> dict[str, str]:
    """CEL variables: the annotations that are accepted unseen. A template has none, a pod those that it had before."""
    if subject is RAY:
        return {"accepted_annotations": "{}"}
    user = "request.?userInfo.?username.orValue('')"
    writes = " || ".join(f"{user}.startsWith({literal(writer)})" for writer in WRITERS)
    written = f"variables.operation == {literal(UPDATE)} && ({user} in {literals(CONTROLLERS)} || {writes})"
    found = entries(f"({written} ? dyn(object) : variables.old_object).?metadata.?annotations")
    return {"accepted_annotations": found}


def cel(platform: Platform) -> Iterator[str]:
    annotations = entries("pod.value.?metadata.?annotations")
    wrong = (
        f"({is_one('key')})"
        f" && dyn(variables.accepted_annotations[?key].orValue(null)) != value && !({_allowed()}) && !({_attached()})"
    )
    found = f"size({annotations}.transformList(key, value, {wrong}, key)) > 0"
    told = filled(f"%smetadata.annotations: one of them {WHAT}", "pod.path")
    yield f"variables.pod_definitions.filter(pod, {found}).map(pod, {told})"


def _allowed() -> str:
    return allowances.covered("variables.allowed_pod_annotations", "key")


def _attached() -> str:
    """CEL: whether an annotation attaches networks that are allowed, and nothing else."""
    names = "value.replace(' ', '').split(',').map(name, name.split('@')[0])"
    listed = (
        "name in variables.allowed_networks || variables.object_namespace + '/' + name in variables.allowed_networks"
    )
    named = f"(key != {literal(DEFAULT_NETWORK)} || name.contains('/')) && ({listed})"
    return f"key in {literals(ATTACHED)} && type(value) == string && {names}.all(name, {named})"


def violations(work: Workload, tenant: Tenant, platform: Platform) -> Iterator[Violation]:
    for path, template in work.templates:
        annotations = _annotations(template, path)
        # What stands at the root is a pod, and no template of a Ray object.
        settled = {} if path else _settled(work.request, annotations)
        wrong = [
            key
            for key, value in annotations.items()
            if family_of(key)
            and settled.get(key) != value
            and not _is_allowed(key, value, work.namespace, tenant, platform)
        ]
        if wrong:
            yield Violation(ID, path / "metadata" / "annotations", _told(wrong))


def _annotations(value: Any, at: FieldPath = ROOT) -> Mapping[str, Any]:
    found = dig(value, "metadata", "annotations", at=at)
    return found if isinstance(found, Mapping) else {}


def _settled(request: Request, annotations: Mapping[str, Any]) -> Mapping[str, Any]:
    """The annotations of a pod that a request need not answer for."""
    user = request.username
    written = request.operation == UPDATE and (user in CONTROLLERS or user.startswith(WRITERS))
    return annotations if written else _annotations(request.old)


def _is_allowed(key: str, value: Any, namespace: str, tenant: Tenant, platform: Platform) -> bool:
    if allowances.covers(allowances.of("pod_annotations", tenant, platform), key):
        return True
    if key not in ATTACHED or not isinstance(value, str):
        return False
    networks = allowances.of("networks", tenant, platform)
    names = [name.split("@")[0] for name in value.replace(" ", "").split(",")]
    # A bare name in the default network's place is none of the pod's namespace.
    named = key != DEFAULT_NETWORK or all("/" in name for name in names)
    return named and all(name in networks or f"{namespace}/{name}" in networks for name in names)


def _told(keys: list[str]) -> str:
    each = [f"{key} gives the pod {FAMILIES[name].gives} ({name})" for key in keys if (name := family_of(key))]
    known = " or ".join(
        ("allow.networks", "allow.podAnnotations") if set(keys) & set(ATTACHED) else ["allow.podAnnotations"]
    )
    return f"{', '.join(each)}; take it out, or have the platform list it under {known}"


def breaks(platform: Platform, tenant: Tenant) -> Edits:
    allowed = allowances.of("pod_annotations", tenant, platform)
    bare = [each.rpartition("/")[2] for each in allowances.of("networks", tenant, platform)]
    defaults = {f"{name} as the default, without its namespace": (DEFAULT_NETWORK, name) for name in bare}
    return {
        title: annotate(key, value)
        for title, (key, value) in (_REFUSED | defaults).items()
        if not allowances.covers(allowed, key)
    }


def passes(platform: Platform, tenant: Tenant) -> Edits:
    networks = allowances.of("networks", tenant, platform)
    keys = allowances.of("pod_annotations", tenant, platform)
    return {
        **{title: annotate(key, value) for title, (key, value) in _HARMLESS.items()},
        **(
            {"networks that are allowed": annotate(ATTACHED[0], ", ".join(f"{each}@net1" for each in networks))}
            if networks
            else {}
        ),
        **{f"{each} as the default": annotate(DEFAULT_NETWORK, each) for each in networks if "/" in each},
        **{f"{key}, which is allowed": annotate(key.replace("*", "x"), "any") for key in keys},
    }


_REFUSED = {
    "a network of Multus": (ATTACHED[0], "kube-system/sriov-storage"),
    "another default network": (ATTACHED[1], "macvlan"),
    "networks as JSON": (ATTACHED[0], '[{"name": "sriov"}]'),
    "a network of GKE": ("networking.gke.io/interfaces", '[{"interfaceName":"eth1","network":"storage"}]'),
    "an address of Calico": ("cni.projectcalico.org/ipAddrs", '["10.0.0.1"]'),
    "a subnet of Kube-OVN": ("net1.default.ovn.kubernetes.io/vpc", "team-b"),
    "an address on an additional interface": ("macvlan.default.kubernetes.io/ip_address", "10.0.0.1"),
    "the gateway of another namespace": ("k8s.ovn.org/routing-namespaces", "ray-team-b"),
    "a network of Volcengine": ("k8s.volcengine.com/pod-networks", '[{"cniConf":{"name":"rdma"}}]'),
    "an elastic network interface": ("k8s.aliyun.com/pod-eni", "true"),
    "an address that Calico reads until the pod has one": ("cni.projectcalico.org/podIP", "169.254.169.254/32"),
    "a cloud role": ("iam.amazonaws.com/role", "team-b-role"),
}
_HARMLESS = {
    "bandwidth": ("kubernetes.io/egress-bandwidth", "10M"),
    "metrics": ("prometheus.io/scrape", "true"),
    "an annotation for the cluster autoscaler": ("cluster-autoscaler.kubernetes.io/safe-to-evict", "false"),
    "the network status that Multus writes": ("k8s.v1.cni.cncf.io/network-status", "[]"),
    "an annotation for a service mesh": ("traffic.sidecar.istio.io/excludeOutboundPorts", "6379"),
}
