"""A tenant's isolation as NetworkPolicies: a layer written for every namespace, and those that Ray objects bring."""

from rayfence.network.filling import filled
from rayfence.network.kuberay import made_by_kuberay
from rayfence.network.layer import static_layer
from rayfence.network.triggers import asks, carries_label, generated

__all__ = ["asks", "carries_label", "filled", "generated", "made_by_kuberay", "static_layer"]
