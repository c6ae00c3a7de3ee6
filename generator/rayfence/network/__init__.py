"""A tenant's isolation as NetworkPolicies: a layer written for every namespace, and two for every RayCluster."""

from rayfence.network.cluster import generated
from rayfence.network.layer import static_layer

__all__ = ["generated", "static_layer"]
