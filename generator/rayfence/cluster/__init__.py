"""A live cluster: the only package that talks to an API server."""

from rayfence.cluster.connecting import connect
from rayfence.cluster.live import Cluster

__all__ = ["Cluster", "connect"]
