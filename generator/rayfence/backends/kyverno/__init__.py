"""Parts of both backends on Kyverno: what they generate and when, Kyverno's rights, its webhook."""

from collections.abc import Iterable

from rayfence.backends.base import Webhook

WEBHOOK = Webhook(
    "kyverno-resource-validating-webhook-cfg",
    "kubectl get pods -n {namespace}; Kyverno writes its webhooks again when it starts",
)

MAKERS = ("rayclusters", "rayjobs")
"""What NetworkPolicies are generated for."""

STATUS = "status"
"""Kyverno looks at an object again whenever KubeRay writes its status, which is soon after it was made, and often.

Its first look comes while the request that makes the object is still being judged: where that takes long, there is no
object yet, and Kyverno gives up. Nor does it see what happened to a policy while its background controller was away.
"""


def with_statuses(names: Iterable[str]) -> list[str]:
    """Kinds or plurals, and the status of each."""
    given = list(names)
    return [*given, *(f"{name}/{STATUS}" for name in given)]
