"""What differs between the kinds of policy that the Kyverno CLI judges by: names, and what it can be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rayfence.admission import Policy
from rayfence.backends import clusterpolicy, validatingadmissionpolicy, validatingpolicy


@dataclass(frozen=True, slots=True)
class Dialect:
    """One backend as the CLI knows it.

    `kind` is the kind of the objects that judge and `rule` what rows and reports call their one rule. `is_native`:
    the CLI judges by Kubernetes' own code, for which it needs to be told of kinds, and always as if objects were
    created. `tells_audits`: its reports tell a refusal from a violation that is only recorded. `generating_rules`: how
    many rules the CLI counts in a policy that generates, 0 where there is none.
    """

    kind: str
    rule: Callable[[Policy], str]
    is_native: bool = False
    tells_audits: bool = False
    generating_rules: int = 0


_OF_KYVERNO = Dialect("ValidatingPolicy", lambda policy: "", generating_rules=1)

DIALECTS: Mapping[str, Dialect] = {
    clusterpolicy.NAME: Dialect(
        "ClusterPolicy", lambda policy: policy.subject.name, tells_audits=True, generating_rules=2
    ),
    validatingpolicy.NAME: _OF_KYVERNO,
    validatingadmissionpolicy.NAME: Dialect("ValidatingAdmissionPolicy", lambda policy: policy.name, is_native=True),
}


def dialect_of(backend: str, policy: Policy) -> Dialect:
    """How a backend writes one policy: see `backends.clusterpolicy`."""
    return DIALECTS[backend] if backend != clusterpolicy.NAME or policy.subject.always_served else _OF_KYVERNO
