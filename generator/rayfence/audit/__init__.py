"""Audits a cluster: finds objects that break a rule, and NetworkPolicies that are missing or were changed."""

from rayfence.audit.auditing import audit
from rayfence.audit.values import Audited, Disagreement, Drift, DriftKind, Report

__all__ = ["Audited", "Disagreement", "Drift", "DriftKind", "Report", "audit"]
