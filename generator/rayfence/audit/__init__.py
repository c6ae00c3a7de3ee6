"""Config and the objects of a cluster in, everything in it that is not as it should be out."""

from rayfence.audit.auditing import audit
from rayfence.audit.values import Audited, Deviation, Disagreement, Report, What

__all__ = ["Audited", "Deviation", "Disagreement", "Report", "What", "audit"]
