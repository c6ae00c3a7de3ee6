"""The rules as Kubernetes' own ValidatingAdmissionPolicies, which need no engine."""

from rayfence.backends.base import Backend, Needs
from rayfence.backends.native.engine import OFFLINE
from rayfence.backends.native.kinds import BINDINGS, POLICIES
from rayfence.backends.native.policy import NAME, files

BACKEND = Backend(
    NAME,
    generates=False,
    manifests=files,
    kinds=[POLICIES, BINDINGS],
    needs=Needs("use a server of Kubernetes 1.35 or newer"),
    offline=OFFLINE,
)
