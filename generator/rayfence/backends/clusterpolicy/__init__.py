"""The rules as Kyverno ClusterPolicies: delete this folder and its entry in `backends` when Kyverno drops the kind."""

from rayfence.backends.base import Backend, Needs
from rayfence.backends.clusterpolicy.engine import OFFLINE
from rayfence.backends.clusterpolicy.kinds import CLUSTER_POLICIES
from rayfence.backends.clusterpolicy.policy import NAME, files
from rayfence.backends.clusterpolicy.webhooks import split
from rayfence.backends.kyverno import WEBHOOK
from rayfence.backends.kyverno.rbac import rbac

BACKEND = Backend(
    NAME,
    generates=True,
    manifests=files,
    kinds=[CLUSTER_POLICIES],
    needs=Needs(
        "install Kyverno 1.19.1, the last that enforces them, or choose another --backend",
        kyverno=True,
        ends=(1, 20, 0),
        every_version=True,
        webhook=WEBHOOK,
        roles=rbac(),
    ),
    offline=OFFLINE,
    split=split,
)
