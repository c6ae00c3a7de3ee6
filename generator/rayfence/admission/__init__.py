"""Admission as rayfence decides it: in CEL for engines (`policy`), and in Python for `rayfence check` (`evaluate`)."""

from rayfence.admission.policy import (
    IN_CHARGE,
    MESSAGE,
    ROOM,
    UNTOUCHED,
    VALID,
    Policy,
    policies,
    read,
    untouched,
    violations,
)

__all__ = [
    "IN_CHARGE",
    "MESSAGE",
    "ROOM",
    "UNTOUCHED",
    "VALID",
    "Policy",
    "policies",
    "read",
    "untouched",
    "violations",
]
