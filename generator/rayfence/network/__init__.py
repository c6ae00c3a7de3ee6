"""A tenant's isolation as NetworkPolicies: a layer written for every namespace, and those that Ray objects bring."""

from rayfence.network.generated import asks, carries_label, generated
from rayfence.network.kuberay import made_by_kuberay
from rayfence.network.layer import static_layer
from rayfence.network.mutation import filled

__all__ = ["asks", "carries_label", "filled", "generated", "made_by_kuberay", "static_layer"]
