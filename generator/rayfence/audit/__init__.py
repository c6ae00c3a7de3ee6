"""Audits a cluster: finds objects that break a rule, and NetworkPolicies that are missing or were changed."""

from rayfence.audit.auditing import audit
from rayfence.audit.values import Audited, Deviation, Disagreement, Report, What

__all__ = ["Audited", "Deviation", "Disagreement", "Report", "What", "audit"]
