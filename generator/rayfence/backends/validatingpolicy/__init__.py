"""The rules as Kyverno ValidatingPolicies, with GeneratingPolicies and MutatingPolicies."""

from rayfence.backends.base import Backend, Needs
from rayfence.backends.kyverno import WEBHOOK
from rayfence.backends.kyverno.rbac import rbac
from rayfence.backends.validatingpolicy.engine import OFFLINE
from rayfence.backends.validatingpolicy.kinds import KINDS
from rayfence.backends.validatingpolicy.policy import NAME, files
from rayfence.model.purposes import MIN_KYVERNO

BACKEND = Backend(
    NAME,
    generates=True,
    manifests=files,
    kinds=KINDS,
    needs=Needs(f"install Kyverno {MIN_KYVERNO} or newer", kyverno=True, webhook=WEBHOOK, roles=rbac()),
    offline=OFFLINE,
)
