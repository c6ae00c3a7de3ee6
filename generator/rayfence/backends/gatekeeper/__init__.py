"""The rules as OPA Gatekeeper ConstraintTemplates and their constraints."""

from rayfence.backends.base import Backend, Needs, Webhook
from rayfence.backends.gatekeeper.engine import CONSTRAINTS, OFFLINE, TEMPLATES
from rayfence.backends.gatekeeper.policy import NAME, files

BACKEND = Backend(
    NAME,
    generates=False,
    manifests=files,
    kinds=[TEMPLATES],
    needs=Needs(
        "install OPA Gatekeeper",
        webhook=Webhook(
            "gatekeeper-validating-webhook-configuration",
            "set validatingWebhookFailurePolicy to Fail and enableDeleteOperations to true in Gatekeeper's values",
        ),
    ),
    offline=OFFLINE,
    defined_groups=(CONSTRAINTS,),
)
