"""What the two backends on Kyverno share: tables for generation and mutation, Kyverno's rights, its webhook."""

from rayfence.backends.base import Webhook

WEBHOOK = Webhook(
    "kyverno-resource-validating-webhook-cfg",
    "kubectl get pods -n {namespace}; Kyverno writes its webhooks anew when it runs",
)
