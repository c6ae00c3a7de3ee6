"""How the Kyverno CLI would judge toy policies, if it could."""

from __future__ import annotations

from rayfence.backends.offline import KyvernoOffline, Scopes
from rayfence.backends.parsing import matched_resources, namespaces_of, narrowing_fields, plurals

OFFLINE = KyvernoOffline(
    "ToyPolicy",
    lambda policy: policy.name,
    namespaces_of,
    Scopes(matched_resources, lambda policy, resource: plurals(resource), narrowing_fields),
)
