"""Annotations by which a pod gets another network, another address or another cloud role, by what reads them.

A key ends or begins with `*` where all keys with that beginning or end are meant. Each family was read in its own
documentation or source. What a plugin writes back is a key as well where it may read it again: Calico takes a pod's
address from there while the pod's status has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rayfence.cel import literals


@dataclass(frozen=True, slots=True)
class Family:
    """Annotations that one network plugin or agent reads, and what a pod gets by them."""

    gives: str
    keys: tuple[str, ...]


NETWORK, ADDRESS, ROLE = "another network", "another address", "another cloud role"

DEFAULT_NETWORK = "v1.multus-cni.io/default-network"
"""Multus reads a bare name here as one of the namespace that Multus runs in, not of the pod's."""

ATTACHED = ("k8s.v1.cni.cncf.io/networks", DEFAULT_NETWORK)
"""Keys whose value is a list of names, `namespace/name@interface` between commas, so that networks can be allowed."""

FAMILIES: Mapping[str, Family] = {
    "Multus": Family(NETWORK, ATTACHED),
    "DANM": Family(NETWORK, ("danm.io/interfaces", "danm.k8s.io/interfaces")),
    "GKE multi-network": Family(NETWORK, ("networking.gke.io/default-interface", "networking.gke.io/interfaces")),
    "Amazon VPC CNI": Family(
        NETWORK,
        (
            "k8s.amazonaws.com/nicConfig",
            "vpc.amazonaws.com/PrivateIPv4Address",
            "vpc.amazonaws.com/pod-eni",
            "vpc.amazonaws.com/pod-ips",
        ),
    ),
    "Calico": Family(ADDRESS, ("cni.projectcalico.org/*", "egress.projectcalico.org/*")),
    "Cilium": Family(ADDRESS, ("cni.cilium.io/*", "ipam.cilium.io/*", "network.v1alpha1.isovalent.com/*")),
    "Antrea": Family(ADDRESS, ("ipam.antrea.io/*",)),
    "Kube-OVN": Family(
        NETWORK,
        (
            "*.ovn.kubernetes.io/*",
            "ovn.kubernetes.io/*",
            # A further interface has its provider before these: `<name>.<namespace>.ovn.kubernetes.io/ip_address`.
            "*.kubernetes.io/allocated",
            "*.kubernetes.io/cidr",
            "*.kubernetes.io/default_route",
            "*.kubernetes.io/gateway",
            "*.kubernetes.io/ip_address",
            "*.kubernetes.io/ip_pool",
            "*.kubernetes.io/layer2_forward",
            "*.kubernetes.io/logical_router",
            "*.kubernetes.io/logical_switch",
            "*.kubernetes.io/mac_address",
            "*.kubernetes.io/port_security",
            "*.kubernetes.io/port_vips",
            "*.kubernetes.io/provider_network",
            "*.kubernetes.io/routed",
            "*.kubernetes.io/routes",
            "*.kubernetes.io/security_groups",
            "*.kubernetes.io/vlan_id",
        ),
    ),
    "OVN-Kubernetes": Family(NETWORK, ("k8s.ovn.org/*",)),
    "Spiderpool": Family(ADDRESS, ("ipam.spidernet.io/*",)),
    "Volcengine": Family(
        NETWORK,
        ("k8s.volcengine.com/pod-networks*", "k8s.volcengine.com/trunk-eni", "vke.volcengine.com/primary-eip-*"),
    ),
    "Baidu Cloud, CCE": Family(NETWORK, ("cross-vpc-eni.cce.io/*",)),
    "Contrail": Family(NETWORK, ("opencontrail.org/*",)),
    "Rancher flat network": Family(
        NETWORK, ("flatnetwork.pandaria.io/*", "macvlan.panda.io/*", "macvlan.pandaria.cattle.io/*")
    ),
    "Alibaba Cloud, Terway and ECI": Family(
        NETWORK,
        (
            "k8s.aliyun.com/ENI",
            "k8s.aliyun.com/eci-eip-instanceid",
            "k8s.aliyun.com/eci-ram-role-name",
            "k8s.aliyun.com/eci-security-group",
            "k8s.aliyun.com/eci-vswitch",
            "k8s.aliyun.com/eci-with-eip",
            "k8s.aliyun.com/eip-*",
            "k8s.aliyun.com/pod-eip-instanceid",
            "k8s.aliyun.com/pod-eni",
            "k8s.aliyun.com/pod-networking",
            "k8s.aliyun.com/pod-networks*",
            "k8s.aliyun.com/pod-with-eip",
            "network.alibabacloud.com/*",
        ),
    ),
    "Hybridnet": Family(NETWORK, ("networking.alibaba.com/*",)),
    "Tencent Cloud, TKE": Family(
        NETWORK,
        (
            "eks.tke.cloud.tencent.com/eip-*",
            "eks.tke.cloud.tencent.com/role-name",
            "eks.tke.cloud.tencent.com/security-group-id",
            "eks.tke.cloud.tencent.com/static-ip",
            "tke.cloud.tencent.com/eip-*",
            "tke.cloud.tencent.com/enable-static-ip",
            "tke.cloud.tencent.com/networks",
            "tke.cloud.tencent.com/static-ip-list",
        ),
    ),
    "Galaxy": Family(ADDRESS, ("k8s.v1.cni.galaxy.io/args",)),
    "Huawei Cloud, Yangtse": Family(NETWORK, ("yangtse.io/*",)),
    "Cisco ACI": Family(NETWORK, ("opflex.cisco.com/*",)),
    "Kuryr": Family(NETWORK, ("openstack.org/kuryr*",)),
    "Network Service Mesh": Family(NETWORK, ("networkservicemesh.io", "ns.networkservicemesh.io")),
    "Kuma": Family("another mesh", ("kuma.io/mesh",)),
    "kube2iam and kiam": Family(ROLE, ("iam.amazonaws.com/*",)),
    "k8s-gke-service-account-assigner": Family(ROLE, ("accounts.google.com/*",)),
}
"""What reads the annotations -> the annotations."""


def pattern(keys: tuple[str, ...]) -> str:
    """A regular expression for the whole of each key."""
    return "|".join(re.escape(key).replace(r"\*", "(?s:.*)") for key in keys)


_PATTERNS = {name: re.compile(pattern(family.keys)) for name, family in FAMILIES.items()}

EVERY = tuple(key for family in FAMILIES.values() for key in family.keys)
"""All of them."""


def is_one(key: str, keys: tuple[str, ...] = EVERY) -> str:
    """CEL: whether a text is one of the keys. A single regular expression would be a line of 2,600 characters."""
    names, starts, ends, parts = ([each.strip("*") for each in keys if _stars(each) == stars] for stars in _STARS)
    return " || ".join(
        (
            f"{key} in {literals(tuple(names))}",
            f"{literals(tuple(starts))}.exists(part, {key}.startsWith(part))",
            f"{literals(tuple(ends))}.exists(part, {key}.endsWith(part))",
            f"{literals(tuple(parts))}.exists(part, {key}.contains(part))",
        )
    )


def _stars(key: str) -> tuple[bool, bool]:
    return key.startswith("*"), key.endswith("*")


_STARS = ((False, False), (False, True), (True, False), (True, True))
"""At neither end, at the end, at the beginning, at both."""


def family_of(key: str) -> str:
    """The family of an annotation, '' if it belongs to none."""
    return next((name for name, keys in _PATTERNS.items() if keys.fullmatch(key)), "")
